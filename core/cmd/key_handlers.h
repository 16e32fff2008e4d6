// The handlers of the commands on keys of any type, for their rows in key_commands.cc. Each runs on the thread that owns the keys.
#pragma once

namespace basalt {

class CommandContext;

// key_basic.cc
void DelCommand(CommandContext& ctx);
void ExistsCommand(CommandContext& ctx);
void TypeCommand(CommandContext& ctx);
void TouchCommand(CommandContext& ctx);

}  // namespace basalt
