// The handlers of the commands on keys of any type, for their rows in key_commands.cc,
// expire_commands.cc and scan_commands.cc. Each runs on the thread that owns the keys, or has
// borrowed them.
#pragma once

namespace basalt {

class CommandContext;

// key_basic.cc
void DelCommand(CommandContext& ctx);
void ExistsCommand(CommandContext& ctx);
void TypeCommand(CommandContext& ctx);
void TouchCommand(CommandContext& ctx);

// key_move.cc
void RenameCommand(CommandContext& ctx);
void RenamenxCommand(CommandContext& ctx);
void CopyCommand(CommandContext& ctx);
void MoveCommand(CommandContext& ctx);

// key_object.cc
void ObjectCommand(CommandContext& ctx);  // OBJECT alone
void ObjectEncodingCommand(CommandContext& ctx);
void ObjectFreqCommand(CommandContext& ctx);
void ObjectHelpCommand(CommandContext& ctx);
void ObjectIdletimeCommand(CommandContext& ctx);
void ObjectRefcountCommand(CommandContext& ctx);

// key_dump.cc
void DumpCommand(CommandContext& ctx);
void RestoreCommand(CommandContext& ctx);

// key_flush.cc: whole databases
void SwapdbCommand(CommandContext& ctx);
void FlushdbCommand(CommandContext& ctx);
void FlushallCommand(CommandContext& ctx);

// key_sort.cc
void SortCommand(CommandContext& ctx);

}  // namespace basalt
