// The order-statistic tree: searching, walking, releasing. ordered_tree_update.cc changes it.
#include "core/ds/ordered_tree.h"

#include <cstring>
#include <limits>

#include "core/base/check.h"
#include "core/base/slab.h"
#include "core/ds/ordered_tree_node.h"

namespace basalt {

ScoredElement* ScoredElement::Create(std::string_view name, double score) {
  BASALT_CHECK(name.size() <= std::numeric_limits<uint32_t>::max());
  auto* element = static_cast<ScoredElement*>(AllocateBlock(BytesFor(name.size())));
  element->score_ = score;
  element->size_ = static_cast<uint32_t>(name.size());
  if (!name.empty()) std::memcpy(element->name_, name.data(), name.size());
  return element;
}

void ScoredElement::Destroy(ScoredElement* element) {
  FreeBlock(element, BytesFor(element->size_));
}

size_t ScoredElement::MemoryBytes() const { return BlockUsableSize(this, BytesFor(size_)); }

ScoredElement* OrderedTree::Iterator::element() const { return leaf_->elements[index_]; }
double OrderedTree::Iterator::score() const { return leaf_->scores[index_]; }

void OrderedTree::Iterator::Next() {
  constexpr uint32_t kPrefetchAhead =
      6;  // elements are scattered; ask for one before it is its turn
  if (index_ + kPrefetchAhead < leaf_->size)
    __builtin_prefetch(leaf_->elements[index_ + kPrefetchAhead]);
  if (++index_ < leaf_->size) return;
  leaf_ = leaf_->next;
  index_ = 0;
}

void OrderedTree::Iterator::Prev() {
  if (index_ == 0) {
    leaf_ = leaf_->prev;
    index_ = leaf_ ? leaf_->size : 1;
  }
  --index_;
}

uint32_t OrderedTree::LowerBound(const Node* node, const Key& key) {
  if (node->height == 0) {
    const auto* leaf = static_cast<const Leaf*>(node);
    return PartitionPoint(
        leaf->size, [&](uint32_t i) { return key.IsAfter(leaf->scores[i], leaf->elements[i]); });
  }
  const auto* branch = static_cast<const Branch*>(node);
  return PartitionPoint(branch->size, [&](uint32_t i) {
    return key.IsAfter(branch->scores[i], branch->elements[i]);
  });
}

// The child below which `key` is or belongs: the last whose smallest element is not after it, else
// the first.
uint32_t OrderedTree::ChildFor(const Branch* branch, const Key& key) {
  const uint32_t slot = LowerBound(branch, key);
  const bool exact = slot < branch->size && branch->scores[slot] == key.score &&
                     branch->elements[slot]->name() == key.name;
  return exact || slot == 0 ? slot : slot - 1;
}

size_t OrderedTree::CountBelow(const Node* node) {
  if (node->height == 0) return node->size;
  const auto* branch = static_cast<const Branch*>(node);
  size_t count = 0;
  for (uint32_t i = 0; i < branch->size; ++i) count += branch->counts[i];
  return count;
}

template <class Before>
size_t OrderedTree::CountWhere(const Before& before) const {
  if (!root_) return 0;
  size_t count = 0;
  const Node* node = root_;
  while (node->height > 0) {
    const auto* branch = static_cast<const Branch*>(node);
    const uint32_t end = PartitionPoint(
        branch->size, [&](uint32_t i) { return before(branch->scores[i], branch->elements[i]); });
    if (end == 0) return count;
    for (uint32_t i = 0; i + 1 < end; ++i) count += branch->counts[i];
    node = branch->children[end - 1];
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  return count + PartitionPoint(leaf->size, [&](uint32_t i) {
           return before(leaf->scores[i], leaf->elements[i]);
         });
}

size_t OrderedTree::CountBefore(
    absl::FunctionRef<bool(double, const ScoredElement*)> before) const {
  return CountWhere(before);
}

size_t OrderedTree::RankOf(const ScoredElement* element) const {
  const Key key(element);
  return CountWhere(
      [&](double score, const ScoredElement* other) { return key.IsAfter(score, other); });
}

OrderedTree::Iterator OrderedTree::At(size_t rank) const {
  if (rank >= size_) return {};
  const Node* node = root_;
  while (node->height > 0) {
    const auto* branch = static_cast<const Branch*>(node);
    uint32_t slot = 0;
    for (; rank >= branch->counts[slot]; ++slot) rank -= branch->counts[slot];
    node = branch->children[slot];
  }
  return Iterator(static_cast<const Leaf*>(node), static_cast<uint32_t>(rank));
}

void OrderedTree::Clear() {
  while (root_) DropLastLeaf(root_);
  size_ = 0;
}

size_t OrderedTree::FreeSome(size_t max_elements) {
  size_t dropped = 0;
  while (root_ && dropped < max_elements) dropped += DropLastLeaf(root_);
  size_ -= dropped;
  return dropped;
}

// Releases the last leaf below `node` and every branch that this leaves empty. Returns the leaf's
// number of elements.
size_t OrderedTree::DropLastLeaf(Node*& node) {
  size_t dropped = node->size;
  if (node->height > 0) {
    auto* branch = static_cast<Branch*>(node);
    Node*& last = branch->children[branch->size - 1];
    dropped = DropLastLeaf(last);
    if (last || --branch->size > 0) return dropped;
  }
  Release(node);
  node = nullptr;
  return dropped;
}

// --- Checking

void OrderedTree::CheckInvariants() const {
  if (!root_) {
    BASALT_CHECK(size_ == 0 && memory_bytes_ == 0);
    return;
  }
  const Leaf* last_leaf = nullptr;
  BASALT_CHECK(CheckNode(root_, &last_leaf) == size_);
  BASALT_CHECK(last_leaf->next == nullptr);
  BASALT_CHECK(root_->height == 0 || root_->size > 1);
}

size_t OrderedTree::CheckNode(const Node* node, const Leaf** last_leaf) const {
  BASALT_CHECK(node->size > 0);
  if (node->height == 0) {
    const auto* leaf = static_cast<const Leaf*>(node);
    BASALT_CHECK(leaf->size <= kLeafMax);
    BASALT_CHECK(leaf->prev == *last_leaf && (!leaf->prev || leaf->prev->next == leaf));
    for (uint32_t i = 0; i < leaf->size; ++i) {
      BASALT_CHECK(leaf->scores[i] == leaf->elements[i]->score());
      const Iterator before = [&] {
        Iterator it(leaf, i);
        it.Prev();
        return it;
      }();
      if (before) BASALT_CHECK(Key(leaf->elements[i]).IsAfter(before.score(), before.element()));
    }
    *last_leaf = leaf;
    return leaf->size;
  }
  const auto* branch = static_cast<const Branch*>(node);
  BASALT_CHECK(branch->size <= kBranchMax);
  size_t count = 0;
  for (uint32_t i = 0; i < branch->size; ++i) {
    Node* child = branch->children[i];
    BASALT_CHECK(child->height + 1 == branch->height);
    Branch expected;
    expected.Describe(0, child);
    BASALT_CHECK(expected.scores[0] == branch->scores[i] &&
                 expected.elements[0] == branch->elements[i]);
    BASALT_CHECK(CheckNode(child, last_leaf) == branch->counts[i]);
    count += branch->counts[i];
  }
  return count;
}

}  // namespace basalt
