// The handlers of the sorted set commands, for their rows in zset_commands.cc. Each runs on the
// thread that owns the keys.
#pragma once

namespace basalt {

class CommandContext;

// zset_write.cc: those that add and remove members
void ZaddCommand(CommandContext& ctx);
void ZincrbyCommand(CommandContext& ctx);
void ZremCommand(CommandContext& ctx);
void ZremrangebyrankCommand(CommandContext& ctx);
void ZremrangebyscoreCommand(CommandContext& ctx);
void ZremrangebylexCommand(CommandContext& ctx);

// zset_pop.cc: those that take members off the ends
void ZpopminCommand(CommandContext& ctx);
void ZpopmaxCommand(CommandContext& ctx);
void ZmpopCommand(CommandContext& ctx);

// zset_blocking.cc: those that wait for members
void BzpopminCommand(CommandContext& ctx);
void BzpopmaxCommand(CommandContext& ctx);
void BzmpopCommand(CommandContext& ctx);

// zset_read.cc: those that answer scores, ranks and counts
void ZcardCommand(CommandContext& ctx);
void ZscoreCommand(CommandContext& ctx);
void ZmscoreCommand(CommandContext& ctx);
void ZcountCommand(CommandContext& ctx);
void ZlexcountCommand(CommandContext& ctx);
void ZrankCommand(CommandContext& ctx);
void ZrevrankCommand(CommandContext& ctx);
void ZrandmemberCommand(CommandContext& ctx);
void ZscanCommand(CommandContext& ctx);

// zset_range.cc: those that answer or store a range
void ZrangeCommand(CommandContext& ctx);
void ZrangestoreCommand(CommandContext& ctx);
void ZrevrangeCommand(CommandContext& ctx);
void ZrangebyscoreCommand(CommandContext& ctx);
void ZrevrangebyscoreCommand(CommandContext& ctx);
void ZrangebylexCommand(CommandContext& ctx);
void ZrevrangebylexCommand(CommandContext& ctx);

// zset_combine.cc: unions, intersections and differences
void ZunionCommand(CommandContext& ctx);
void ZunionstoreCommand(CommandContext& ctx);
void ZinterCommand(CommandContext& ctx);
void ZinterstoreCommand(CommandContext& ctx);
void ZintercardCommand(CommandContext& ctx);
void ZdiffCommand(CommandContext& ctx);
void ZdiffstoreCommand(CommandContext& ctx);

}  // namespace basalt
