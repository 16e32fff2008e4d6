// Where a shard's time goes: cycles and runs of every stage of its tick (INFO stages).
//
// The tick says at the end of a stage whose the time since the last such moment was: one read of
// the cycle counter per stage, and no moment belongs to two stages or to none. A stage that found
// nothing to do may leave its few cycles to the next one; then its `runs` are the ticks in which
// it had work.
//
// Owner: the shard's thread; others read, and reset, while it stands parked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/cycles.h"
#include "core/base/ids.h"
#include "core/base/probe.h"

namespace basalt {

// In the order of a tick. The numbers are seen by tracers (bench/README.md).
enum class Stage : uint8_t {
  kReap,        // the ring, without waiting: submissions, completions
  kSleep,       // the ring, waiting; the kernel's work just before and after is in it
  kDrain,       // messages of other shards are taken; the tick's time and epoch are read
  kReceive,     // and route: requests are parsed, batches for other shards leave
  kServe,       // what the messages ask for, and what had waited for a key
  kPark,        // standing still for another shard, or running the section while others stand
  kExecute,     // own commands
  kCoordinate,  // transactions over several shards
  kCommit,      // the log
  kReply,       // answers leave
  kIdle,        // expiry, lazy free, loading, housekeeping
  kCount
};
inline constexpr size_t kStages = static_cast<size_t>(Stage::kCount);

constexpr std::string_view NameOf(Stage stage) {
  constexpr std::string_view kNames[kStages] = {"reap",   "sleep", "drain",   "receive",
                                                "serve",  "park",  "execute", "coordinate",
                                                "commit", "reply", "idle"};
  return kNames[static_cast<size_t>(stage)];
}

class StageMeter {
 public:
  struct Figures {
    uint64_t cycles = 0;
    uint64_t runs = 0;
  };

  explicit StageMeter(ShardId shard) : shard_(shard) {}

  // The time since the last call was this stage's.
  void Passed(Stage stage) {
    const uint64_t now = Cycles();
    const uint64_t took = now - last_;
    last_ = now;
    Figures& f = of_[static_cast<size_t>(stage)];
    f.cycles += took;
    ++f.runs;
    BASALT_PROBE3(stage__end, shard_.value, static_cast<int>(stage), took);
  }
  // Counts anew from now on.
  void Reset() {
    for (Figures& f : of_) f = {};
    last_ = Cycles();
  }

  const Figures& of(Stage stage) const { return of_[static_cast<size_t>(stage)]; }
  // Since the reset, up to the last call of Passed.
  uint64_t TotalCycles() const {
    uint64_t sum = 0;
    for (const Figures& f : of_) sum += f.cycles;
    return sum;
  }

 private:
  Figures of_[kStages];
  uint64_t last_ = Cycles();
  const ShardId shard_;
};

}  // namespace basalt
