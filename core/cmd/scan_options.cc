#include "core/cmd/scan_options.h"

#include "core/base/glob.h"

namespace basalt {

bool ScanOptions::Matches(std::string_view text) const {
  return !has_pattern || GlobMatch(pattern, text);
}

bool CursorArg(CommandContext& ctx, size_t i, uint64_t* cursor) {
  if (ParseUint64(ctx.args[i], cursor)) return true;
  ctx.reply.Error(errors::kInvalidCursor);
  return false;
}

bool ParseScanOptions(CommandContext& ctx, size_t from, bool with_type, ScanOptions* out) {
  const Args& args = ctx.args;
  for (size_t i = from; i < args.size(); i += 2) {
    if (i + 1 == args.size()) {
      ReplySyntaxError(ctx);
      return false;
    }
    std::string_view value = args[i + 1];
    if (Is(args[i], "COUNT")) {
      int64_t count;
      if (!IntegerArg(ctx, i + 1, &count)) return false;
      if (count < 1) {
        ReplySyntaxError(ctx);
        return false;
      }
      out->count = static_cast<size_t>(count);
    } else if (Is(args[i], "MATCH")) {
      out->pattern = value;
      out->has_pattern = value != "*";
    } else if (with_type && Is(args[i], "TYPE")) {
      out->type = value;
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  return true;
}

}  // namespace basalt
