// FLUSHDB, FLUSHALL and SWAPDB: whole databases, on all shards at once. Emptying takes no time,
// whatever there was: the old tables are freed in slices afterwards, so ASYNC and SYNC are the
// same.

#include "core/cmd/arguments.h"
#include "core/cmd/key_handlers.h"

namespace basalt {
namespace {

bool FlushOptionsFit(CommandContext& ctx) {
  const Args& args = ctx.args;
  if (args.size() == 1) return true;
  if (args.size() == 2 && (Is(args[1], "ASYNC") || Is(args[1], "SYNC"))) return true;
  ReplySyntaxError(ctx);
  return false;
}

}  // namespace

void FlushdbCommand(CommandContext& ctx) {
  if (!FlushOptionsFit(ctx)) return;
  size_t deleted = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) { deleted += keyspace.db(ctx.db_index()).Clear(); });
  ctx.ChangedEverything(static_cast<int64_t>(deleted));
  ctx.reply.Ok();
}

void FlushallCommand(CommandContext& ctx) {
  if (!FlushOptionsFit(ctx)) return;
  size_t deleted = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) { deleted += keyspace.Clear(); });
  ctx.ChangedEverything(static_cast<int64_t>(deleted));
  ctx.reply.Ok();
}

void SwapdbCommand(CommandContext& ctx) {
  int64_t a, b;
  if (!IntArg(ctx, 1, &a, errors::kFirstDb) || !IntArg(ctx, 2, &b, errors::kSecondDb)) return;
  int64_t databases = ctx.local().databases();
  if (a < 0 || b < 0 || a >= databases || b >= databases)
    return ctx.reply.Error(errors::kDbOutOfRange);
  DbIndex first(static_cast<uint8_t>(a)), second(static_cast<uint8_t>(b));
  if (first != second)
    ctx.ForEachKeyspace([&](Keyspace& keyspace) { keyspace.SwapDbs(first, second); });
  ctx.ChangedEverything(1);
  ctx.reply.Ok();
}

}  // namespace basalt
