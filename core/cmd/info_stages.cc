// INFO stages: what every stage of every shard's tick has taken since the start or CONFIG
// RESETSTAT, and the longest ticks.
#include <algorithm>
#include <string_view>

#include "core/base/strings.h"
#include "core/cmd/info_sections.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

// shard_0_longest_tick:usec=5301,core_usec_max=412,stage=idle,stage_usec_max=5120
void WriteLongTick(uint32_t shard, std::string_view name, const StageMeter::LongTick& tick,
                   double per_us, std::string* out) {
  const auto us = [&](uint64_t cycles) {
    return static_cast<uint64_t>(static_cast<double>(cycles) / per_us);
  };
  StrAppend(out, "shard_", shard, "_", name, ":usec=", us(tick.cycles),
            ",core_usec_max=", us(tick.core_cycles), ",stage=", NameOf(tick.stage),
            ",stage_usec_max=", us(tick.stage_cycles), "\r\n");
}

}  // namespace

// shard_0_execute:runs=812,cycles=90211733,share=12.31
// Shares are percent of all of the shard's time, asleep or not, so those of a shard add up to 100.
void WriteStages(CommandContext& ctx, std::string* out) {
  World& world = *ctx.world();
  const double per_us = world.CyclesPerMicro();
  StrAppend(out, "cycles_per_usec:", Fixed(per_us, 3), "\r\n");
  for (uint32_t i = 0; i < world.shard_count(); ++i) {
    const StageMeter& meter = world.shard(i).stages();
    const double total = static_cast<double>(std::max<uint64_t>(1, meter.TotalCycles()));
    for (size_t s = 0; s < kStages; ++s) {
      const Stage stage = static_cast<Stage>(s);
      const StageMeter::Figures& f = meter.of(stage);
      const double share = static_cast<double>(f.cycles) / total * 100;
      StrAppend(out, "shard_", i, "_", NameOf(stage), ":runs=", f.runs, ",cycles=", f.cycles,
                ",share=", Fixed(share), "\r\n");
    }
    WriteLongTick(i, "longest_tick", meter.longest(), per_us, out);
    WriteLongTick(i, "longest_tick_on_core", meter.longest_on_core(), per_us, out);
  }
}

}  // namespace basalt
