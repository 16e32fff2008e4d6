// The epochs in which a shard has promised transactions a place in its log that they have not used
// yet. The transaction's epoch is read by its coordinator after the promise, so it is not below the
// one of the promise: while promises are open, nothing from the oldest one's epoch on may be called
// complete. Owner: the shard's thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/ids.h"
#include "core/base/ring_deque.h"

namespace basalt {

class EpochFloor {
 public:
  // A promise made in `epoch`, which is not below that of any promise before.
  void Hold(Epoch epoch) {
    if (open_.empty() || open_.back().epoch != epoch) open_.push_back({epoch, 0});
    ++open_.back().count;
  }
  // That promise was used, or is no longer wanted.
  void Drop(Epoch epoch) {
    size_t i = 0;
    while (open_[i].epoch != epoch) ++i;
    --open_[i].count;
    while (!open_.empty() && open_.front().count == 0) open_.pop_front();
  }
  // The newest epoch that may be called complete when `epoch` is the first that may not anyway.
  Epoch CompleteBelow(Epoch epoch) const {
    if (!open_.empty() && open_.front().epoch < epoch) epoch = open_.front().epoch;
    return Epoch(epoch.value - 1);
  }

 private:
  struct Open {
    Epoch epoch;
    uint32_t count = 0;
  };
  RingDeque<Open> open_;  // in order of epoch
};

}  // namespace basalt
