// Reads ahead for a row of lookups: of a group of keys first every bucket, then every entry, so
// that their cache misses overlap. These are loads, not prefetches (HashTable), so a group is no
// larger than what the processor holds in flight.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/store/db.h"

namespace basalt {

class ReadAhead {
 public:
  static constexpr size_t kGroup = 16;
  struct Key {
    const Db* db;
    uint64_t hash;
  };

  // Item `next` of `count` comes now; `key_of(i)` is the Key of item i. What was passed over is
  // left out.
  template <class KeyOf>
  void Before(size_t next, size_t count, KeyOf&& key_of) {
    if (next < read_) return;
    std::array<Key, kGroup> keys;
    const size_t n = std::min(count - next, kGroup);
    for (size_t i = 0; i < n; ++i) {
      keys[i] = key_of(next + i);
      keys[i].db->Prefetch(keys[i].hash);
    }
    for (size_t i = 0; i < n; ++i) keys[i].db->PrefetchEntry(keys[i].hash);
    read_ = next + n;
  }

 private:
  size_t read_ = 0;
};

}  // namespace basalt
