// FUNCTION's subcommands; its container is a row of script_commands.cc.
#pragma once

#include <span>

#include "core/shard/command_spec.h"

namespace basalt {

std::span<const CommandSpec> FunctionSubcommands();  // function_commands.cc

}  // namespace basalt
