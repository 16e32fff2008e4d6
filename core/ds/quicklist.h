// A long list: a chain of nodes, each a listpack of up to the configured size. An element larger
// than a node gets a node of its own ("plain"), which holds the bare bytes. Invariants: no node is
// empty; a node's `count` is its number of elements; only a node of one element exceeds the limit
// that it was filled under.
// Owned by one shard; one thread. A Cursor and an Element are valid until the list changes. No
// argument may be a view into the list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/ds/listpack.h"
#include "core/ds/packed_element.h"

namespace basalt {

class Quicklist {
 public:
  struct Node;

  // The size of nodes: elements when positive, else -1 .. -5 for 4 KB .. 64 KB
  // (list-max-listpack-size).
  using Fill = int64_t;

  // One element: its node and its place there. Null when past either end.
  struct Cursor {
    Node* node = nullptr;
    Listpack::Pos pos = Listpack::kNone;  // kNone in a plain node

    explicit operator bool() const { return node != nullptr; }
  };

  Quicklist() = default;
  ~Quicklist();
  Quicklist(const Quicklist&) = delete;
  Quicklist& operator=(const Quicklist&) = delete;

  size_t size() const { return size_; }
  size_t node_count() const { return node_count_; }
  size_t MemoryBytes() const;

  void PushFront(std::string_view value, Fill fill);
  void PushBack(std::string_view value, Fill fill);
  // Take an end off; `out` may be null. False when empty.
  bool PopFront(std::string* out);
  bool PopBack(std::string* out);

  Cursor Front() const;
  Cursor Back() const;
  Cursor At(size_t index) const;  // null when out of range
  Cursor Next(Cursor at) const;
  Cursor Prev(Cursor at) const;
  Element Get(Cursor at) const;
  bool Equals(Cursor at, std::string_view value) const;

  void InsertBefore(Cursor at, std::string_view value, Fill fill);
  void InsertAfter(Cursor at, std::string_view value, Fill fill);
  void Replace(Cursor at, std::string_view value, Fill fill);
  // Removes up to `count` elements from position `start` on. Returns how many.
  size_t EraseRange(size_t start, size_t count, Fill fill);
  // Removes the first (last, when `from_tail`) `max_matches` elements equal to `value`. Returns how
  // many.
  size_t RemoveMatches(std::string_view value, size_t max_matches, bool from_tail, Fill fill);
  // Removes whole nodes from the tail until `max_elements` or more are gone or nothing is left.
  // Returns how many.
  size_t FreeSome(size_t max_elements);

  // The nodes in order, for saving and loading.
  const Node* first_node() const { return head_; }
  static const Node* NextNode(const Node* node);
  static bool IsPlain(const Node* node);
  static std::string_view NodeBytes(const Node* node);  // a listpack, or the element when plain
  // Appends a node. `bytes` of a listpack must have been validated and not be empty.
  void AppendNode(bool plain, std::string_view bytes);

  // Walks everything and CHECKs the invariants. For tests.
  void CheckInvariants() const;

 private:
  static Cursor FirstOf(Node* node);
  static Cursor LastOf(Node* node);
  Node* NewNode(Node* prev, Node* next);
  Node* NewNodeFor(std::string_view value, Node* prev, Node* next, Fill fill);
  static void SetPlain(Node* node, std::string_view value);
  void FreeNode(Node* node);
  void SplitBefore(Cursor at);
  Cursor EraseAt(Cursor at);
  size_t RemoveInNode(Node* node, std::string_view value, size_t max_matches, bool from_tail);
  bool TryMerge(Node* node, Fill fill);
  void MergeAround(Node* node, Fill fill);

  Node* head_ = nullptr;
  Node* tail_ = nullptr;
  size_t size_ = 0;
  size_t node_count_ = 0;
};

}  // namespace basalt
