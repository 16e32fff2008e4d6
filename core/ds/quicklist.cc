// The chain of nodes behind the list type.
#include "core/ds/quicklist.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/check.h"

namespace basalt {

struct Quicklist::Node {
  Node* prev;
  Node* next;
  Listpack pack;         // empty in a plain node
  char* plain;           // the element of a plain node, else null
  size_t plain_size;
  size_t count;

  size_t bytes() const { return plain ? plain_size : pack.total_bytes(); }
};

namespace {

// Bytes that a node may take while elements are added to it.
size_t MaxNodeBytes(Quicklist::Fill fill) {
  constexpr size_t kCountedNodeBytes = 8192;  // the ceiling where elements are counted instead
  if (fill >= 0) return kCountedNodeBytes;
  return size_t{4096} << (std::min<int64_t>(-fill, 5) - 1);
}

size_t MaxNodeCount(Quicklist::Fill fill) {
  return fill < 0 ? SIZE_MAX : std::max<size_t>(1, static_cast<size_t>(fill));
}

bool IsLarge(std::string_view value, Quicklist::Fill fill) {
  return value.size() > MaxNodeBytes(fill);
}

bool HasRoom(const Quicklist::Node* node, std::string_view value, Quicklist::Fill fill) {
  if (!node || node->plain || node->count >= MaxNodeCount(fill)) return false;
  constexpr size_t kMaxEntryOverhead = 10;
  return node->pack.total_bytes() + value.size() + kMaxEntryOverhead <= MaxNodeBytes(fill);
}

}  // namespace

Quicklist::~Quicklist() {
  while (head_) FreeNode(head_);
}

size_t Quicklist::MemoryBytes() const {
  size_t total = 0;
  for (const Node* node = head_; node; node = node->next) {
    total += UsableSize(node) + (node->plain ? UsableSize(node->plain) : node->pack.MemoryBytes());
  }
  return total;
}

Quicklist::Node* Quicklist::NewNode(Node* prev, Node* next) {
  Node* node = new Node{prev, next, {}, nullptr, 0, 0};
  (prev ? prev->next : head_) = node;
  (next ? next->prev : tail_) = node;
  ++node_count_;
  return node;
}

Quicklist::Node* Quicklist::NewNodeFor(std::string_view value, Node* prev, Node* next, Fill fill) {
  Node* node = NewNode(prev, next);
  if (IsLarge(value, fill)) {
    SetPlain(node, value);
  } else {
    node->pack.Append(value);
  }
  node->count = 1;
  ++size_;
  return node;
}

void Quicklist::SetPlain(Node* node, std::string_view value) {
  if (node->plain) Free(node->plain);
  node->pack.Clear();
  node->plain = static_cast<char*>(Allocate(std::max<size_t>(1, value.size())));
  node->plain_size = value.size();
  if (!value.empty()) std::memcpy(node->plain, value.data(), value.size());
}

void Quicklist::FreeNode(Node* node) {
  (node->prev ? node->prev->next : head_) = node->next;
  (node->next ? node->next->prev : tail_) = node->prev;
  size_ -= node->count;
  --node_count_;
  if (node->plain) Free(node->plain);
  delete node;
}

void Quicklist::PushFront(std::string_view value, Fill fill) {
  if (IsLarge(value, fill) || !HasRoom(head_, value, fill)) {
    NewNodeFor(value, nullptr, head_, fill);
    return;
  }
  head_->pack.Insert(head_->pack.First(), value);
  ++head_->count;
  ++size_;
}

void Quicklist::PushBack(std::string_view value, Fill fill) {
  if (IsLarge(value, fill) || !HasRoom(tail_, value, fill)) {
    NewNodeFor(value, tail_, nullptr, fill);
    return;
  }
  tail_->pack.Append(value);
  ++tail_->count;
  ++size_;
}

bool Quicklist::PopFront(std::string* out) {
  const Cursor front = Front();
  if (!front) return false;
  if (out) out->assign(Get(front).text());
  EraseAt(front);
  return true;
}

bool Quicklist::PopBack(std::string* out) {
  const Cursor back = Back();
  if (!back) return false;
  if (out) out->assign(Get(back).text());
  EraseAt(back);
  return true;
}

Quicklist::Cursor Quicklist::FirstOf(Node* node) {
  return {node, node && !node->plain ? node->pack.First() : Listpack::kNone};
}

Quicklist::Cursor Quicklist::LastOf(Node* node) {
  return {node, node && !node->plain ? node->pack.Last() : Listpack::kNone};
}

Quicklist::Cursor Quicklist::Front() const { return FirstOf(head_); }
Quicklist::Cursor Quicklist::Back() const { return LastOf(tail_); }

Quicklist::Cursor Quicklist::At(size_t index) const {
  if (index >= size_) return {};
  Node* node;
  if (index < size_ / 2) {
    for (node = head_; index >= node->count; node = node->next) index -= node->count;
  } else {
    size_t from_end = size_ - 1 - index;
    for (node = tail_; from_end >= node->count; node = node->prev) from_end -= node->count;
    index = node->count - 1 - from_end;
  }
  return {node, node->plain ? Listpack::kNone : node->pack.At(index)};
}

Quicklist::Cursor Quicklist::Next(Cursor at) const {
  if (!at.node->plain) {
    const Listpack::Pos next = at.node->pack.Next(at.pos);
    if (next != Listpack::kNone) return {at.node, next};
  }
  return FirstOf(at.node->next);
}

Quicklist::Cursor Quicklist::Prev(Cursor at) const {
  if (!at.node->plain) {
    const Listpack::Pos prev = at.node->pack.Prev(at.pos);
    if (prev != Listpack::kNone) return {at.node, prev};
  }
  return LastOf(at.node->prev);
}

Element Quicklist::Get(Cursor at) const {
  if (at.node->plain) return Element(std::string_view(at.node->plain, at.node->plain_size));
  return at.node->pack.Get(at.pos);
}

bool Quicklist::Equals(Cursor at, std::string_view value) const {
  if (at.node->plain) return std::string_view(at.node->plain, at.node->plain_size) == value;
  return at.node->pack.Equals(at.pos, value);
}

void Quicklist::InsertBefore(Cursor at, std::string_view value, Fill fill) {
  Node* node = at.node;
  if (!IsLarge(value, fill) && HasRoom(node, value, fill)) {
    node->pack.Insert(at.pos, value);
    ++node->count;
    ++size_;
    return;
  }
  const bool at_start = node->plain || node->pack.First() == at.pos;
  if (!at_start) SplitBefore(at);  // leaves `node` as the part in front
  Node* left = at_start ? node->prev : node;
  Node* right = left ? left->next : head_;
  if (!IsLarge(value, fill) && HasRoom(left, value, fill)) {
    left->pack.Append(value);
    ++left->count;
    ++size_;
  } else if (!IsLarge(value, fill) && HasRoom(right, value, fill)) {
    right->pack.Insert(right->pack.First(), value);
    ++right->count;
    ++size_;
  } else {
    NewNodeFor(value, left, right, fill);
  }
}

void Quicklist::InsertAfter(Cursor at, std::string_view value, Fill fill) {
  const Cursor next = Next(at);
  if (!next) {
    PushBack(value, fill);
  } else if (next.node != at.node && !IsLarge(value, fill) && HasRoom(at.node, value, fill)) {
    at.node->pack.Append(value);
    ++at.node->count;
    ++size_;
  } else {
    InsertBefore(next, value, fill);
  }
}

// Splits the node in front of `at`, which is not its first element. The front part stays in `at.node`.
void Quicklist::SplitBefore(Cursor at) {
  Node* node = at.node;
  Node* tail = NewNode(node, node->next);
  tail->pack = node->pack.SplitOff(at.pos);
  tail->count = tail->pack.size();
  node->count -= tail->count;
}

void Quicklist::Replace(Cursor at, std::string_view value, Fill fill) {
  Node* node = at.node;
  const bool large = IsLarge(value, fill);
  if (node->count == 1) {
    if (large) {
      SetPlain(node, value);
    } else if (node->plain) {
      Free(std::exchange(node->plain, nullptr));
      node->plain_size = 0;
      node->pack.Append(value);
    } else {
      node->pack.Replace(at.pos, value);
    }
    return;
  }
  const size_t grown = node->pack.total_bytes() - Listpack::EntryBytes(Get(at).text()) + Listpack::EntryBytes(value);
  if (!large && grown <= MaxNodeBytes(fill)) {
    node->pack.Replace(at.pos, value);
    return;
  }
  // It does not fit where it stood: give it a place of its own between the two parts.
  const Cursor next = EraseAt(at);
  if (next) {
    InsertBefore(next, value, fill);
  } else {
    PushBack(value, fill);
  }
}

// Removes one element and, with the last of them, its node. Returns the element that followed.
Quicklist::Cursor Quicklist::EraseAt(Cursor at) {
  Node* node = at.node;
  if (node->count == 1) {
    Node* next = node->next;
    FreeNode(node);
    return FirstOf(next);
  }
  const Listpack::Pos next = node->pack.Erase(at.pos);
  --node->count;
  --size_;
  return next != Listpack::kNone ? Cursor{node, next} : FirstOf(node->next);
}

size_t Quicklist::EraseRange(size_t start, size_t count, Fill fill) {
  if (start >= size_) return 0;
  count = std::min(count, size_ - start);
  Cursor at = At(start);
  for (size_t left = count; left > 0;) {
    Node* node = at.node;
    if (at.pos == FirstOf(node).pos && node->count <= left) {
      left -= node->count;
      Node* next = node->next;
      FreeNode(node);
      at = FirstOf(next);
      continue;
    }
    const size_t before = node->count;
    node->pack.Erase(at.pos, left);
    node->count = node->pack.size();
    const size_t erased = before - node->count;
    size_ -= erased;
    left -= erased;
    if (left > 0) at = FirstOf(node->next);
  }
  if (size_ > 0) MergeAround(At(std::min(start, size_ - 1)).node, fill);
  return count;
}

size_t Quicklist::RemoveMatches(std::string_view value, size_t max_matches, bool from_tail, Fill fill) {
  size_t removed = 0;
  Node* node = from_tail ? tail_ : head_;
  while (node && removed < max_matches) {
    Node* next = from_tail ? node->prev : node->next;
    const size_t erased = RemoveInNode(node, value, max_matches - removed, from_tail);
    removed += erased;
    if (erased > 0 && erased == node->count + erased) {
      FreeNode(node);
    } else if (erased > 0) {
      // Only with the side already visited, so that `next` stays and is visited whole.
      Node* visited = from_tail ? node->next : node->prev;
      if (visited) TryMerge(from_tail ? node : visited, fill);
    }
    node = next;
  }
  return removed;
}

// Removes up to `max_matches` elements equal to `value` from one node, which may be left empty.
size_t Quicklist::RemoveInNode(Node* node, std::string_view value, size_t max_matches, bool from_tail) {
  size_t removed = 0;
  if (node->plain) {
    removed = std::string_view(node->plain, node->plain_size) == value ? 1 : 0;
  } else if (!from_tail) {
    Listpack::Pos pos = node->pack.Find(value, node->pack.First());
    while (pos != Listpack::kNone && removed < max_matches) {
      pos = node->pack.Find(value, node->pack.Erase(pos));
      ++removed;
    }
  } else {
    for (Listpack::Pos pos = node->pack.Last(); pos != Listpack::kNone && removed < max_matches;) {
      const Listpack::Pos prev = node->pack.Prev(pos);
      if (node->pack.Equals(pos, value)) {
        node->pack.Erase(pos);
        ++removed;
      }
      pos = prev;
    }
  }
  node->count -= removed;
  size_ -= removed;
  return removed;
}

// Joins `node` and the one after it when both together are at most half full, so that the result has room to grow.
bool Quicklist::TryMerge(Node* node, Fill fill) {
  Node* next = node->next;
  if (!next || node->plain || next->plain) return false;
  if (node->count + next->count > MaxNodeCount(fill) / 2) return false;
  if (node->pack.total_bytes() + next->pack.total_bytes() > MaxNodeBytes(fill) / 2) return false;
  node->pack.AppendAll(next->pack);
  node->count += next->count;
  size_ += next->count;  // FreeNode takes them off again
  FreeNode(next);
  return true;
}

void Quicklist::MergeAround(Node* node, Fill fill) {
  TryMerge(node, fill);
  if (node->prev) TryMerge(node->prev, fill);
}

size_t Quicklist::FreeSome(size_t max_elements) {
  const size_t before = size_;
  while (tail_ && before - size_ < max_elements) FreeNode(tail_);
  return before - size_;
}

const Quicklist::Node* Quicklist::NextNode(const Node* node) { return node->next; }
bool Quicklist::IsPlain(const Node* node) { return node->plain != nullptr; }
std::string_view Quicklist::NodeBytes(const Node* node) {
  return node->plain ? std::string_view(node->plain, node->plain_size) : node->pack.bytes();
}

void Quicklist::AppendNode(bool plain, std::string_view bytes) {
  Node* node = NewNode(tail_, nullptr);
  if (plain) {
    SetPlain(node, bytes);
    node->count = 1;
  } else {
    node->pack = Listpack::CopyOf(bytes);
    node->count = node->pack.size();
    BASALT_CHECK(node->count > 0);
  }
  size_ += node->count;
}

void Quicklist::CheckInvariants() const {
  size_t elements = 0;
  size_t nodes = 0;
  const Node* prev = nullptr;
  for (const Node* node = head_; node; prev = node, node = node->next) {
    BASALT_CHECK(node->prev == prev);
    BASALT_CHECK(node->count > 0);
    if (node->plain) {
      BASALT_CHECK(node->count == 1);
    } else {
      BASALT_CHECK(Listpack::Validate(node->pack.bytes()));
      BASALT_CHECK(node->pack.size() == node->count);
    }
    elements += node->count;
    ++nodes;
  }
  BASALT_CHECK(tail_ == prev);
  BASALT_CHECK(elements == size_ && nodes == node_count_);
}

}  // namespace basalt
