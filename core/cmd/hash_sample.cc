// HRANDFIELD and HSCAN: hash commands that answer some of the fields.

#include <algorithm>

#include "core/cmd/arguments.h"
#include "core/cmd/hash_handlers.h"
#include "core/cmd/scan_options.h"
#include "core/value/hash.h"

namespace basalt {
namespace {

// The reply's array of `n` fields, with values or without: in RESP3 each pair is an array of its
// own.
class FieldReplies {
 public:
  FieldReplies(Reply& reply, size_t n, bool with_values)
      : reply_(reply), with_values_(with_values), nested_(with_values && reply.resp() == 3) {
    reply.Array(with_values && !nested_ ? n * 2 : n);
  }
  void operator()(std::string_view field, std::string_view value) const {
    if (nested_) reply_.Array(2);
    reply_.Bulk(field);
    if (with_values_) reply_.Bulk(value);
  }

 private:
  Reply& reply_;
  const bool with_values_;
  const bool nested_;
};

void ReplyOneField(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  Element field;
  e->hash()->RandomField(ctx.local().rng, &field, nullptr);
  ctx.reply.Bulk(field.text());
}

// A scan's reply: the next cursor and `n` words, which are in `found`.
void ReplyScan(CommandContext& ctx, uint64_t cursor, size_t n, std::string_view found) {
  char text[24];
  ctx.reply.Array(2);
  ctx.reply.Bulk({text, FormatUint64(cursor, text)});
  ctx.reply.Array(n);
  ctx.reply.Raw(found);
}

}  // namespace

void HrandfieldCommand(CommandContext& ctx) {
  const size_t words = ctx.args.size();
  if (words == 2) return ReplyOneField(ctx);
  int64_t count;
  if (!IntegerArgIn(ctx, 2, -INT64_MAX, INT64_MAX, &count)) return;
  const bool with_values = words > 3;
  if (words > 4 || (with_values && !Is(ctx.args[3], "withvalues"))) return ReplySyntaxError(ctx);
  if (with_values && (count < -INT64_MAX / 2 || count > INT64_MAX / 2)) {
    return ctx.reply.Error(errors::kValueOutOfRange);
  }
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  if (e == nullptr || count == 0) return ctx.reply.EmptyArray();
  if (count < -kRandomRepeatsMax) return ctx.reply.Error(errors::kValueOutOfRange);

  const Hash& hash = *e->hash();
  Random& random = ctx.local().rng;
  if (count < 0) {
    const auto n = static_cast<size_t>(-count);
    hash.RandomRepeated(random, n, FieldReplies(ctx.reply, n, with_values));
  } else {
    const size_t n = std::min(static_cast<size_t>(count), hash.Size());
    hash.RandomDistinct(random, n, FieldReplies(ctx.reply, n, with_values));
  }
}

void HscanCommand(CommandContext& ctx) {
  uint64_t cursor;
  if (!CursorArg(ctx, 2, &cursor)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kHash, &e)) return;
  if (e == nullptr) return ReplyScan(ctx, 0, 0, {});
  ScanOptions options;
  if (!ParseScanOptions(ctx, 3, /*type_allowed=*/false, &options)) return;

  std::string found;
  Reply fields(&found, ctx.reply.resp());
  size_t n = 0;
  cursor =
      e->hash()->Scan(cursor, options.count, [&](std::string_view field, std::string_view value) {
        if (!options.Matches(field)) return;
        fields.Bulk(field);
        fields.Bulk(value);
        n += 2;
      });
  ReplyScan(ctx, cursor, n, found);
}

}  // namespace basalt
