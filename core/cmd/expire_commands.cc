// The commands that read, set and take away the time at which a key expires.

#include <algorithm>

#include "core/cmd/expire_options.h"
#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"

namespace basalt {
namespace {

struct Conditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;

  bool Conflict() const { return nx && (xx || gt || lt); }
  // `current` may be kNoExpiry, which is later than any time.
  bool Allow(int64_t current, int64_t at_ms) const {
    bool expires = current != kNoExpiry;
    if (nx && expires) return false;
    if (xx && !expires) return false;
    if (gt && (!expires || at_ms <= current)) return false;
    return !lt || !expires || at_ms < current;
  }
};

bool ParseConditions(CommandContext& ctx, Conditions* c) {
  for (std::string_view word : ctx.args.From(3)) {
    bool* flag = Is(word, "NX")   ? &c->nx
                 : Is(word, "XX") ? &c->xx
                 : Is(word, "GT") ? &c->gt
                 : Is(word, "LT") ? &c->lt
                                  : nullptr;
    if (flag == nullptr) {
      ctx.reply.Error(StrCat("ERR Unsupported option ", word.substr(0, word.find('\0'))));
      return false;
    }
    *flag = true;
  }
  if (c->Conflict()) {
    ctx.reply.Error(errors::kExpireNxExclusive);
  } else if (c->gt && c->lt) {
    ctx.reply.Error(errors::kExpireGtLt);
  } else {
    return true;
  }
  return false;
}

// args[2] as a moment; unlike that of SET it may lie in the past, even before 1970.
bool MomentArg(CommandContext& ctx, TimeUnit unit, bool absolute, int64_t* at_ms) {
  int64_t time;
  if (!IntegerArg(ctx, 2, &time)) return false;
  bool fits = unit == TimeUnit::kMillis || !__builtin_mul_overflow(time, 1000, &time);
  if (!absolute) fits = fits && !__builtin_add_overflow(time, ctx.now_ms(), &time);
  if (!fits) {
    ctx.reply.Error(errors::InvalidExpire(ctx.spec->name));
    return false;
  }
  *at_ms = time;
  return true;
}

void Expire(CommandContext& ctx, TimeUnit unit, bool absolute) {
  std::string_view key = ctx.args[1];
  Conditions conditions;
  int64_t at_ms;
  if (ctx.args.size() > 3 && !ParseConditions(ctx, &conditions)) return;
  if (!MomentArg(ctx, unit, absolute, &at_ms)) return;
  Entry* e = ctx.Find(key);
  if (e == nullptr || !conditions.Allow(e->expire_at_ms(), at_ms)) return ctx.reply.Integer(0);
  ctx.Changed(key);
  Db& db = ctx.DbOf(key);
  // While the log is replayed time has passed by itself; its own DELs say what expired.
  if (at_ms <= ctx.now_ms() && !ctx.in_replay()) {
    db.DeleteEntry(e);
    ctx.LogInstead({"DEL", key});
  } else {
    db.SetExpiry(e, std::max<int64_t>(0, at_ms));
    char text[24];
    ctx.LogInstead({"PEXPIREAT", key, {text, FormatInt64(at_ms, text)}});
  }
  ctx.reply.Integer(1);
}

enum class Ask : uint8_t { kLeft, kMoment };

void ReplyTime(CommandContext& ctx, Ask ask, TimeUnit unit) {
  const Entry* e = ctx.DbOf(ctx.args[1]).FindNoTouch(ctx.args[1]);
  CountLookup(ctx, e);
  if (e == nullptr) return ctx.reply.Integer(-2);
  if (!e->has_expiry()) return ctx.reply.Integer(-1);
  int64_t time = e->expire_at_ms();
  if (ask == Ask::kLeft) time = std::max<int64_t>(0, time - ctx.now_ms());
  if (unit == TimeUnit::kMillis) return ctx.reply.Integer(time);
  // Of the last half second before the end of time, Redis answers a negative number.
  ctx.reply.Integer(static_cast<int64_t>(static_cast<uint64_t>(time) + 500) / 1000);
}

void ExpireCommand(CommandContext& ctx) { Expire(ctx, TimeUnit::kSeconds, /*absolute=*/false); }
void PexpireCommand(CommandContext& ctx) { Expire(ctx, TimeUnit::kMillis, /*absolute=*/false); }
void ExpireatCommand(CommandContext& ctx) { Expire(ctx, TimeUnit::kSeconds, /*absolute=*/true); }
void PexpireatCommand(CommandContext& ctx) { Expire(ctx, TimeUnit::kMillis, /*absolute=*/true); }

void TtlCommand(CommandContext& ctx) { ReplyTime(ctx, Ask::kLeft, TimeUnit::kSeconds); }
void PttlCommand(CommandContext& ctx) { ReplyTime(ctx, Ask::kLeft, TimeUnit::kMillis); }
void ExpiretimeCommand(CommandContext& ctx) { ReplyTime(ctx, Ask::kMoment, TimeUnit::kSeconds); }
void PexpiretimeCommand(CommandContext& ctx) { ReplyTime(ctx, Ask::kMoment, TimeUnit::kMillis); }

void PersistCommand(CommandContext& ctx) {
  Entry* e = ctx.Find(ctx.args[1]);
  bool cleared = e != nullptr && ctx.DbOf(ctx.args[1]).ClearExpiry(e);
  if (cleared) ctx.Changed(ctx.args[1]);
  ctx.reply.Integer(cleared);
}

constexpr uint32_t kQuickWrite = kWrite | kFast;
constexpr uint32_t kQuickRead = kReadonly | kFast;

// clang-format off
constexpr CommandSpec kExpireCommands[] = {
    {"expire", -3, kQuickWrite, kFirst, Where::kKeys, ExpireCommand, "generic", ""},
    {"pexpire", -3, kQuickWrite, kFirst, Where::kKeys, PexpireCommand, "generic", ""},
    {"expireat", -3, kQuickWrite, kFirst, Where::kKeys, ExpireatCommand, "generic", ""},
    {"pexpireat", -3, kQuickWrite, kFirst, Where::kKeys, PexpireatCommand, "generic", ""},
    {"ttl", 2, kQuickRead, kFirst, Where::kKeys, TtlCommand, "generic", "", {},
     "nondeterministic_output"},
    {"pttl", 2, kQuickRead, kFirst, Where::kKeys, PttlCommand, "generic", "", {},
     "nondeterministic_output"},
    {"expiretime", 2, kQuickRead, kFirst, Where::kKeys, ExpiretimeCommand, "generic", ""},
    {"pexpiretime", 2, kQuickRead, kFirst, Where::kKeys, PexpiretimeCommand, "generic", ""},
    {"persist", 2, kQuickWrite, kFirst, Where::kKeys, PersistCommand, "generic", ""},
};
// clang-format on

}  // namespace

std::span<const CommandSpec> ExpireCommands() { return kExpireCommands; }

}  // namespace basalt
