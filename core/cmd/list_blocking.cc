// List commands that wait for elements. The log gets what they did, in words that never wait.

#include "core/cmd/blocking_ops.h"
#include "core/cmd/list_handlers.h"
#include "core/cmd/list_ops.h"

namespace basalt {
namespace {

void BlockingPop(CommandContext& ctx, ListEnd end) {
  const size_t n = ctx.args.size() - 2;
  int64_t timeout_ms;
  if (!TimeoutArg(ctx, n + 1, &timeout_ms)) return;
  const Args keys{ctx.args.v + 1, n};
  for (std::string_view key : keys) {
    Entry* e;
    if (!FindToTake(ctx, key, ValueType::kList, &e)) return;
    if (e == nullptr) continue;
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    PopOne(ctx, key, e, end);
    return ctx.LogInstead({end == ListEnd::kHead ? "LPOP" : "RPOP", key});
  }
  if (!ctx.Block(ValueType::kList, keys, timeout_ms)) ctx.reply.NullArray();
}

// Waits for the source only; a target of another type is an error when there is something to move.
// False: nothing was moved.
bool Move(CommandContext& ctx, ListEnd from, ListEnd to, int64_t timeout_ms) {
  const std::string_view source = ctx.args[1];
  Entry* e;
  if (!FindToTake(ctx, source, ValueType::kList, &e)) return false;
  if (e == nullptr) {
    if (!ctx.Block(ValueType::kList, {ctx.args.v + 1, 1}, timeout_ms)) ctx.reply.Null();
    return false;
  }
  MoveElement(ctx, source, ctx.args[2], from, to);
  return ctx.changed();
}

}  // namespace

void BlpopCommand(CommandContext& ctx) { BlockingPop(ctx, ListEnd::kHead); }
void BrpopCommand(CommandContext& ctx) { BlockingPop(ctx, ListEnd::kTail); }

void BlmoveCommand(CommandContext& ctx) {
  const Args& args = ctx.args;
  ListEnd from, to;
  int64_t timeout_ms;
  if (!ListEndArg(ctx, 3, &from) || !ListEndArg(ctx, 4, &to)) return;
  if (!TimeoutArg(ctx, 5, &timeout_ms) || !Move(ctx, from, to, timeout_ms)) return;
  ctx.LogInstead({"LMOVE", args[1], args[2], args[3], args[4]});
}

void BrpoplpushCommand(CommandContext& ctx) {
  int64_t timeout_ms;
  if (!TimeoutArg(ctx, 3, &timeout_ms)) return;
  if (!Move(ctx, ListEnd::kTail, ListEnd::kHead, timeout_ms)) return;
  ctx.LogInstead({"RPOPLPUSH", ctx.args[1], ctx.args[2]});
}

void BlmpopCommand(CommandContext& ctx) {
  MultiPop pop;
  int64_t timeout_ms;
  if (!ParseMultiPop(ctx, 2, &pop) || !TimeoutArg(ctx, 1, &timeout_ms)) return;
  if (PopFromFirst(ctx, pop)) return;
  if (!ctx.Block(ValueType::kList, pop.keys, timeout_ms)) ctx.reply.NullArray();
}

}  // namespace basalt
