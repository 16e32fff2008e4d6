// The order-statistic tree: insertion by splitting nodes, erasure by joining them.
#include <cstring>
#include <new>

#include "core/base/check.h"
#include "core/base/slab.h"
#include "core/ds/ordered_tree.h"
#include "core/ds/ordered_tree_node.h"

namespace basalt {

// --- Inserting

void OrderedTree::Insert(ScoredElement* element) {
  if (!root_) root_ = NewLeaf(nullptr, nullptr);
  if (Node* right = InsertInto(root_, element, true)) {
    Branch* root = NewBranch(root_->height + 1);
    root->size = 2;
    root->Describe(0, root_);
    root->Describe(1, right);
    root_ = root;
  }
  ++size_;
}

// Inserts below `node`. When that splits it, returns the new node to its right. `rightmost`:
// nothing is right of `node`.
OrderedTree::Node* OrderedTree::InsertInto(Node* node, ScoredElement* element, bool rightmost) {
  if (node->height == 0) return InsertIntoLeaf(static_cast<Leaf*>(node), element);
  auto* branch = static_cast<Branch*>(node);
  const uint32_t slot = ChildFor(branch, Key(element));
  const bool child_rightmost = rightmost && slot + 1 == branch->size;
  Node* right = InsertInto(branch->children[slot], element, child_rightmost);
  if (!right) {
    ++branch->counts[slot];
    if (slot == 0) branch->Describe(0, branch->children[0]);  // it may be the smallest of all now
    return nullptr;
  }
  branch->Describe(slot, branch->children[slot]);
  return InsertChild(branch, slot + 1, right, rightmost);
}

OrderedTree::Node* OrderedTree::InsertIntoLeaf(Leaf* leaf, ScoredElement* element) {
  uint32_t at = LowerBound(leaf, Key(element));
  Leaf* right = nullptr;
  if (leaf->size == kLeafMax) {
    // Split in the middle; but where elements arrive in order, at that end, so that they leave full
    // leaves behind.
    const uint32_t keep = at == kLeafMax && !leaf->next ? kLeafMax
                          : at == 0 && !leaf->prev      ? 0
                                                        : kLeafMax / 2;
    right = NewLeaf(leaf, leaf->next);
    right->size = kLeafMax - keep;
    std::memcpy(right->scores, leaf->scores + keep, right->size * sizeof(leaf->scores[0]));
    std::memcpy(right->elements, leaf->elements + keep, right->size * sizeof(leaf->elements[0]));
    leaf->size = keep;
    if (at > keep || keep == kLeafMax) {
      at -= keep;
      leaf = right;
    }
  }
  MoveWithin(leaf->scores, at + 1, at, leaf->size - at);
  MoveWithin(leaf->elements, at + 1, at, leaf->size - at);
  leaf->scores[at] = element->score();
  leaf->elements[at] = element;
  ++leaf->size;
  return right;
}

OrderedTree::Node* OrderedTree::InsertChild(Branch* branch, uint32_t slot, Node* child,
                                            bool rightmost) {
  Branch* right = nullptr;
  if (branch->size == kBranchMax) {
    const uint32_t keep = slot == kBranchMax && rightmost ? kBranchMax : kBranchMax / 2;
    right = NewBranch(branch->height);
    right->size = kBranchMax - keep;
    right->Move(0, branch, keep, right->size);
    branch->size = keep;
    if (slot > keep || keep == kBranchMax) {
      slot -= keep;
      branch = right;
    }
  }
  branch->Move(slot + 1, branch, slot, branch->size - slot);
  ++branch->size;
  branch->Describe(slot, child);
  return right;
}

// --- Erasing

void OrderedTree::Erase(ScoredElement* element) {
  EraseFrom(root_, Key(element));
  --size_;
  while (root_->height > 0 && root_->size == 1) {
    Node* child = static_cast<Branch*>(root_)->children[0];
    Release(root_);
    root_ = child;
  }
  if (root_->size == 0) {
    Release(root_);
    root_ = nullptr;
  }
}

void OrderedTree::EraseFrom(Node* node, const Key& key) {
  if (node->height == 0) {
    auto* leaf = static_cast<Leaf*>(node);
    const uint32_t at = LowerBound(leaf, key);
    BASALT_CHECK(at < leaf->size && leaf->scores[at] == key.score &&
                 leaf->elements[at]->name() == key.name);
    --leaf->size;
    MoveWithin(leaf->scores, at, at + 1, leaf->size - at);
    MoveWithin(leaf->elements, at, at + 1, leaf->size - at);
    return;
  }
  auto* branch = static_cast<Branch*>(node);
  const uint32_t slot = ChildFor(branch, key);
  Node* child = branch->children[slot];
  EraseFrom(child, key);
  if (child->size == 0) {
    RemoveChild(branch, slot);
    return;
  }
  branch->Describe(slot, child);
  const uint32_t capacity = child->height == 0 ? kLeafMax : kBranchMax;
  if (child->size >= capacity / 4) return;
  if (slot + 1 < branch->size && TryMerge(branch, slot)) return;
  if (slot > 0) TryMerge(branch, slot - 1);
}

void OrderedTree::RemoveChild(Branch* branch, uint32_t slot) {
  Release(branch->children[slot]);
  --branch->size;
  branch->Move(slot, branch, slot + 1, branch->size - slot);
}

// Joins the child at `slot` with the one to its right, if one node can hold both.
bool OrderedTree::TryMerge(Branch* branch, uint32_t slot) {
  Node* left = branch->children[slot];
  Node* right = branch->children[slot + 1];
  if (left->size + right->size > (left->height == 0 ? kLeafMax : kBranchMax)) return false;
  if (left->height == 0) {
    auto* to = static_cast<Leaf*>(left);
    const auto* from = static_cast<Leaf*>(right);
    std::memcpy(to->scores + to->size, from->scores, from->size * sizeof(from->scores[0]));
    std::memcpy(to->elements + to->size, from->elements, from->size * sizeof(from->elements[0]));
  } else {
    static_cast<Branch*>(left)->Move(left->size, static_cast<Branch*>(right), 0, right->size);
  }
  left->size += right->size;
  RemoveChild(branch, slot + 1);
  branch->Describe(slot, left);
  return true;
}

void OrderedTree::SetScore(ScoredElement* element, double score) {
  // Between its neighbours in one leaf it can stay where it is: it is no smallest entry, so no
  // branch knows its score.
  const Key old_key(element);
  const Key new_key(score, element->name());
  Node* node = root_;
  while (node->height > 0) {
    auto* branch = static_cast<Branch*>(node);
    node = branch->children[ChildFor(branch, old_key)];
  }
  auto* leaf = static_cast<Leaf*>(node);
  const uint32_t at = LowerBound(leaf, old_key);
  if (at > 0 && at + 1 < leaf->size &&
      new_key.IsAfter(leaf->scores[at - 1], leaf->elements[at - 1]) &&
      !new_key.IsAfter(leaf->scores[at + 1], leaf->elements[at + 1])) {
    leaf->scores[at] = element->score_ = score;
    return;
  }
  Erase(element);
  element->score_ = score;
  Insert(element);
}

// --- Nodes

OrderedTree::Leaf* OrderedTree::NewLeaf(Leaf* prev, Leaf* next) {
  static_assert(sizeof(Leaf) <= kOrderedTreeNodeBytes);
  Leaf* leaf = new (AllocateLines(kOrderedTreeNodeLines)) Leaf;
  memory_bytes_ += kOrderedTreeNodeBytes;
  leaf->height = leaf->size = 0;
  leaf->prev = prev;
  leaf->next = next;
  if (prev) prev->next = leaf;
  if (next) next->prev = leaf;
  return leaf;
}

OrderedTree::Branch* OrderedTree::NewBranch(uint32_t height) {
  static_assert(sizeof(Branch) <= kOrderedTreeNodeBytes);
  Branch* branch = new (AllocateLines(kOrderedTreeNodeLines)) Branch;
  memory_bytes_ += kOrderedTreeNodeBytes;
  branch->height = height;
  branch->size = 0;
  return branch;
}

void OrderedTree::Release(Node* node) {
  if (node->height == 0) {
    auto* leaf = static_cast<Leaf*>(node);
    if (leaf->prev) leaf->prev->next = leaf->next;
    if (leaf->next) leaf->next->prev = leaf->prev;
  }
  memory_bytes_ -= kOrderedTreeNodeBytes;
  FreeLines(node);
}

}  // namespace basalt
