// Hash commands that answer fields and values.

#include "core/cmd/arguments.h"
#include "core/cmd/hash_handlers.h"
#include "core/value/hash.h"

namespace basalt {
namespace {

// The hash of args[1] and the value of the field args[2]. False: an error was replied, or `missing`
// did.
template <class F>
bool ReadField(CommandContext& ctx, Element* value, F&& missing) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return false;
  if (e != nullptr && e->hash()->Get(ctx.args[2], value)) return true;
  missing();
  return false;
}

// Replies with an array of what `pick` makes of each field and value.
template <class F>
void ReplyEach(CommandContext& ctx, F&& pick) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  if (e == nullptr) return ctx.reply.EmptyArray();
  ctx.reply.Array(e->hash()->Size());
  e->hash()->ForEach([&](std::string_view field, std::string_view value) {
    ctx.reply.Bulk(pick(field, value));
    return true;
  });
}

}  // namespace

void HgetCommand(CommandContext& ctx) {
  Element value;
  if (ReadField(ctx, &value, [&] { ctx.reply.Null(); })) ctx.reply.Bulk(value.text());
}

void HmgetCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  ctx.reply.Array(ctx.args.size() - 2);
  for (std::string_view field : ctx.args.From(2)) {
    Element value;
    e != nullptr && e->hash()->Get(field, &value) ? ctx.reply.Bulk(value.text()) : ctx.reply.Null();
  }
}

void HexistsCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  ctx.reply.Integer(e != nullptr && e->hash()->Exists(ctx.args[2]));
}

void HstrlenCommand(CommandContext& ctx) {
  Element value;
  if (ReadField(ctx, &value, [&] { ctx.reply.Integer(0); })) {
    ctx.reply.Integer(static_cast<int64_t>(value.text().size()));
  }
}

void HlenCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  ctx.reply.Integer(e == nullptr ? 0 : static_cast<int64_t>(e->hash()->Size()));
}

void HgetallCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  if (e == nullptr) return ctx.reply.Map(0);
  ctx.reply.Map(e->hash()->Size());
  e->hash()->ForEach([&](std::string_view field, std::string_view value) {
    ctx.reply.Bulk(field);
    ctx.reply.Bulk(value);
    return true;
  });
}

void HkeysCommand(CommandContext& ctx) {
  ReplyEach(ctx, [](std::string_view field, std::string_view) { return field; });
}

void HvalsCommand(CommandContext& ctx) {
  ReplyEach(ctx, [](std::string_view, std::string_view value) { return value; });
}

}  // namespace basalt
