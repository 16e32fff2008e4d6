// The table of all commands, from the groups in core/cmd/groups.h and those of core/tx. Built at
// the first call, before the shards run; only read afterwards, by every shard.
#pragma once

#include "core/shard/command_spec.h"

namespace basalt {

const CommandTable& AllCommands();

}  // namespace basalt
