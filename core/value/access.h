// The 24 access bits of an entry: a clock in seconds (LRU), or minutes and a logarithmic counter
// (LFU), as OBJECT IDLETIME, OBJECT FREQ and eviction read them.
//
//   LRU   [ 24 bits: seconds, wrapping after 194 days ]
//   LFU   [ 16 bits: minute of the last decay | 8 bits: counter ]
//
// Plain functions; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/random.h"

namespace basalt {

struct LfuParams {
  uint32_t log_factor = 10;    // how much harder each next count is
  uint32_t decay_minutes = 1;  // one count is lost per that many minutes; 0: never
};

inline constexpr uint32_t kAccessMask = (1u << 24) - 1;
inline constexpr uint8_t kLfuInitial = 5;  // a new key is not the first victim

constexpr uint32_t LruClock(int64_t now_ms) { return (now_ms / 1000) & kAccessMask; }

// Seconds since the access that left `bits`.
constexpr uint32_t LruIdleSeconds(uint32_t bits, int64_t now_ms) {
  return (LruClock(now_ms) - bits) & kAccessMask;
}

constexpr uint32_t LfuMinute(int64_t now_ms) { return (now_ms / 60'000) & 0xffff; }
constexpr uint32_t LfuBits(uint32_t minute, uint8_t counter) { return minute << 8 | counter; }
constexpr uint32_t LfuNew(int64_t now_ms) { return LfuBits(LfuMinute(now_ms), kLfuInitial); }

// The counter of `bits` as it stands now, after decay.
constexpr uint8_t LfuCounter(uint32_t bits, int64_t now_ms, const LfuParams& params) {
  uint32_t counter = bits & 0xff;
  if (params.decay_minutes == 0) return static_cast<uint8_t>(counter);
  uint32_t elapsed = (LfuMinute(now_ms) - (bits >> 8)) & 0xffff;
  return static_cast<uint8_t>(counter - std::min(counter, elapsed / params.decay_minutes));
}

// The bits after one more access: the higher the counter, the less likely it counts.
inline uint32_t LfuTouch(uint32_t bits, int64_t now_ms, const LfuParams& params, Random& random) {
  uint8_t counter = LfuCounter(bits, now_ms, params);
  if (counter < 255) {
    uint64_t above = counter > kLfuInitial ? counter - kLfuInitial : 0;
    if (random.Below(above * params.log_factor + 1) == 0) ++counter;
  }
  return LfuBits(LfuMinute(now_ms), counter);
}

}  // namespace basalt
