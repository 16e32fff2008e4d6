// What the rows of EVAL, SCRIPT and FUNCTION share.
#pragma once

#include <span>

#include "core/shard/command_spec.h"

namespace basalt {

std::span<const CommandSpec>
FunctionSubcommands();  // function_commands.cc; the container is a row of script_commands.cc

// SCRIPT KILL and FUNCTION KILL.
void EndBusyScript(CommandContext& ctx, bool functions);

}  // namespace basalt
