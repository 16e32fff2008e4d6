// The handlers of the string commands, for their rows in string_commands.cc. Each runs on the
// thread that owns the keys.
#pragma once

namespace basalt {

class CommandContext;

// string_set.cc: those that replace whole values
void SetCommand(CommandContext& ctx);
void SetnxCommand(CommandContext& ctx);
void SetexCommand(CommandContext& ctx);
void PsetexCommand(CommandContext& ctx);
void GetsetCommand(CommandContext& ctx);
void MsetCommand(CommandContext& ctx);
void MsetnxCommand(CommandContext& ctx);

// string_get.cc: those that answer values
void GetCommand(CommandContext& ctx);
void GetdelCommand(CommandContext& ctx);
void GetexCommand(CommandContext& ctx);
void MgetCommand(CommandContext& ctx);
void StrlenCommand(CommandContext& ctx);
void GetrangeCommand(CommandContext& ctx);

// string_edit.cc: those that change values in place
void AppendCommand(CommandContext& ctx);
void SetrangeCommand(CommandContext& ctx);
void IncrCommand(CommandContext& ctx);
void DecrCommand(CommandContext& ctx);
void IncrbyCommand(CommandContext& ctx);
void DecrbyCommand(CommandContext& ctx);
void IncrbyfloatCommand(CommandContext& ctx);

// string_lcs.cc
void LcsCommand(CommandContext& ctx);

}  // namespace basalt
