// The nodes of OrderedTree. For ordered_tree*.cc alone. Plain data of the tree's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/ds/ordered_tree.h"

namespace basalt {

inline constexpr uint32_t kLeafMax = 62;
inline constexpr uint32_t kBranchMax = 31;
inline constexpr size_t kOrderedTreeNodeLines = 16;
inline constexpr size_t kOrderedTreeNodeBytes = kOrderedTreeNodeLines * 64;

struct OrderedTree::Node {
  uint32_t height;  // 0: a leaf
  uint32_t size;    // entries in use
};

struct OrderedTree::Leaf : Node {
  double scores[kLeafMax];
  ScoredElement* elements[kLeafMax];
  Leaf* prev;
  Leaf* next;
};

struct OrderedTree::Branch : Node {
  double scores[kBranchMax];
  ScoredElement* elements[kBranchMax];
  Node* children[kBranchMax];
  size_t counts[kBranchMax];

  // Sets the entry `slot` to what is true of its child.
  void Describe(uint32_t slot, Node* child);
  void Move(uint32_t to, const Branch* from, uint32_t slot, uint32_t n);
};

// Where an element stands in the order.
struct OrderedTree::Key {
  double score;
  std::string_view name;

  Key(double s, std::string_view n) : score(s), name(n) {}
  explicit Key(const ScoredElement* element) : Key(element->score(), element->name()) {}

  bool IsAfter(double other_score, const ScoredElement* other) const {
    return other_score < score || (other_score == score && other->name() < name);
  }
};

// The first index in [0, size) for which `before` does not hold.
template <class Before>
inline uint32_t PartitionPoint(uint32_t size, const Before& before) {
  uint32_t first = 0;
  while (size > 0) {
    const uint32_t half = size / 2;
    if (before(first + half)) {
      first += half + 1;
      size -= half + 1;
    } else {
      size = half;
    }
  }
  return first;
}

template <class T>
inline void MoveWithin(T* items, uint32_t to, uint32_t from, uint32_t n) {
  std::memmove(items + to, items + from, n * sizeof(T));
}

inline void OrderedTree::Branch::Describe(uint32_t slot, Node* child) {
  children[slot] = child;
  counts[slot] = CountBelow(child);
  if (child->height == 0) {
    scores[slot] = static_cast<Leaf*>(child)->scores[0];
    elements[slot] = static_cast<Leaf*>(child)->elements[0];
  } else {
    scores[slot] = static_cast<Branch*>(child)->scores[0];
    elements[slot] = static_cast<Branch*>(child)->elements[0];
  }
}

// Copies `n` entries of `from`, which may be this branch, to `to`.
inline void OrderedTree::Branch::Move(uint32_t to, const Branch* from, uint32_t slot, uint32_t n) {
  std::memmove(scores + to, from->scores + slot, n * sizeof(scores[0]));
  std::memmove(elements + to, from->elements + slot, n * sizeof(elements[0]));
  std::memmove(children + to, from->children + slot, n * sizeof(children[0]));
  std::memmove(counts + to, from->counts + slot, n * sizeof(counts[0]));
}

}  // namespace basalt
