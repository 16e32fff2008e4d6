// The commands, by verb group; each group's rows stand in the file named after it. Constant data.
#pragma once

#include <span>

#include "core/shard/command_spec.h"

namespace basalt {

std::span<const CommandSpec> StringCommands();      // string_commands.cc
std::span<const CommandSpec> KeyCommands();         // key_commands.cc
std::span<const CommandSpec> ExpireCommands();      // expire_commands.cc
std::span<const CommandSpec> ScanCommands();        // scan_commands.cc
std::span<const CommandSpec> BitmapCommands();      // bitmap_commands.cc
std::span<const CommandSpec> ConnectionCommands();  // connection_commands.cc
std::span<const CommandSpec> ClientCommands();      // client_commands.cc
std::span<const CommandSpec> ListCommands();        // list_commands.cc
std::span<const CommandSpec> HashCommands();        // hash_commands.cc
std::span<const CommandSpec> SetCommands();         // set_commands.cc
std::span<const CommandSpec> ZSetCommands();        // zset_commands.cc
std::span<const CommandSpec> CommandCommands();     // command_commands.cc
std::span<const CommandSpec> ConfigCommands();      // config_commands.cc
std::span<const CommandSpec> ServerCommands();      // server_commands.cc
std::span<const CommandSpec> ScriptCommands();      // script_commands.cc

}  // namespace basalt
