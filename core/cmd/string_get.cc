// GET and its relatives: commands that answer strings or parts of them.

#include <algorithm>

#include "core/cmd/expire_options.h"
#include "core/cmd/string_handlers.h"

namespace basalt {

void GetCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  ReplyStringOrNull(ctx, e);
}

void GetdelCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  Entry* e;
  if (!ReadOfType(ctx, key, ValueType::kString, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  ReplyString(ctx, e);
  ctx.DbOf(key).DeleteEntry(e);
  ctx.Changed(key);
  ctx.LogInstead({"DEL", key});
}

void GetexCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  SetOptions o;
  if (!ParseSetOptions(ctx, 2, SetVerb::kGetex, &o)) return;
  Entry* e;
  if (!ReadOfType(ctx, key, ValueType::kString, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  int64_t at_ms = kNoExpiry;
  if (o.time_at != 0 && !ExpireTimeArg(ctx, o.time_at, o.unit, o.absolute, &at_ms)) return;
  ReplyString(ctx, e);

  Db& db = ctx.DbOf(key);
  if (o.absolute && at_ms <= ctx.now_ms() && !ctx.in_replay()) {
    db.DeleteEntry(e);
    ctx.Changed(key);
    ctx.LogInstead({"DEL", key});
  } else if (o.time_at != 0) {
    db.SetExpiry(e, at_ms);
    ctx.Changed(key);
    char text[24];
    ctx.LogInstead({"PEXPIREAT", key, {text, FormatInt64(at_ms, text)}});
  } else if (o.persist && db.ClearExpiry(e)) {
    ctx.Changed(key);
    ctx.LogInstead({"PERSIST", key});
  }
}

void MgetCommand(CommandContext& ctx) {
  ctx.reply.Array(ctx.args.size() - 1);
  for (std::string_view key : ctx.args.From(1)) {
    Entry* e = ctx.Find(key);
    CountLookup(ctx, e);
    if (e == nullptr || !e->is(ValueType::kString)) {
      ctx.reply.Null();
    } else {
      ReplyString(ctx, e);
    }
  }
}

void StrlenCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  ctx.reply.Integer(e == nullptr ? 0 : static_cast<int64_t>(e->StringLength()));
}

void GetrangeCommand(CommandContext& ctx) {
  int64_t first, last;
  if (!IntegerArg(ctx, 2, &first) || !IntegerArg(ctx, 3, &last)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  if (e == nullptr) return ctx.reply.Bulk("");
  char scratch[Entry::kIntTextBytes];
  std::string_view text = e->StringView(scratch);
  if (first < 0 && last < 0 && first > last) return ctx.reply.Bulk("");
  // Unlike in LRANGE, an end before the beginning means the first byte: GETRANGE k 0 -100 answers
  // it.
  if (last < 0) last = std::max<int64_t>(0, last + static_cast<int64_t>(text.size()));
  if (!ClipRange(static_cast<int64_t>(text.size()), &first, &last)) return ctx.reply.Bulk("");
  ctx.reply.Bulk(text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1)));
}

}  // namespace basalt
