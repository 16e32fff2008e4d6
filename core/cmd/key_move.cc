// RENAME, RENAMENX, COPY and MOVE.

#include "core/cmd/arguments.h"
#include "core/cmd/key_handlers.h"

namespace basalt {
namespace {

void Rename(CommandContext& ctx, bool only_if_free) {
  std::string_view from = ctx.args[1], to = ctx.args[2];
  Entry* e = ctx.Find(from);
  if (e == nullptr) return ctx.reply.Error(errors::kNoKey);
  bool same = from == to;
  if (!same) {
    if (only_if_free && ctx.Find(to) != nullptr) return ctx.reply.Integer(0);
    ctx.DbOf(from).MoveTo(ctx.DbOf(to), to, e);
    ctx.Changed(from);
    ctx.Changed(to);
  }
  only_if_free ? ctx.reply.Integer(same ? 0 : 1) : ctx.reply.Ok();
}

}  // namespace

void RenameCommand(CommandContext& ctx) { Rename(ctx, /*only_if_free=*/false); }
void RenamenxCommand(CommandContext& ctx) { Rename(ctx, /*only_if_free=*/true); }

void CopyCommand(CommandContext& ctx) {
  std::string_view from = ctx.args[1], to = ctx.args[2];
  DbIndex to_db = ctx.db_index();
  bool replace = false;
  for (size_t i = 3; i < ctx.args.size(); ++i) {
    if (Is(ctx.args[i], "REPLACE")) {
      replace = true;
    } else if (Is(ctx.args[i], "DB") && i + 1 < ctx.args.size()) {
      if (!DbArg(ctx, ++i, &to_db)) return;
    } else {
      return ReplySyntaxError(ctx);
    }
  }
  if (to_db == ctx.db_index() && from == to) return ctx.reply.Error(errors::kSameObject);
  Entry* e = ctx.Find(from);
  CountLookup(ctx, e);
  if (e == nullptr) return ctx.reply.Integer(0);
  Db& target = ctx.DbOf(to, to_db);
  if (!replace && target.Find(to) != nullptr) return ctx.reply.Integer(0);
  ctx.DbOf(from).CopyTo(target, to, e);
  ctx.Changed(to, to_db, 1);
  ctx.reply.Integer(1);
}

void MoveCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  DbIndex to_db;
  if (!DbArg(ctx, 2, &to_db)) return;
  if (to_db == ctx.db_index()) return ctx.reply.Error(errors::kSameObject);
  Entry* e = ctx.Find(key);
  if (e == nullptr) return ctx.reply.Integer(0);
  Db& target = ctx.DbOf(key, to_db);
  if (target.Find(key) != nullptr) return ctx.reply.Integer(0);
  ctx.DbOf(key).MoveTo(target, key, e);
  ctx.Changed(key);
  ctx.Changed(key, to_db, 0);
  ctx.reply.Integer(1);
}

}  // namespace basalt
