// The commands, by verb group; each group's rows stand in the file named after it. Constant data.
#pragma once

#include <span>

#include "core/shard/command_spec.h"

namespace basalt {

std::span<const CommandSpec> StringCommands();  // string_commands.cc
std::span<const CommandSpec> KeyCommands();     // key_commands.cc
std::span<const CommandSpec> ListCommands();    // list_commands.cc
std::span<const CommandSpec> HashCommands();    // hash_commands.cc
std::span<const CommandSpec> SetCommands();     // set_commands.cc

}  // namespace basalt
