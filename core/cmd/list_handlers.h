// The handlers of the list commands, for their rows in list_commands.cc. Each runs on the thread
// that owns the keys.
#pragma once

namespace basalt {

class CommandContext;

// list_ends.cc: those that work at the ends
void LpushCommand(CommandContext& ctx);
void RpushCommand(CommandContext& ctx);
void LpushxCommand(CommandContext& ctx);
void RpushxCommand(CommandContext& ctx);
void LpopCommand(CommandContext& ctx);
void RpopCommand(CommandContext& ctx);
void LmoveCommand(CommandContext& ctx);
void RpoplpushCommand(CommandContext& ctx);
void LmpopCommand(CommandContext& ctx);

// list_blocking.cc: those that wait for elements
void BlpopCommand(CommandContext& ctx);
void BrpopCommand(CommandContext& ctx);
void BlmoveCommand(CommandContext& ctx);
void BrpoplpushCommand(CommandContext& ctx);
void BlmpopCommand(CommandContext& ctx);

// list_read.cc: those that answer elements and positions
void LlenCommand(CommandContext& ctx);
void LrangeCommand(CommandContext& ctx);
void LindexCommand(CommandContext& ctx);
void LposCommand(CommandContext& ctx);

// list_edit.cc: those that change elements anywhere
void LsetCommand(CommandContext& ctx);
void LinsertCommand(CommandContext& ctx);
void LremCommand(CommandContext& ctx);
void LtrimCommand(CommandContext& ctx);

}  // namespace basalt
