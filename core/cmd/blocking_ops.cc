#include "core/cmd/blocking_ops.h"

#include <algorithm>
#include <cmath>

namespace basalt {

bool TimeoutArg(CommandContext& ctx, size_t i, int64_t* timeout_ms) {
  long double seconds;
  if (!ParseLongDouble(ctx.args[i], &seconds)) {
    ctx.reply.Error(errors::kTimeoutNotFloat);
    return false;
  }
  const long double ms = std::ceil(seconds * 1000);
  // What has no room in 64 bits is negative to Redis.
  constexpr long double kTooLong = 0x1p63L;
  if (ms < 0 || ms >= kTooLong) {
    ctx.reply.Error(errors::kTimeoutNegative);
    return false;
  }
  *timeout_ms = std::min(static_cast<int64_t>(ms), kMaxWaitMs);
  return true;
}

bool FindKeysAfterTimeout(Args args, std::vector<uint32_t>* positions) {
  const size_t begin = positions->size();
  if (args.size() < 4 || !FindCountedKeys(args.From(1), positions)) return false;
  for (size_t i = begin; i < positions->size(); ++i) ++(*positions)[i];
  return true;
}

}  // namespace basalt
