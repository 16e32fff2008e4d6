// DirtyKeys: for `appendfsync always`, up to which LSN the log must be durable before a key's value may be revealed.
//
// A fixed array indexed by key hash; keys that share a cell share the later LSN, so the answer can be too late, never too early.
// Nothing is allocated until Enable. Owned by the shard's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace basalt {

class DirtyKeys {
 public:
  static constexpr size_t kCells = 4096;

  void Enable() { cells_.assign(kCells, 0); }
  void Disable() { cells_ = {}; }
  bool enabled() const { return !cells_.empty(); }

  // The key's newest record ends at `lsn`; LSNs never go back.
  void MarkWritten(uint64_t hash, Lsn lsn) {
    if (!enabled()) return;
    uint64_t& cell = cells_[hash % kCells];
    cell = std::max(cell, lsn.value);
  }
  // All keys do (FLUSHALL).
  void MarkAllWritten(Lsn lsn) {
    for (uint64_t& cell : cells_) cell = std::max(cell, lsn.value);
  }
  // 0: on nothing.
  Lsn DependsOn(uint64_t hash) const { return Lsn(enabled() ? cells_[hash % kCells] : 0); }

 private:
  std::vector<uint64_t> cells_;
};

}  // namespace basalt
