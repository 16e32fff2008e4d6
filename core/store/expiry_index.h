// ExpiryIndex: the keys of one database that expire, by time, so that active expiry takes exactly the due ones.
// An element is (time, key hash): 16 bytes whatever the key. Owned by the Db's thread.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/container/btree_set.h"

namespace basalt {

class ExpiryIndex {
 public:
  struct Item {
    int64_t at_ms;
    uint64_t hash;
    auto operator<=>(const Item&) const = default;
  };

  void Add(int64_t at_ms, uint64_t hash) { items_.insert(Item{at_ms, hash}); }
  void Remove(int64_t at_ms, uint64_t hash) { items_.erase(Item{at_ms, hash}); }

  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  // The item due first; not when empty.
  const Item& First() const { return *items_.begin(); }
  // Any item at or after a place, round to the first: for volatile-* eviction. Not when empty.
  const Item& AtOrAfter(int64_t at_ms) const {
    auto it = items_.lower_bound(Item{at_ms, 0});
    return it == items_.end() ? *items_.begin() : *it;
  }
  const Item& Last() const { return *items_.rbegin(); }
  void Clear() { items_.clear(); }
  void Swap(ExpiryIndex& other) { items_.swap(other.items_); }

 private:
  absl::btree_set<Item> items_;
};

}  // namespace basalt
