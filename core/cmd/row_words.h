// Words that the rows of the command tables share: combinations of flags, places of keys, tips.
#pragma once

#include <cstdint>

#include "core/cmd/arguments.h"
#include "core/cmd/blocking_ops.h"
#include "core/shard/command_spec.h"

namespace basalt {

inline constexpr uint32_t kGrow = kWrite | kDenyOom;
inline constexpr uint32_t kWait = kWrite | kBlocking;
inline constexpr uint32_t kWatchful = kAdmin | kNoScript | kLoading | kStale;

inline constexpr KeySpec kFirst{1, 1, 1};
inline constexpr KeySpec kTwo{1, 2, 1};
inline constexpr KeySpec kAll{1, -1, 1};
inline constexpr KeySpec kButLast{1, -2, 1};
inline constexpr KeySpec kCounted{0, 0, 0, FindCountedKeys};
inline constexpr KeySpec kCountedAfter{0, 0, 0, FindKeysAfterTimeout};

inline constexpr const char* kDrawn = "nondeterministic_output";
inline constexpr const char* kAnyOrder = "nondeterministic_output_order";

}  // namespace basalt
