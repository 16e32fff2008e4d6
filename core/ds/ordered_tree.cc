// The order-statistic tree: searches, insertion by splitting, erasure by joining.
#include "core/ds/ordered_tree.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "core/base/alloc.h"
#include "core/base/check.h"

namespace basalt {
namespace {

constexpr uint32_t kLeafMax = 62;
constexpr uint32_t kBranchMax = 31;
constexpr size_t kNodeBytes = 1024;

}  // namespace

ScoredElement* ScoredElement::Create(std::string_view name, double score) {
  BASALT_CHECK(name.size() <= std::numeric_limits<uint32_t>::max());
  auto* element = static_cast<ScoredElement*>(Allocate(sizeof(ScoredElement) + name.size()));
  element->score_ = score;
  element->size_ = static_cast<uint32_t>(name.size());
  if (!name.empty()) std::memcpy(element->name_, name.data(), name.size());
  return element;
}

void ScoredElement::Destroy(ScoredElement* element) { Free(element); }

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

namespace {

// The first index in [0, size) for which `before` does not hold.
template <class Before>
uint32_t PartitionPoint(uint32_t size, const Before& before) {
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
void MoveWithin(T* items, uint32_t to, uint32_t from, uint32_t n) {
  std::memmove(items + to, items + from, n * sizeof(T));
}

}  // namespace

void OrderedTree::Branch::Describe(uint32_t slot, Node* child) {
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
void OrderedTree::Branch::Move(uint32_t to, const Branch* from, uint32_t slot, uint32_t n) {
  std::memmove(scores + to, from->scores + slot, n * sizeof(scores[0]));
  std::memmove(elements + to, from->elements + slot, n * sizeof(elements[0]));
  std::memmove(children + to, from->children + slot, n * sizeof(children[0]));
  std::memmove(counts + to, from->counts + slot, n * sizeof(counts[0]));
}

// --- Searching

ScoredElement* OrderedTree::Iterator::element() const { return leaf_->elements[index_]; }
double OrderedTree::Iterator::score() const { return leaf_->scores[index_]; }

void OrderedTree::Iterator::Next() {
  constexpr uint32_t kPrefetchAhead = 6;  // elements are scattered; ask for one before it is its turn
  if (index_ + kPrefetchAhead < leaf_->size) __builtin_prefetch(leaf_->elements[index_ + kPrefetchAhead]);
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
    return PartitionPoint(leaf->size, [&](uint32_t i) { return key.IsAfter(leaf->scores[i], leaf->elements[i]); });
  }
  const auto* branch = static_cast<const Branch*>(node);
  return PartitionPoint(branch->size, [&](uint32_t i) { return key.IsAfter(branch->scores[i], branch->elements[i]); });
}

// The child below which `key` is or belongs: the last whose smallest element is not after it, else the first.
uint32_t OrderedTree::ChildFor(const Branch* branch, const Key& key) {
  const uint32_t slot = LowerBound(branch, key);
  const bool exact = slot < branch->size && branch->scores[slot] == key.score && branch->elements[slot]->name() == key.name;
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
    const uint32_t end =
        PartitionPoint(branch->size, [&](uint32_t i) { return before(branch->scores[i], branch->elements[i]); });
    if (end == 0) return count;
    for (uint32_t i = 0; i + 1 < end; ++i) count += branch->counts[i];
    node = branch->children[end - 1];
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  return count + PartitionPoint(leaf->size, [&](uint32_t i) { return before(leaf->scores[i], leaf->elements[i]); });
}

size_t OrderedTree::CountBefore(absl::FunctionRef<bool(double, const ScoredElement*)> before) const {
  return CountWhere(before);
}

size_t OrderedTree::RankOf(const ScoredElement* element) const {
  const Key key(element);
  return CountWhere([&](double score, const ScoredElement* other) { return key.IsAfter(score, other); });
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

// Inserts below `node`. When that splits it, returns the new node to its right. `rightmost`: nothing is right of `node`.
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
    // Split in the middle; but where elements arrive in order, at that end, so that they leave full leaves behind.
    const uint32_t keep = at == kLeafMax && !leaf->next ? kLeafMax : at == 0 && !leaf->prev ? 0 : kLeafMax / 2;
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

OrderedTree::Node* OrderedTree::InsertChild(Branch* branch, uint32_t slot, Node* child, bool rightmost) {
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
    BASALT_CHECK(at < leaf->size && leaf->scores[at] == key.score && leaf->elements[at]->name() == key.name);
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
  // Between its neighbours in one leaf it can stay where it is: it is no smallest entry, so no branch knows its score.
  const Key old_key(element);
  const Key new_key(score, element->name());
  Node* node = root_;
  while (node->height > 0) {
    auto* branch = static_cast<Branch*>(node);
    node = branch->children[ChildFor(branch, old_key)];
  }
  auto* leaf = static_cast<Leaf*>(node);
  const uint32_t at = LowerBound(leaf, old_key);
  if (at > 0 && at + 1 < leaf->size && new_key.IsAfter(leaf->scores[at - 1], leaf->elements[at - 1]) &&
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
  static_assert(sizeof(Leaf) <= kNodeBytes);
  Leaf* leaf = new (AllocateLines(kNodeBytes)) Leaf;
  memory_bytes_ += UsableSize(leaf);
  leaf->height = leaf->size = 0;
  leaf->prev = prev;
  leaf->next = next;
  if (prev) prev->next = leaf;
  if (next) next->prev = leaf;
  return leaf;
}

OrderedTree::Branch* OrderedTree::NewBranch(uint32_t height) {
  static_assert(sizeof(Branch) <= kNodeBytes);
  Branch* branch = new (AllocateLines(kNodeBytes)) Branch;
  memory_bytes_ += UsableSize(branch);
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
  memory_bytes_ -= UsableSize(node);
  Free(node);
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

// Releases the last leaf below `node` and every branch that this leaves empty. Returns the leaf's number of elements.
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
    BASALT_CHECK(expected.scores[0] == branch->scores[i] && expected.elements[0] == branch->elements[i]);
    BASALT_CHECK(CheckNode(child, last_leaf) == branch->counts[i]);
    count += branch->counts[i];
  }
  return count;
}

}  // namespace basalt
