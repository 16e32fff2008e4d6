// SET and its relatives: commands that replace whole values.

#include "core/cmd/expire_options.h"
#include "core/cmd/string_handlers.h"

namespace basalt {
namespace {

// Log replay happens at another time: what is logged is the moment, not the time to live.
void LogSetAt(CommandContext& ctx, std::string_view key, std::string_view value, int64_t at_ms) {
  char text[24];
  ctx.LogInstead({"SET", key, value, "PXAT", {text, FormatInt64(at_ms, text)}});
}

void SetWithOptions(CommandContext& ctx) {
  std::string_view key = ctx.args[1], value = ctx.args[2];
  SetOptions o;
  if (!ParseSetOptions(ctx, 3, SetVerb::kSet, &o)) return;
  int64_t at_ms = o.keep_ttl ? kKeepExpiry : kNoExpiry;
  if (o.time_at != 0 && !ExpireTimeArg(ctx, o.time_at, o.unit, o.absolute, &at_ms)) return;

  Db& db = ctx.DbOf(key);
  if (o.nx || o.xx || o.get) {
    Entry* old = db.Find(key);
    if (o.get) {
      CountLookup(ctx, old);
      if (old != nullptr && !old->is(ValueType::kString))
        return ctx.reply.Error(errors::kWrongType);
      ReplyStringOrNull(ctx, old);
    }
    if (old != nullptr ? o.nx : o.xx) {
      if (!o.get) ctx.reply.Null();
      return;
    }
  }
  db.SetString(key, value, at_ms);
  ctx.Changed(key);
  if (o.time_at != 0) LogSetAt(ctx, key, value, at_ms);
  if (!o.get) ctx.reply.Ok();
}

void SetWithTime(CommandContext& ctx, TimeUnit unit) {
  std::string_view key = ctx.args[1], value = ctx.args[3];
  int64_t at_ms;
  if (!ExpireTimeArg(ctx, 2, unit, /*absolute=*/false, &at_ms)) return;
  ctx.DbOf(key).SetString(key, value, at_ms);
  ctx.Changed(key);
  LogSetAt(ctx, key, value, at_ms);
  ctx.reply.Ok();
}

void SetPairs(CommandContext& ctx) {
  for (size_t i = 1; i < ctx.args.size(); i += 2) {
    ctx.DbOf(ctx.args[i]).SetString(ctx.args[i], ctx.args[i + 1]);
    ctx.Changed(ctx.args[i]);
  }
}

}  // namespace

void SetCommand(CommandContext& ctx) {
  if (ctx.args.size() > 3) return SetWithOptions(ctx);
  ctx.DbOf(ctx.args[1]).SetString(ctx.args[1], ctx.args[2]);
  ctx.Changed(ctx.args[1]);
  ctx.reply.Ok();
}

void SetnxCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  HashedKey hashed(key);
  Db& db = ctx.DbOf(key);
  if (db.Find(hashed) != nullptr) return ctx.reply.Integer(0);
  db.SetString(hashed, ctx.args[2]);
  ctx.Changed(key);
  ctx.reply.Integer(1);
}

void SetexCommand(CommandContext& ctx) { SetWithTime(ctx, TimeUnit::kSeconds); }
void PsetexCommand(CommandContext& ctx) { SetWithTime(ctx, TimeUnit::kMillis); }

void GetsetCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  Entry* old;
  if (!ReadOfType(ctx, key, ValueType::kString, &old)) return;
  ReplyStringOrNull(ctx, old);
  ctx.DbOf(key).SetString(key, ctx.args[2]);
  ctx.Changed(key);
}

void MsetCommand(CommandContext& ctx) {
  if (ctx.args.size() % 2 == 0) return ReplyWrongArity(ctx);
  SetPairs(ctx);
  ctx.reply.Ok();
}

void MsetnxCommand(CommandContext& ctx) {
  if (ctx.args.size() % 2 == 0) return ReplyWrongArity(ctx);
  for (size_t i = 1; i < ctx.args.size(); i += 2) {
    if (ctx.Find(ctx.args[i]) != nullptr) return ctx.reply.Integer(0);
  }
  SetPairs(ctx);
  ctx.reply.Integer(1);
}

}  // namespace basalt
