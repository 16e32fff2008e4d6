// DirtyKeys: for `appendfsync always`, up to which LSN the log must be durable before a key's value
// may be revealed.
//
// A fixed array indexed by key hash; keys that share a cell share the later LSN, so the answer can
// be too late, never too early. There are so many cells that few do: with 50 clients that pipeline
// 16 SETs each, up to 1,600 keys wait for the disk, and of the reads of clean keys one in 40 waits
// with them. (With 4,096 cells it was one in three; many more cells would be cache misses.) Nothing
// is allocated until Enable. Owned by the shard's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace basalt {

class DirtyKeys {
 public:
  static constexpr size_t kCells = 1 << 16;  // half a megabyte

  void Enable() { cells_.assign(kCells, 0); }
  void Disable() {
    cells_ = {};
    frozen_ = {};
    frozen_count_ = 0;
  }
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
  // 0: on nothing. The largest there is: it must not be revealed at all just now.
  Lsn DependsOn(uint64_t hash) const {
    if (!enabled()) return Lsn(0);
    if (__builtin_expect(frozen_count_ != 0, 0) && frozen_[hash % kCells] != 0)
      return Lsn(~uint64_t{0});
    return Lsn(cells_[hash % kCells]);
  }

  // A frozen cell's keys must not be revealed, whatever becomes durable here, until it has been
  // thawed as often.
  static uint32_t CellOf(uint64_t hash) { return static_cast<uint32_t>(hash % kCells); }
  bool any_frozen() const { return frozen_count_ != 0; }
  void Freeze(uint32_t cell) {
    if (!enabled()) return;
    if (frozen_.empty()) frozen_.assign(kCells, 0);
    ++frozen_[cell];
    ++frozen_count_;
  }
  void Thaw(uint32_t cell) {
    if (frozen_.empty() || frozen_[cell] == 0) return;  // was disabled meanwhile
    --frozen_[cell];
    --frozen_count_;
  }
  // The cells of keys whose newest record ends at `lsn`.
  std::vector<uint32_t> CellsWrittenAt(Lsn lsn) const {
    std::vector<uint32_t> cells;
    for (uint32_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i] == lsn.value) cells.push_back(i);
    }
    return cells;
  }

 private:
  std::vector<uint64_t> cells_;
  std::vector<uint32_t> frozen_;  // by cell: how often; empty while nothing ever was
  uint64_t frozen_count_ = 0;
};

}  // namespace basalt
