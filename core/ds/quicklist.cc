// The chain of nodes behind the list type.
#include "core/ds/quicklist.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/check.h"
#include "core/ds/quicklist_node.h"

namespace basalt {

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

// Splits the node in front of `at`, which is not its first element. The front part stays in
// `at.node`.
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
  const size_t grown =
      node->pack.total_bytes() - Listpack::EntryBytes(Get(at).text()) + Listpack::EntryBytes(value);
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
