#include "core/shard/stage_meter.h"

#include <algorithm>

namespace basalt {

void StageMeter::NoteTick(const Clock& clock) {
  const int64_t cpu_us = clock.ThreadCpuMicros();
  const double used = static_cast<double>(cpu_us - cpu_us_) * per_us_;
  cpu_us_ = cpu_us;
  look_at_ = last_ + static_cast<uint64_t>(kLookMicros * per_us_);

  const uint64_t took = last_ - begun_;
  LongTick tick{.cycles = took,
                .core_cycles = std::min(took, static_cast<uint64_t>(std::max(0.0, used)))};
  for (size_t s = 0; s < kStages; ++s) {
    const uint64_t grown = std::min(took, of_[s].cycles - seen_[s]);
    seen_[s] = of_[s].cycles;
    if (grown <= tick.stage_cycles || static_cast<Stage>(s) == Stage::kSleep) continue;
    tick.stage = static_cast<Stage>(s);
    tick.stage_cycles = grown;
  }
  if (tick.cycles > longest_.cycles) longest_ = tick;
  if (tick.core_cycles > longest_on_core_.core_cycles) longest_on_core_ = tick;
}

}  // namespace basalt
