// Sorted set commands that wait for members. The log gets what they did, in words that never wait.

#include "core/cmd/blocking_ops.h"
#include "core/cmd/zset_handlers.h"
#include "core/cmd/zset_ops.h"

namespace basalt {
namespace {

void BlockingPop(CommandContext& ctx, ScoreEnd end) {
  const size_t n = ctx.args.size() - 2;
  int64_t timeout_ms;
  if (!TimeoutArg(ctx, n + 1, &timeout_ms)) return;
  const Args keys{ctx.args.v + 1, n};
  for (std::string_view key : keys) {
    Entry* e;
    if (!FindToTake(ctx, key, ValueType::kZSet, &e)) return;
    if (e == nullptr) continue;
    ctx.reply.Array(3);
    ctx.reply.Bulk(key);
    PopScored(ctx, key, e, end, 1, [&](std::string_view member, double score) {
      ctx.reply.Bulk(member);
      ctx.reply.Double(score);
    });
    return ctx.LogInstead({end == ScoreEnd::kMin ? "ZPOPMIN" : "ZPOPMAX", key});
  }
  if (!ctx.Block(ValueType::kZSet, keys, timeout_ms)) ctx.reply.NullArray();
}

}  // namespace

void BzpopminCommand(CommandContext& ctx) { BlockingPop(ctx, ScoreEnd::kMin); }
void BzpopmaxCommand(CommandContext& ctx) { BlockingPop(ctx, ScoreEnd::kMax); }

void BzmpopCommand(CommandContext& ctx) {
  ScoredMultiPop pop;
  int64_t timeout_ms;
  if (!ParseScoredMultiPop(ctx, 2, &pop) || !TimeoutArg(ctx, 1, &timeout_ms)) return;
  if (PopScoredFromFirst(ctx, pop)) return;
  if (!ctx.Block(ValueType::kZSet, pop.keys, timeout_ms)) ctx.reply.NullArray();
}

}  // namespace basalt
