// The handlers of the set commands, for their rows in set_commands.cc. Each runs on the thread that
// owns the keys.
#pragma once

namespace basalt {

class CommandContext;

// set_members.cc: those that add, remove, test and list members
void SaddCommand(CommandContext& ctx);
void SremCommand(CommandContext& ctx);
void SmoveCommand(CommandContext& ctx);
void SismemberCommand(CommandContext& ctx);
void SmismemberCommand(CommandContext& ctx);
void SmembersCommand(CommandContext& ctx);
void ScardCommand(CommandContext& ctx);
void SscanCommand(CommandContext& ctx);

// set_random.cc: those that draw members
void SpopCommand(CommandContext& ctx);
void SrandmemberCommand(CommandContext& ctx);

// set_combine.cc: intersections, unions and differences
void SinterCommand(CommandContext& ctx);
void SinterstoreCommand(CommandContext& ctx);
void SintercardCommand(CommandContext& ctx);
void SunionCommand(CommandContext& ctx);
void SunionstoreCommand(CommandContext& ctx);
void SdiffCommand(CommandContext& ctx);
void SdiffstoreCommand(CommandContext& ctx);

}  // namespace basalt
