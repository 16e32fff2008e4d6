// INFO stages: what every stage of every shard's tick has taken since the start or CONFIG
// RESETSTAT.
#include <algorithm>

#include "core/base/strings.h"
#include "core/cmd/info_sections.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {

// shard_0_execute:runs=812,cycles=90211733,share=12.31
// Shares are percent of all of the shard's time, asleep or not, so those of a shard add up to 100.
void WriteStages(CommandContext& ctx, std::string* out) {
  World& world = *ctx.world();
  StrAppend(out, "cycles_per_usec:", Fixed(world.CyclesPerMicro(), 3), "\r\n");
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
  }
}

}  // namespace basalt
