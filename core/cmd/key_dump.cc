// DUMP and RESTORE: values as RDB bytes.

#include "core/cmd/arguments.h"
#include "core/cmd/key_handlers.h"
#include "core/value/access.h"
#include "core/value/rdb_codec.h"

namespace basalt {
namespace {

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  int64_t idle_s = -1;
  int64_t frequency = -1;
};

bool ParseRestoreOptions(CommandContext& ctx, RestoreOptions* o) {
  const Args& args = ctx.args;
  for (size_t i = 4; i < args.size(); ++i) {
    bool more = i + 1 < args.size();
    if (Is(args[i], "REPLACE")) {
      o->replace = true;
    } else if (Is(args[i], "ABSTTL")) {
      o->absolute = true;
    } else if (Is(args[i], "IDLETIME") && more && o->frequency == -1) {
      if (!IntegerArg(ctx, ++i, &o->idle_s)) return false;
      if (o->idle_s < 0) {
        ctx.reply.Error("ERR Invalid IDLETIME value, must be >= 0");
        return false;
      }
    } else if (Is(args[i], "FREQ") && more && o->idle_s == -1) {
      if (!IntegerArg(ctx, ++i, &o->frequency)) return false;
      if (o->frequency < 0 || o->frequency > 255) {
        ctx.reply.Error("ERR Invalid FREQ value, must be >= 0 and <= 255");
        return false;
      }
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  return true;
}

Entry* Store(Db& db, std::string_view key, rdb::DecodedValue& value, int64_t at_ms) {
  if (value.type != ValueType::kString)
    return db.AddValue(key, value.type, value.ReleaseObject(), at_ms);
  if (value.is_integer) return db.SetInteger(key, value.integer, at_ms);
  return db.SetString(key, value.text(), at_ms);
}

void SetAccess(CommandContext& ctx, Entry* e, const RestoreOptions& o) {
  bool lfu = ctx.local().lfu();
  if (lfu && o.frequency >= 0) {
    e->set_access_bits(LfuBits(LfuMinute(ctx.now_ms()), static_cast<uint8_t>(o.frequency)));
  } else if (!lfu && o.idle_s >= 0) {
    uint32_t idle = static_cast<uint32_t>(std::min<int64_t>(o.idle_s, kAccessMask));
    e->set_access_bits((LruClock(ctx.now_ms()) - idle) & kAccessMask);
  }
}

// The time in args[2] as the log wants it.
void LogRestore(CommandContext& ctx, int64_t at_ms, bool replace) {
  char text[24];
  std::string_view at(text, FormatInt64(at_ms, text));
  if (replace) {
    ctx.LogInstead({"RESTORE", ctx.args[1], at, ctx.args[3], "REPLACE", "ABSTTL"});
  } else {
    ctx.LogInstead({"RESTORE", ctx.args[1], at, ctx.args[3], "ABSTTL"});
  }
}

}  // namespace

void DumpCommand(CommandContext& ctx) {
  Entry* e = ctx.Find(ctx.args[1]);
  CountLookup(ctx, e);
  if (e == nullptr) return ctx.reply.Null();
  ctx.reply.Bulk(rdb::DumpValue(*e));
}

void RestoreCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  RestoreOptions o;
  if (!ParseRestoreOptions(ctx, &o)) return;
  Db& db = ctx.DbOf(key);
  if (!o.replace && db.Find(key) != nullptr) return ctx.reply.Error(errors::kBusyKey);
  int64_t ttl;
  if (!IntegerArg(ctx, 2, &ttl)) return;
  if (ttl < 0) return ctx.reply.Error("ERR Invalid TTL value, must be >= 0");
  absl::StatusOr<rdb::DecodedValue> value = rdb::RestoreValue(ctx.args[3]);
  if (!value.ok() && absl::IsInvalidArgument(value.status()))
    return ctx.reply.Error(errors::kBadRestoreChecksum);
  if (!value.ok() || value->IsEmptyCollection()) return ctx.reply.Error(errors::kBadRestoreData);

  int64_t at_ms = kNoExpiry;
  if (ttl != 0 && (o.absolute || __builtin_add_overflow(ttl, ctx.now_ms(), &at_ms))) at_ms = ttl;
  if (ttl != 0 && at_ms <= ctx.now_ms() && !ctx.in_replay()) {
    // Restored into the past: nothing is left, of the old value neither.
    if (db.Delete(key)) {
      ctx.Changed(key);
      ctx.LogInstead({"DEL", key});
    }
    return ctx.reply.Ok();
  }
  SetAccess(ctx, Store(db, key, *value, at_ms), o);
  ctx.Changed(key);
  if (ttl != 0 && !o.absolute) LogRestore(ctx, at_ms, o.replace);
  ctx.reply.Ok();
}

}  // namespace basalt
