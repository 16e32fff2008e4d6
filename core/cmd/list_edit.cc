// List commands that change elements anywhere in the list.

#include "core/cmd/arguments.h"
#include "core/cmd/list_handlers.h"
#include "core/value/list.h"

namespace basalt {

void LsetCommand(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.Error(errors::kNoKey);
  int64_t index;
  if (!IntegerArg(ctx, 2, &index)) return;
  if (!e->list()->Set(index, ctx.args[3])) return ctx.reply.Error(errors::kOutOfRange);
  ctx.Changed(key);
  ctx.reply.Ok();
}

void LinsertCommand(CommandContext& ctx) {
  const bool before = Is(ctx.args[2], "before");
  if (!before && !Is(ctx.args[2], "after")) return ReplySyntaxError(ctx);
  const std::string_view key = ctx.args[1], pivot = ctx.args[3], value = ctx.args[4];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  List& list = *e->list();
  if (!(before ? list.InsertBefore(pivot, value) : list.InsertAfter(pivot, value))) {
    return ctx.reply.Integer(-1);
  }
  ctx.Changed(key);
  ctx.reply.Integer(static_cast<int64_t>(list.Size()));
}

void LremCommand(CommandContext& ctx) {
  int64_t count;
  if (!IntegerArg(ctx, 2, &count)) return;
  const std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  const size_t removed = e->list()->Remove(count, ctx.args[3]);
  if (removed > 0) {
    if (e->list()->Size() == 0) ctx.DbOf(key).DeleteEntry(e);
    ctx.Changed(key, static_cast<int>(removed));
  }
  ctx.reply.Integer(static_cast<int64_t>(removed));
}

void LtrimCommand(CommandContext& ctx) {
  int64_t first, last;
  if (!IntegerArg(ctx, 2, &first) || !IntegerArg(ctx, 3, &last)) return;
  const std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.Ok();
  List& list = *e->list();
  size_t removed = list.Size();
  if (ClipRange(static_cast<int64_t>(removed), &first, &last)) {
    const auto kept = static_cast<size_t>(last - first + 1);
    removed -= kept;
    if (removed > 0) list.Trim(static_cast<size_t>(first), kept);
  } else {
    ctx.DbOf(key).DeleteEntry(e);
  }
  if (removed > 0) {
    ctx.Changed(key, static_cast<int>(removed));
  } else {
    // Transactions that watch the key fail, as in Redis; but nothing changed, so there is nothing
    // to log or to wait for.
    ctx.KeyspaceOf(key).TouchWatchers(ctx.db_index(), key);
  }
  ctx.reply.Ok();
}

}  // namespace basalt
