// List commands that answer elements and positions.

#include "core/cmd/arguments.h"
#include "core/cmd/list_handlers.h"
#include "core/value/list.h"

namespace basalt {
namespace {

struct PosOptions {
  int64_t rank = 1;
  bool several = false;  // COUNT was given: the reply is an array
  int64_t count = 1;     // 0: all
  int64_t compare_max = 0;
};

bool ParsePosOptions(CommandContext& ctx, PosOptions* o) {
  for (size_t i = 3; i < ctx.args.size(); i += 2) {
    const std::string_view option = ctx.args[i];
    const bool has_value = i + 1 < ctx.args.size();
    if (has_value && Is(option, "rank")) {
      if (!IntegerArg(ctx, i + 1, &o->rank)) return false;
      if (o->rank == 0) {
        ctx.reply.Error(errors::kRankZero);
        return false;
      }
    } else if (has_value && Is(option, "count")) {
      if (!IntegerArgIn(ctx, i + 1, 0, INT64_MAX, &o->count, errors::kCountNegative)) return false;
      o->several = true;
    } else if (has_value && Is(option, "maxlen")) {
      if (!IntegerArgIn(ctx, i + 1, 0, INT64_MAX, &o->compare_max, errors::kMaxlenNegative))
        return false;
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  // Redis cannot negate the smallest rank: it skips no match then, and never sees that it has COUNT
  // of them.
  if (o->rank == INT64_MIN) {
    o->rank = -1;
    if (o->several) o->count = 0;
  }
  return true;
}

}  // namespace

void LlenCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kList, &e)) return;
  ctx.reply.Integer(e == nullptr ? 0 : static_cast<int64_t>(e->list()->Size()));
}

void LrangeCommand(CommandContext& ctx) {
  int64_t first, last;
  if (!IntegerArg(ctx, 2, &first) || !IntegerArg(ctx, 3, &last)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.EmptyArray();
  const List& list = *e->list();
  if (!ClipRange(static_cast<int64_t>(list.Size()), &first, &last)) return ctx.reply.EmptyArray();
  const auto count = static_cast<size_t>(last - first + 1);
  ctx.reply.Array(count);
  list.Range(static_cast<size_t>(first), count,
             [&](std::string_view value) { ctx.reply.Bulk(value); });
}

void LindexCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kList, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  int64_t index;
  if (!IntegerArg(ctx, 2, &index)) return;
  Element element;
  e->list()->Index(index, &element) ? ctx.reply.Bulk(element.text()) : ctx.reply.Null();
}

void LposCommand(CommandContext& ctx) {
  PosOptions o;
  if (!ParsePosOptions(ctx, &o)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kList, &e)) return;
  if (e == nullptr) return o.several ? ctx.reply.EmptyArray() : ctx.reply.Null();

  const size_t mark = ctx.reply.BeginArray();
  const auto wanted = o.count == 0 ? SIZE_MAX : static_cast<size_t>(o.count);
  size_t found = 0;
  e->list()->Find(ctx.args[2], o.rank, static_cast<size_t>(o.compare_max), [&](size_t position) {
    ctx.reply.Integer(static_cast<int64_t>(position));
    return ++found < wanted;
  });
  if (o.several) {
    ctx.reply.EndArray(mark, found);
  } else if (found == 0) {
    ctx.reply.Null();
  }
}

}  // namespace basalt
