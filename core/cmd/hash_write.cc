// Hash commands that change fields.

#include <cmath>

#include "core/cmd/arguments.h"
#include "core/cmd/hash_handlers.h"
#include "core/value/hash.h"

namespace basalt {
namespace {

// Sets the pairs in args[2] and on; `*added` counts the new fields. False: the error was replied.
bool SetFields(CommandContext& ctx, int64_t* added) {
  const size_t n = ctx.args.size();
  if (n % 2 != 0) {
    ReplyWrongArity(ctx);
    return false;
  }
  Hash* hash = FindOrAdd<Hash>(ctx, ctx.args[1], ValueType::kHash);
  if (hash == nullptr) return false;
  *added = 0;
  for (size_t i = 2; i < n; i += 2) *added += hash->Set(ctx.args[i], ctx.args[i + 1]);
  ctx.Changed(ctx.args[1], static_cast<int>((n - 2) / 2));
  return true;
}

// The field's present value in *value, and whether there is one. The hash may be null.
bool GetField(const Entry* e, std::string_view field, Element* value) {
  return e != nullptr && e->hash()->Get(field, value);
}

void StoreField(CommandContext& ctx, Entry* e, std::string_view value) {
  const std::string_view key = ctx.args[1];
  Hash* hash = e != nullptr ? e->hash() : FindOrAdd<Hash>(ctx, key, ValueType::kHash);
  hash->Set(ctx.args[2], value);
  ctx.Changed(key);
}

}  // namespace

void HsetCommand(CommandContext& ctx) {
  int64_t added;
  if (SetFields(ctx, &added)) ctx.reply.Integer(added);
}

void HmsetCommand(CommandContext& ctx) {
  int64_t added;
  if (SetFields(ctx, &added)) ctx.reply.Ok();
}

void HsetnxCommand(CommandContext& ctx) {
  Hash* hash = FindOrAdd<Hash>(ctx, ctx.args[1], ValueType::kHash);
  if (hash == nullptr) return;
  if (hash->Exists(ctx.args[2])) return ctx.reply.Integer(0);
  hash->Set(ctx.args[2], ctx.args[3]);
  ctx.Changed(ctx.args[1]);
  ctx.reply.Integer(1);
}

void HdelCommand(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kHash, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  Hash& hash = *e->hash();
  int deleted = 0;
  for (size_t i = 2; i < ctx.args.size() && hash.Size() > 0; ++i)
    deleted += hash.Delete(ctx.args[i]);
  if (deleted > 0) {
    if (hash.Size() == 0) ctx.DbOf(key).DeleteEntry(e);
    ctx.Changed(key, deleted);
  }
  ctx.reply.Integer(deleted);
}

void HincrbyCommand(CommandContext& ctx) {
  int64_t increment;
  if (!IntegerArg(ctx, 3, &increment)) return;
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  Element old;
  int64_t value = 0;
  if (GetField(e, ctx.args[2], &old) && !old.ToInt64(&value)) {
    return ctx.reply.Error(errors::kHashNotInteger);
  }
  if (__builtin_add_overflow(value, increment, &value))
    return ctx.reply.Error(errors::kIncrOverflow);
  char text[24];
  StoreField(ctx, e, {text, FormatInt64(value, text)});
  ctx.reply.Integer(value);
}

void HincrbyfloatCommand(CommandContext& ctx) {
  long double increment;
  if (!ParseLongDouble(ctx.args[3], &increment)) return ctx.reply.Error(errors::kNotFloat);
  if (!std::isfinite(increment)) return ctx.reply.Error(errors::kNanOrInfinity);
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  Element old;
  long double value = 0;
  if (GetField(e, ctx.args[2], &old) && !ParseLongDouble(old.text(), &value)) {
    return ctx.reply.Error(errors::kHashNotFloat);
  }
  value += increment;
  if (!std::isfinite(value)) return ctx.reply.Error(errors::kIncrNanOrInfinity);
  const std::string text = FormatLongDouble(value);
  StoreField(ctx, e, text);
  // Another machine may add up floats differently: what is logged is the sum.
  ctx.LogInstead({"HSET", ctx.args[1], ctx.args[2], text});
  ctx.reply.Bulk(text);
}

}  // namespace basalt
