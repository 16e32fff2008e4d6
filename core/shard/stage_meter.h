// Where a shard's time goes: cycles and runs of every stage of its tick, and the longest tick (INFO
// stages).
//
// The tick says at the end of a stage whose the time since the last such moment was: one read of
// the cycle counter per stage, and no moment belongs to two stages or to none. A stage that found
// nothing to do may leave its few cycles to the next one; then its `runs` are the ticks in which
// it had work.
//
// A tick lasts from the end of the one before to its own, without the sleep that it may begin with:
// so long a client can have waited for the shard to come round. Was the thread on a core all that
// time, and what took it? To ask the kernel costs a system call, and to keep every tick's stages
// apart would cost every tick something. So the tick that ends kLookMicros or more after the last
// look is looked at, hence every tick longer than that; what is found has grown since that last
// look, less than kLookMicros of it before the tick began, and is therefore told as "at most".
//
// Owner: the shard's thread; others read, and reset, while it stands parked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/clock.h"
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

  struct LongTick {
    uint64_t cycles = 0;
    uint64_t core_cycles = 0;  // of them with the thread on a core, at most; 0 without such a clock
    Stage stage = Stage::kReap;  // that took longest in it ...
    uint64_t stage_cycles = 0;   // ... so long
  };
  static constexpr int64_t kLookMicros = 250;

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
  // The time since the last call of Passed was the tick's sleep, which is not part of it.
  void Slept() {
    Passed(Stage::kSleep);
    begun_ = last_;
  }
  // The last call of Passed was the end of a tick.
  void EndTick(const Clock& clock) {
    if (__builtin_expect(last_ >= look_at_ || last_ - begun_ > longest_.cycles, 0)) NoteTick(clock);
    begun_ = last_;
  }
  // Turns kLookMicros into cycles. Until it is known every tick is looked at.
  void SetCyclesPerMicro(double cycles) { per_us_ = cycles; }
  // Counts anew from now on.
  void Reset() {
    for (Figures& f : of_) f = {};
    for (uint64_t& cycles : seen_) cycles = 0;
    longest_ = longest_on_core_ = {};
    last_ = begun_ = Cycles();
  }

  const Figures& of(Stage stage) const { return of_[static_cast<size_t>(stage)]; }
  // Since the reset: the longest tick, and the one that used most of a core.
  const LongTick& longest() const { return longest_; }
  const LongTick& longest_on_core() const { return longest_on_core_; }
  // Since the reset, up to the last call of Passed.
  uint64_t TotalCycles() const {
    uint64_t sum = 0;
    for (const Figures& f : of_) sum += f.cycles;
    return sum;
  }

 private:
  void NoteTick(const Clock& clock);

  Figures of_[kStages];
  uint64_t last_ = Cycles();
  uint64_t begun_ = last_;       // the tick
  uint64_t look_at_ = 0;         // the first tick that ends then or later is looked at
  uint64_t seen_[kStages] = {};  // each stage's cycles at the last look ...
  int64_t cpu_us_ = 0;           // ... and what the thread had used of a core
  double per_us_ = 0;
  LongTick longest_, longest_on_core_;
  const ShardId shard_;
};

}  // namespace basalt
