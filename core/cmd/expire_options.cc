#include "core/cmd/expire_options.h"

namespace basalt {
namespace {

// One of EX, PX, EXAT and PXAT; false when `word` is none of them.
bool MatchTime(std::string_view word, SetOptions* o) {
  bool millis = AsciiUpper(word[0]) == 'P';
  if (!Is(word, "EX") && !Is(word, "PX") && !Is(word, "EXAT") && !Is(word, "PXAT")) return false;
  TimeUnit unit = millis ? TimeUnit::kMillis : TimeUnit::kSeconds;
  bool absolute = word.size() == 4;
  // Twice the same is fine (the later time counts), two different ones are not.
  if (o->time_at != 0 && (o->unit != unit || o->absolute != absolute)) return false;
  o->unit = unit;
  o->absolute = absolute;
  return true;
}

bool MatchSetFlag(std::string_view word, SetOptions* o) {
  if (Is(word, "NX") && !o->xx) return o->nx = true;
  if (Is(word, "XX") && !o->nx) return o->xx = true;
  if (Is(word, "GET")) return o->get = true;
  if (Is(word, "KEEPTTL") && o->time_at == 0) return o->keep_ttl = true;
  return false;
}

}  // namespace

bool ParseSetOptions(CommandContext& ctx, size_t from, SetVerb verb, SetOptions* out) {
  const Args& args = ctx.args;
  for (size_t i = from; i < args.size(); ++i) {
    std::string_view word = args[i];
    bool known =
        verb == SetVerb::kSet ? MatchSetFlag(word, out) : Is(word, "PERSIST") && out->time_at == 0;
    if (known) {
      out->persist |= verb == SetVerb::kGetex;
      continue;
    }
    if (word.size() < 2 || i + 1 == args.size() || out->keep_ttl || out->persist ||
        !MatchTime(word, out)) {
      ReplySyntaxError(ctx);
      return false;
    }
    out->time_at = ++i;
  }
  return true;
}

bool ExpireTimeArg(CommandContext& ctx, size_t i, TimeUnit unit, bool absolute, int64_t* at_ms) {
  int64_t time;
  if (!IntegerArg(ctx, i, &time)) return false;
  int64_t base = absolute ? 0 : ctx.now_ms();
  bool fits = time > 0;
  if (unit == TimeUnit::kSeconds) fits = fits && !__builtin_mul_overflow(time, 1000, &time);
  fits = fits && !__builtin_add_overflow(time, base, &time);
  if (!fits) {
    ctx.reply.Error(errors::InvalidExpire(ctx.spec->name));
    return false;
  }
  *at_ms = time;
  return true;
}

}  // namespace basalt
