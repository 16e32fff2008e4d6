// The handlers of the server group, by file. `kHome` or `kAllShards` as their rows in
// server_commands.cc say.
#pragma once

#include "core/shard/command_spec.h"

namespace basalt {

// server_persistence.cc
void SaveCommand(CommandContext& ctx);
void BgsaveCommand(CommandContext& ctx);
void BgrewriteaofCommand(CommandContext& ctx);
void LastsaveCommand(CommandContext& ctx);
void ShutdownCommand(CommandContext& ctx);

// server_cluster_commands.cc
std::span<const CommandSpec> ClusterSubcommands();

// server_memory.cc
std::span<const CommandSpec> MemorySubcommands();

// server_slowlog.cc
std::span<const CommandSpec> SlowlogSubcommands();
std::span<const CommandSpec> LatencySubcommands();

// debug_commands.cc
void DebugCommand(CommandContext& ctx);
bool DebugRunsAtHome(Args args);

}  // namespace basalt
