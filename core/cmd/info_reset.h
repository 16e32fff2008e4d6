// CONFIG RESETSTAT. Every shard is parked.
#pragma once

#include "core/shard/command_context.h"

namespace basalt {

void ResetStatistics(CommandContext& ctx);

}  // namespace basalt
