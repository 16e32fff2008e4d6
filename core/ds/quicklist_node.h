// The nodes of Quicklist and how much goes into one. For quicklist*.cc alone. Plain data of the
// list's thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/ds/listpack.h"
#include "core/ds/quicklist.h"

namespace basalt {

struct Quicklist::Node {
  Node* prev;
  Node* next;
  Listpack pack;  // empty in a plain node
  char* plain;    // the element of a plain node, else null
  size_t plain_size;
  size_t count;

  size_t bytes() const { return plain ? plain_size : pack.total_bytes(); }
};

// Bytes that a node may take while elements are added to it.
inline size_t MaxNodeBytes(Quicklist::Fill fill) {
  constexpr size_t kCountedNodeBytes = 8192;  // the ceiling where elements are counted instead
  if (fill >= 0) return kCountedNodeBytes;
  return size_t{4096} << (std::min<int64_t>(-fill, 5) - 1);
}

inline size_t MaxNodeCount(Quicklist::Fill fill) {
  return fill < 0 ? SIZE_MAX : std::max<size_t>(1, static_cast<size_t>(fill));
}

inline bool IsLarge(std::string_view value, Quicklist::Fill fill) {
  return value.size() > MaxNodeBytes(fill);
}

inline bool HasRoom(const Quicklist::Node* node, std::string_view value, Quicklist::Fill fill) {
  if (!node || node->plain || node->count >= MaxNodeCount(fill)) return false;
  constexpr size_t kMaxEntryOverhead = 10;
  return node->pack.total_bytes() + value.size() + kMaxEntryOverhead <= MaxNodeBytes(fill);
}

}  // namespace basalt
