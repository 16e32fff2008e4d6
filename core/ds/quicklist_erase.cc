// Quicklist: removing elements, and joining the nodes that this leaves sparse.
#include <algorithm>

#include "core/ds/quicklist.h"
#include "core/ds/quicklist_node.h"

namespace basalt {

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

size_t Quicklist::RemoveMatches(std::string_view value, size_t max_matches, bool from_tail,
                                Fill fill) {
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
size_t Quicklist::RemoveInNode(Node* node, std::string_view value, size_t max_matches,
                               bool from_tail) {
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

// Joins `node` and the one after it when both together are at most half full, so that the result
// has room to grow.
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

}  // namespace basalt
