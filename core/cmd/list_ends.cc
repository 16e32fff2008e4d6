// Pushing, popping and moving: list commands that work at the ends.

#include "core/cmd/arguments.h"
#include "core/cmd/list_handlers.h"
#include "core/cmd/list_ops.h"

namespace basalt {
namespace {

void PushValues(CommandContext& ctx, List& list, ListEnd end) {
  for (size_t i = 2; i < ctx.args.size(); ++i) PushTo(list, end, ctx.args[i]);
  ctx.Changed(ctx.args[1], static_cast<int>(ctx.args.size() - 2));
  ctx.reply.Integer(static_cast<int64_t>(list.Size()));
}

void Push(CommandContext& ctx, ListEnd end) {
  List* list = FindOrAdd<List>(ctx, ctx.args[1], ValueType::kList);
  if (list != nullptr) PushValues(ctx, *list, end);
}

void PushIfThere(CommandContext& ctx, ListEnd end) {
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  PushValues(ctx, *e->list(), end);
}

void Pop(CommandContext& ctx, ListEnd end) {
  if (ctx.args.size() > 3) return ReplyWrongArity(ctx);
  const bool several = ctx.args.size() == 3;
  int64_t count = 1;
  if (several && !IntegerArgIn(ctx, 2, 0, INT64_MAX, &count, errors::kMustBePositive)) return;

  const std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kList, &e)) return;
  if (e == nullptr) return several ? ctx.reply.NullArray() : ctx.reply.Null();
  if (!several) return PopOne(ctx, key, e, end);
  if (count == 0) return ctx.reply.EmptyArray();
  PopSeveral(ctx, key, e, end, static_cast<size_t>(count));
}

}  // namespace

void LpushCommand(CommandContext& ctx) { Push(ctx, ListEnd::kHead); }
void RpushCommand(CommandContext& ctx) { Push(ctx, ListEnd::kTail); }
void LpushxCommand(CommandContext& ctx) { PushIfThere(ctx, ListEnd::kHead); }
void RpushxCommand(CommandContext& ctx) { PushIfThere(ctx, ListEnd::kTail); }
void LpopCommand(CommandContext& ctx) { Pop(ctx, ListEnd::kHead); }
void RpopCommand(CommandContext& ctx) { Pop(ctx, ListEnd::kTail); }

void LmoveCommand(CommandContext& ctx) {
  ListEnd from, to;
  if (!ListEndArg(ctx, 3, &from) || !ListEndArg(ctx, 4, &to)) return;
  MoveElement(ctx, ctx.args[1], ctx.args[2], from, to);
}

void RpoplpushCommand(CommandContext& ctx) {
  MoveElement(ctx, ctx.args[1], ctx.args[2], ListEnd::kTail, ListEnd::kHead);
}

void LmpopCommand(CommandContext& ctx) {
  MultiPop pop;
  if (!ParseMultiPop(ctx, 1, &pop)) return;
  if (!PopFromFirst(ctx, pop)) ctx.reply.NullArray();
}

}  // namespace basalt
