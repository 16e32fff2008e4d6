// The times that commands give to keys: from a word of the command to absolute milliseconds, with
// Redis's limits and errors. Pure functions but for the error reply.
#pragma once

#include <cstdint>

#include "core/cmd/arguments.h"

namespace basalt {

enum class TimeUnit : uint8_t { kSeconds, kMillis };

// The words of SET and GETEX behind key and value.
struct SetOptions {
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  size_t time_at = 0;  // position of the time in args; 0: none
  TimeUnit unit = TimeUnit::kSeconds;
  bool absolute = false;
};

enum class SetVerb : uint8_t { kSet, kGetex };
[[nodiscard]] bool ParseSetOptions(CommandContext& ctx, size_t from, SetVerb verb, SetOptions* out);

// args[i] as the time at which a value of SET, SETEX, PSETEX or GETEX expires: it must lie above
// zero.
[[nodiscard]] bool ExpireTimeArg(CommandContext& ctx, size_t i, TimeUnit unit, bool absolute,
                                 int64_t* at_ms);

}  // namespace basalt
