// Commands that change strings in place: APPEND, SETRANGE and the counters.

#include <cmath>
#include <cstring>

#include "core/cmd/arguments.h"
#include "core/cmd/string_handlers.h"

namespace basalt {
namespace {

// Whether a string may become `bytes` long.
bool LengthFits(CommandContext& ctx, size_t bytes) {
  if (bytes <= MaxStringBytes(ctx)) return true;
  ctx.reply.Error(errors::kStringTooLong);
  return false;
}

// As text even where it spells an integer: that is how Redis keeps it, and OBJECT ENCODING shows.
void StoreFloat(Db& db, std::string_view key, Entry* e, std::string_view text) {
  constexpr std::string_view kNoInteger = ".";
  if (e == nullptr) {
    e = db.SetString(key, kNoInteger);
  } else {
    db.AssignString(e, kNoInteger);
  }
  std::memcpy(db.MutableString(e, text.size()).data(), text.data(), text.size());
  e->ClearModified();
}

void Add(CommandContext& ctx, int64_t delta) {
  std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kString, &e)) return;
  int64_t value = 0;
  if (e != nullptr) {
    if (__builtin_expect(e->is_int(), 1)) {
      value = e->int_value();
    } else if (!ParseInt64({e->StringData(), e->StringLength()}, &value)) {
      return ctx.reply.Error(errors::kNotInteger);
    }
  }
  if (__builtin_add_overflow(value, delta, &value)) return ctx.reply.Error(errors::kIncrOverflow);
  if (e == nullptr) {
    ctx.DbOf(key).SetInteger(key, value);
  } else if (__builtin_expect(e->is_int(), 1)) {
    e->set_int_value(value);
  } else {
    ctx.DbOf(key).AssignInteger(e, value);
  }
  ctx.Changed(key);
  ctx.reply.Integer(value);
}

}  // namespace

void AppendCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1], more = ctx.args[2];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kString, &e)) return;
  size_t length = more.size();
  if (e == nullptr) {
    ctx.DbOf(key).SetString(key, more);
  } else {
    size_t old_length = e->StringLength();
    length += old_length;
    if (!LengthFits(ctx, length)) return;
    std::span<char> text = ctx.DbOf(key).MutableString(e, length);
    std::memcpy(text.data() + old_length, more.data(), more.size());
  }
  ctx.Changed(key);
  ctx.reply.Integer(static_cast<int64_t>(length));
}

void SetrangeCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1], part = ctx.args[3];
  int64_t offset;
  if (!IntegerArg(ctx, 2, &offset)) return;
  if (offset < 0) return ctx.reply.Error(errors::kOffsetOutOfRange);
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kString, &e)) return;
  size_t old_length = e == nullptr ? 0 : e->StringLength();
  if (part.empty()) return ctx.reply.Integer(static_cast<int64_t>(old_length));
  size_t end = static_cast<size_t>(offset) + part.size();
  if (!LengthFits(ctx, end)) return;

  Db& db = ctx.DbOf(key);
  if (e == nullptr) e = db.SetString(key, "");
  std::span<char> text = db.MutableString(e, std::max(old_length, end));
  std::memcpy(text.data() + offset, part.data(), part.size());
  ctx.Changed(key);
  ctx.reply.Integer(static_cast<int64_t>(text.size()));
}

void IncrCommand(CommandContext& ctx) { Add(ctx, 1); }
void DecrCommand(CommandContext& ctx) { Add(ctx, -1); }

void IncrbyCommand(CommandContext& ctx) {
  int64_t delta;
  if (IntegerArg(ctx, 2, &delta)) Add(ctx, delta);
}

void DecrbyCommand(CommandContext& ctx) {
  int64_t delta;
  if (!IntegerArg(ctx, 2, &delta)) return;
  if (delta == INT64_MIN) return ctx.reply.Error(errors::kDecrOverflow);
  Add(ctx, -delta);
}

void IncrbyfloatCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kString, &e)) return;
  char scratch[Entry::kIntTextBytes];
  long double value = 0, delta;
  if (e != nullptr && !ParseLongDouble(e->StringView(scratch), &value))
    return ctx.reply.Error(errors::kNotFloat);
  if (!ParseLongDouble(ctx.args[2], &delta)) return ctx.reply.Error(errors::kNotFloat);
  value += delta;
  if (!std::isfinite(value)) return ctx.reply.Error(errors::kIncrNanOrInfinity);

  std::string text = FormatLongDouble(value);
  StoreFloat(ctx.DbOf(key), key, e, text);
  ctx.Changed(key);
  // The sum as text, so that replay does not depend on how this machine rounds.
  ctx.LogInstead({"SET", key, text, "KEEPTTL"});
  ctx.reply.Bulk(text);
}

}  // namespace basalt
