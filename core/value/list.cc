// The list commands' operations over a quicklist.
#include "core/value/list.h"

#include <algorithm>

#include "core/value/value_limits.h"

namespace basalt {
namespace {

Quicklist::Fill Fill() { return ValueLimits::list_max_listpack_size; }

// An index from either end as a position from the head; `size` or more when out of range.
size_t Position(int64_t index, size_t size) {
  if (index >= 0) return static_cast<size_t>(index);
  const uint64_t from_end = uint64_t{0} - static_cast<uint64_t>(index);
  return from_end <= size ? size - from_end : size;
}

}  // namespace

void List::PushFront(std::string_view value) { items_.PushFront(value, Fill()); }
void List::PushBack(std::string_view value) { items_.PushBack(value, Fill()); }
bool List::PopFront(std::string* out) { return items_.PopFront(out); }
bool List::PopBack(std::string* out) { return items_.PopBack(out); }

bool List::Index(int64_t index, Element* out) const {
  const Quicklist::Cursor at = items_.At(Position(index, Size()));
  if (!at) return false;
  *out = items_.Get(at);
  return true;
}

bool List::Set(int64_t index, std::string_view value) {
  const Quicklist::Cursor at = items_.At(Position(index, Size()));
  if (!at) return false;
  items_.Replace(at, value, Fill());
  return true;
}

bool List::InsertBefore(std::string_view pivot, std::string_view value) {
  return InsertBeside(pivot, value, false);
}

bool List::InsertAfter(std::string_view pivot, std::string_view value) {
  return InsertBeside(pivot, value, true);
}

bool List::InsertBeside(std::string_view pivot, std::string_view value, bool after) {
  Quicklist::Cursor at = items_.Front();
  while (at && !items_.Equals(at, pivot)) at = items_.Next(at);
  if (!at) return false;
  if (after) {
    items_.InsertAfter(at, value, Fill());
  } else {
    items_.InsertBefore(at, value, Fill());
  }
  return true;
}

size_t List::Remove(int64_t count, std::string_view value) {
  const bool from_tail = count < 0;
  const uint64_t magnitude =
      from_tail ? uint64_t{0} - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
  return items_.RemoveMatches(value, count == 0 ? SIZE_MAX : magnitude, from_tail, Fill());
}

size_t List::EraseRange(size_t start, size_t count) {
  return items_.EraseRange(start, count, Fill());
}

void List::Trim(size_t start, size_t count) {
  if (start < Size() && count < Size() - start) items_.EraseRange(start + count, SIZE_MAX, Fill());
  items_.EraseRange(0, count == 0 ? SIZE_MAX : start, Fill());
}

void List::Range(size_t start, size_t count, Visitor visit) const {
  Quicklist::Cursor at = items_.At(start);
  for (; at && count > 0; --count, at = items_.Next(at)) visit(items_.Get(at).text());
}

void List::RangeReverse(size_t start, size_t count, Visitor visit) const {
  Quicklist::Cursor at = items_.At(start);
  for (; at && count > 0; --count, at = items_.Prev(at)) visit(items_.Get(at).text());
}

void List::ForEach(absl::FunctionRef<bool(std::string_view)> visit) const {
  for (Quicklist::Cursor at = items_.Front(); at; at = items_.Next(at)) {
    if (!visit(items_.Get(at).text())) return;
  }
}

void List::Find(std::string_view value, int64_t rank, size_t max_compare,
                absl::FunctionRef<bool(size_t)> found) const {
  const bool from_tail = rank < 0;
  uint64_t to_skip =
      from_tail ? uint64_t{0} - static_cast<uint64_t>(rank) : static_cast<uint64_t>(rank);
  if (to_skip > 0) --to_skip;
  size_t left = max_compare == 0 ? Size() : std::min(max_compare, Size());
  Quicklist::Cursor at = from_tail ? items_.Back() : items_.Front();
  for (size_t i = 0; at && i < left; ++i, at = from_tail ? items_.Prev(at) : items_.Next(at)) {
    if (!items_.Equals(at, value)) continue;
    if (to_skip > 0) {
      --to_skip;
    } else if (!found(from_tail ? Size() - 1 - i : i)) {
      return;
    }
  }
}

size_t List::MemoryBytes() const { return sizeof(*this) + items_.MemoryBytes(); }

std::unique_ptr<List> List::Clone() const {
  auto copy = std::make_unique<List>();
  ForEachNode([&](bool plain, std::string_view bytes) { copy->items_.AppendNode(plain, bytes); });
  return copy;
}

size_t List::FreeSome(size_t max_elements) { return items_.FreeSome(max_elements); }

void List::ForEachNode(absl::FunctionRef<void(bool, std::string_view)> visit) const {
  for (const Quicklist::Node* node = items_.first_node(); node; node = Quicklist::NextNode(node)) {
    visit(Quicklist::IsPlain(node), Quicklist::NodeBytes(node));
  }
}

bool List::AppendNode(bool plain, std::string_view bytes) {
  if (!plain) {
    if (!Listpack::Validate(bytes)) return false;
    constexpr size_t kEmptyListpackBytes = Listpack::kHeaderBytes + 1;
    if (bytes.size() == kEmptyListpackBytes) return true;
  }
  items_.AppendNode(plain, bytes);
  return true;
}

}  // namespace basalt
