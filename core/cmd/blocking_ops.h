// What the blocking commands share: their timeout, and looking a key up to take from it. The thread
// that runs the command.
//
// When its time is up (or it may not wait), each of them replies Reply::NullArray: "*-1" in RESP2,
// "_" in RESP3. Only a BLMOVE or BRPOPLPUSH that may not wait replies Reply::Null: "$-1" or "_".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/cmd/arguments.h"

namespace basalt {

// Longer waits are this long: a hundred years, whose nanoseconds still can be added to a time.
inline constexpr int64_t kMaxWaitMs = int64_t{100} * 365 * 24 * 3600 * 1000;

// args[i], in seconds, as milliseconds, a started one counting as one. 0: for ever.
[[nodiscard]] bool TimeoutArg(CommandContext& ctx, size_t i, int64_t* timeout_ms);

// A KeyFinder: args[1] is the timeout, args[2] says how many keys follow it.
bool FindKeysAfterTimeout(Args args, std::vector<uint32_t>* positions);

// As FindOfType, but when the command is tried again, only the key that has become ready counts as
// there, and only when it still holds that type: else the command goes on waiting.
[[nodiscard]] inline bool FindToTake(CommandContext& ctx, std::string_view key, ValueType type,
                                     Entry** e) {
  *e = nullptr;
  if (!ctx.MayServe(key)) return true;
  if (!ctx.tried_again()) return FindOfType(ctx, key, type, e);
  *e = ctx.Find(key);
  if (*e != nullptr && !(*e)->is(type)) *e = nullptr;
  return true;
}

}  // namespace basalt
