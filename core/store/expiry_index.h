// ExpiryIndex: the keys of one database that expire, by time, so that active expiry takes exactly
// the due ones. An element is (time, key hash): 16 bytes whatever the key. Owned by the Db's
// thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/container/btree_set.h"
#include "core/base/random.h"
#include "core/base/slab.h"

namespace basalt {

class ExpiryIndex {
 public:
  struct Item {
    int64_t at_ms;
    uint64_t hash;
    auto operator<=>(const Item&) const = default;
  };

  void Add(int64_t at_ms, uint64_t hash) {
    if (items_.insert(Item{at_ms, hash}).second) sum_ms_ += at_ms;
  }
  void Remove(int64_t at_ms, uint64_t hash) {
    if (items_.erase(Item{at_ms, hash}) > 0) sum_ms_ -= at_ms;
  }

  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  // The item due first; not when empty.
  const Item& First() const { return *items_.begin(); }
  // An item beside a random moment, for volatile-* eviction: an item's chance follows the gaps
  // around it. Not when empty.
  const Item& RandomItem(Random& random) const {
    uint64_t range = static_cast<uint64_t>(Last().at_ms - First().at_ms) + 1;
    int64_t at_ms = First().at_ms + static_cast<int64_t>(random.Below(range));
    auto it = items_.lower_bound(Item{at_ms, random.Next()});
    bool before = it == items_.end() || (it != items_.begin() && random.Below(2) == 0);
    return before ? *std::prev(it) : *it;
  }
  const Item& Last() const { return *items_.rbegin(); }
  // The first `n` items, or all if there are fewer. Returns how many.
  size_t FirstItems(Item* out, size_t n) const {
    size_t i = 0;
    for (auto it = items_.begin(); i < n && it != items_.end(); ++it) out[i++] = *it;
    return i;
  }
  // The mean of all expiry times; 0 when empty.
  int64_t MeanMs() const {
    return empty() ? 0 : static_cast<int64_t>(sum_ms_ / static_cast<int64_t>(size()));
  }
  // Drops up to `max` items and returns how many: how a database that was cleared gives its index
  // back in slices.
  size_t FreeSome(size_t max) {
    size_t n = std::min(max, items_.size());
    items_.erase(items_.begin(), std::next(items_.begin(), static_cast<ptrdiff_t>(n)));
    if (items_.empty()) sum_ms_ = 0;
    return n;
  }
  // Takes time in proportion to the size; where that matters, FreeSome.
  void Clear() {
    items_.clear();
    sum_ms_ = 0;
  }
  void Swap(ExpiryIndex& other) {
    items_.swap(other.items_);
    std::swap(sum_ms_, other.sum_ms_);
  }

 private:
  // In slabs: when very many keys expire at once, the index leaves in order, page after page.
  absl::btree_set<Item, std::less<Item>, BlockAllocator<Item>> items_;
  __int128 sum_ms_ = 0;
};

}  // namespace basalt
