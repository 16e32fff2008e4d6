// Reads ahead for a row of lookups: of a group of keys first every bucket, then every entry, then
// the ends of the entries, so that their cache misses overlap. These are loads, not prefetches
// (core/base/touch.h). A load that misses holds up the retirement of all that comes behind it, and
// the processor looks no more than some hundreds of instructions ahead: so all addresses of a step
// are worked out first, and the loads follow one another closely.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/touch.h"
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
    std::array<Db::Probe, kGroup> probes;
    std::array<const void*, kGroup> reads;
    const size_t n = std::min(count - next, kGroup);
    const auto step = [&](auto&& read_of) {
      for (size_t i = 0; i < n; ++i) reads[i] = read_of(i);
      for (size_t i = 0; i < n; ++i) Touch(reads[i]);
    };
    step([&](size_t i) {
      const Key key = key_of(next + i);
      return probes[i].First(key.db->table(), key.hash);
    });
    step([&](size_t i) { return probes[i].Second(); });
    step([&](size_t i) { return probes[i].Third(); });
    step([&](size_t i) -> const void* {
      const Entry* e = probes[i].element();
      return e != nullptr ? e->LastByte() : nullptr;
    });
    read_ = next + n;
  }

 private:
  size_t read_ = 0;
};

}  // namespace basalt
