// The handlers of the hash commands, for their rows in hash_commands.cc. Each runs on the thread
// that owns the key.
#pragma once

namespace basalt {

class CommandContext;

// hash_write.cc: those that change fields
void HsetCommand(CommandContext& ctx);
void HmsetCommand(CommandContext& ctx);
void HsetnxCommand(CommandContext& ctx);
void HdelCommand(CommandContext& ctx);
void HincrbyCommand(CommandContext& ctx);
void HincrbyfloatCommand(CommandContext& ctx);

// hash_read.cc: those that answer fields and values
void HgetCommand(CommandContext& ctx);
void HmgetCommand(CommandContext& ctx);
void HexistsCommand(CommandContext& ctx);
void HstrlenCommand(CommandContext& ctx);
void HlenCommand(CommandContext& ctx);
void HgetallCommand(CommandContext& ctx);
void HkeysCommand(CommandContext& ctx);
void HvalsCommand(CommandContext& ctx);

// hash_sample.cc: those that answer some of the fields
void HrandfieldCommand(CommandContext& ctx);
void HscanCommand(CommandContext& ctx);

}  // namespace basalt
