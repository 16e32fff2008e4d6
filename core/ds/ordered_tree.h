// An order-statistic B+-tree over the elements of a large sorted set, in the order of (score, name
// bytes).
//
//   Leaf:   | scores[62] | elements[62] | links to the leaves on either side |
//   Branch: | scores[31] | elements[31] | children[31] | counts[31] |
//
// Of each child, a branch holds its smallest element with score, and how many elements are below
// it.
//
// Scores lie side by side in the nodes, so a search touches an element only to break a tie by name,
// and a rank is a sum of counts on the way down. A node is 1 KB, on cache lines of its own. All
// leaves are at the same depth. The tree does not own the elements.
//
// Invariants (CheckInvariants): the order; branch entries are exact; no node is empty. After an
// erase, a node less than a quarter full has been joined with a neighbour unless both neighbours
// are too full for that.
//
// Owned by one shard; one thread. Iterators are valid until the tree changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace basalt {

// One member of a sorted set, in one allocation: its score and, behind it, its name.
class ScoredElement {
 public:
  static ScoredElement* Create(std::string_view name, double score);
  static void Destroy(ScoredElement* element);

  double score() const { return score_; }
  std::string_view name() const { return {name_, size_}; }
  size_t MemoryBytes() const;

 private:
  friend class OrderedTree;
  static size_t BytesFor(size_t name) { return sizeof(ScoredElement) + name; }
  double score_;
  uint32_t size_;
  char name_[];  // follows in the same allocation
};

class OrderedTree {
 public:
  struct Node;
  struct Leaf;
  struct Branch;

  // A place in the tree; false past either end.
  class Iterator {
   public:
    Iterator() = default;
    explicit operator bool() const { return leaf_ != nullptr; }
    ScoredElement* element() const;
    double score() const;
    void Next();
    void Prev();

   private:
    friend class OrderedTree;
    Iterator(const Leaf* leaf, uint32_t index) : leaf_(leaf), index_(index) {}
    const Leaf* leaf_ = nullptr;
    uint32_t index_ = 0;
  };

  OrderedTree() = default;
  ~OrderedTree() { Clear(); }
  OrderedTree(const OrderedTree&) = delete;
  OrderedTree& operator=(const OrderedTree&) = delete;

  size_t size() const { return size_; }
  size_t MemoryBytes() const { return memory_bytes_; }

  void Insert(ScoredElement* element);                  // not in the tree yet
  void Erase(ScoredElement* element);                   // in the tree; it is not freed
  void SetScore(ScoredElement* element, double score);  // in the tree; moves it to its new place

  size_t RankOf(const ScoredElement* element) const;  // in the tree
  Iterator At(size_t rank) const;                     // false when out of range
  // How many elements come first for which `before` holds; it must hold for a prefix of the order
  // and for nothing else.
  size_t CountBefore(
      absl::FunctionRef<bool(double score, const ScoredElement* element)> before) const;

  // Drops all nodes; the elements stay.
  void Clear();
  // Drops some nodes, those of about `max_elements` elements; returns of how many. Only Clear, the
  // destructor and more FreeSome may follow.
  size_t FreeSome(size_t max_elements);

  // Walks everything and CHECKs the invariants. For tests.
  void CheckInvariants() const;

 private:
  struct Key;

  static uint32_t LowerBound(const Node* node, const Key& key);
  static uint32_t ChildFor(const Branch* branch, const Key& key);
  static size_t CountBelow(const Node* node);
  template <class Before>
  size_t CountWhere(const Before& before) const;

  Node* InsertInto(Node* node, ScoredElement* element, bool rightmost);
  Node* InsertIntoLeaf(Leaf* leaf, ScoredElement* element);
  Node* InsertChild(Branch* branch, uint32_t slot, Node* child, bool rightmost);
  void EraseFrom(Node* node, const Key& key);
  void RemoveChild(Branch* branch, uint32_t slot);
  bool TryMerge(Branch* branch, uint32_t slot);
  Leaf* NewLeaf(Leaf* prev, Leaf* next);
  Branch* NewBranch(uint32_t height);
  void Release(Node* node);
  size_t DropLastLeaf(Node*& node);
  size_t CheckNode(const Node* node, const Leaf** last_leaf) const;

  Node* root_ = nullptr;
  size_t size_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace basalt
