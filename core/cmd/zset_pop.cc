// Sorted set commands that take members off the ends.

#include <algorithm>

#include "core/cmd/zset_handlers.h"
#include "core/cmd/zset_ops.h"

namespace basalt {
namespace {

void Pop(CommandContext& ctx, ScoreEnd end) {
  if (ctx.args.size() > 3) return ReplySyntaxError(ctx);
  const bool several = ctx.args.size() == 3;
  int64_t count = 1;
  if (several && !IntegerArgIn(ctx, 2, 0, INT64_MAX, &count, errors::kMustBePositive)) return;

  const std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kZSet, &e)) return;
  if (e == nullptr || count == 0) return ctx.reply.EmptyArray();
  const size_t taken = std::min(static_cast<size_t>(count), e->zset()->Size());
  const ScoredForm form = several ? ScoredFormOf(ctx.reply, true) : ScoredForm::kFlat;
  PopScored(ctx, key, e, end, taken, ScoredReplies(ctx.reply, taken, form));
}

}  // namespace

void ZpopminCommand(CommandContext& ctx) { Pop(ctx, ScoreEnd::kMin); }
void ZpopmaxCommand(CommandContext& ctx) { Pop(ctx, ScoreEnd::kMax); }

void ZmpopCommand(CommandContext& ctx) {
  ScoredMultiPop pop;
  if (!ParseScoredMultiPop(ctx, 1, &pop)) return;
  if (!PopScoredFromFirst(ctx, pop)) ctx.reply.NullArray();
}

}  // namespace basalt
