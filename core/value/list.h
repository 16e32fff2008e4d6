// The list type: a quicklist with the operations of the list commands. Owned by one shard; one
// thread. Indexes called `int64_t index` count from the head, or from the tail when negative (-1 is
// the last), as Redis's do; `size_t` positions count from the head only. Views and Elements are
// valid until the list changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/ds/packed_element.h"
#include "core/ds/quicklist.h"

namespace basalt {

class List {
 public:
  using Visitor = absl::FunctionRef<void(std::string_view value)>;

  List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  size_t Size() const { return items_.size(); }
  const char* EncodingName() const { return "quicklist"; }
  size_t NodeCount() const { return items_.node_count(); }

  void PushFront(std::string_view value);
  void PushBack(std::string_view value);
  // Take the first (last) element off into `*out` (which may be null). False when the list is
  // empty.
  bool PopFront(std::string* out);
  bool PopBack(std::string* out);

  bool Index(int64_t index, Element* out) const;    // false: out of range
  bool Set(int64_t index, std::string_view value);  // false: out of range
  // Insert beside the first element equal to `pivot`. False: no such element.
  bool InsertBefore(std::string_view pivot, std::string_view value);
  bool InsertAfter(std::string_view pivot, std::string_view value);

  // Removes elements equal to `value`: the first `count` of them, the last -`count`, or all when it
  // is 0. Returns how many.
  size_t Remove(int64_t count, std::string_view value);
  // Removes `count` elements from position `start` on (clipped to the list). Returns how many.
  size_t EraseRange(size_t start, size_t count);
  // Keeps only the `count` elements from position `start` on.
  void Trim(size_t start, size_t count);

  // Visits `count` elements from `start` towards the tail; RangeReverse from `start` towards the
  // head. Both clip.
  void Range(size_t start, size_t count, Visitor visit) const;
  void RangeReverse(size_t start, size_t count, Visitor visit) const;
  // Every element from head to tail until `visit` returns false.
  void ForEach(absl::FunctionRef<bool(std::string_view value)> visit) const;

  // LPOS: positions (from the head) of elements equal to `value`. Skips the first |rank|-1 matches;
  // rank < 0 searches from the tail. Compares at most `max_compare` elements (0: no limit); stops
  // when `found` returns false.
  void Find(std::string_view value, int64_t rank, size_t max_compare,
            absl::FunctionRef<bool(size_t position)> found) const;

  size_t MemoryBytes() const;
  std::unique_ptr<List> Clone() const;
  // Frees up to about `max_elements` elements (whole nodes) and returns how many; 0 when the list
  // is empty.
  size_t FreeSome(size_t max_elements);

  // For RDB: every node from head to tail. `bytes` is a listpack, or the element itself when
  // `plain`.
  void ForEachNode(absl::FunctionRef<void(bool plain, std::string_view bytes)> visit) const;
  // Appends a node read from untrusted bytes, as RDB's QUICKLIST_2 holds them. Empty listpacks are
  // skipped. False, with the list unchanged, when the listpack is not valid.
  [[nodiscard]] bool AppendNode(bool plain, std::string_view bytes);

 private:
  bool InsertBeside(std::string_view pivot, std::string_view value, bool after);

  Quicklist items_;
};

}  // namespace basalt
