// HSCAN, SSCAN and ZSCAN: reading the words, gathering what matches, replying. The thread that runs
// the command.
#pragma once

#include <string>
#include <string_view>

#include "core/cmd/scan_options.h"

namespace basalt {

// `scan(entry, cursor, count, found)` visits a part of the collection, calls found(name) or
// found(name, text) for each element and returns the next cursor.
template <class Scan>
void ScanCollection(CommandContext& ctx, ValueType type, Scan&& scan) {
  uint64_t cursor;
  if (!CursorArg(ctx, 2, &cursor)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], type, &e)) return;

  std::string text;
  Reply words(&text, ctx.reply.resp());
  size_t n = 0;
  if (e == nullptr) {  // as in Redis, before the options are looked at
    cursor = 0;
  } else {
    ScanOptions options;
    if (!ParseScanOptions(ctx, 3, /*with_type=*/false, &options)) return;
    cursor = scan(*e, cursor, options.count, [&](std::string_view name, auto... value) {
      if (!options.Matches(name)) return;
      words.Bulk(name);
      (words.Bulk(value), ...);
      n += 1 + sizeof...(value);
    });
  }
  char digits[24];
  ctx.reply.Array(2);
  ctx.reply.Bulk({digits, FormatUint64(cursor, digits)});
  ctx.reply.Array(n);
  ctx.reply.Raw(text);
}

}  // namespace basalt
