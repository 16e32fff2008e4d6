// The table behind a large Set. A member is one allocation: | length u32 | bytes |.
// Owned by one shard; one thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/base/check.h"
#include "core/base/hash.h"
#include "core/base/slab.h"
#include "core/value/owning_table.h"

namespace basalt {

class MemberElement {
 public:
  static MemberElement* Create(std::string_view member) {
    BASALT_CHECK(member.size() <= std::numeric_limits<uint32_t>::max());
    auto* element = static_cast<MemberElement*>(AllocateBlock(BytesFor(member.size())));
    element->size_ = static_cast<uint32_t>(member.size());
    if (!member.empty()) std::memcpy(element->bytes_, member.data(), member.size());
    return element;
  }
  static void Destroy(MemberElement* element) { FreeBlock(element, BytesFor(element->size_)); }

  std::string_view member() const { return {bytes_, size_}; }
  size_t MemoryBytes() const { return BlockUsableSize(this, BytesFor(size_)); }

 private:
  static size_t BytesFor(size_t member) { return sizeof(MemberElement) + member; }

  uint32_t size_;
  char bytes_[];
};

struct MemberTraits {
  using Element = MemberElement;
  using Key = std::string_view;
  static uint64_t Hash(const MemberElement* element) { return HashKey(element->member()); }
  static bool Equal(const MemberElement* element, std::string_view member) {
    return element->member() == member;
  }
  static void Destroy(MemberElement* element) { MemberElement::Destroy(element); }
};

class MemberTable : public OwningTable<MemberTraits> {
 public:
  bool Add(std::string_view member) {
    const HashedKey key(member);
    if (Find(key)) return false;
    Insert(key.hash, MemberElement::Create(member));
    return true;
  }
};

}  // namespace basalt
