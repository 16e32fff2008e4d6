// How much of a core a thread has used lately, in percent. For what is decided by load: where
// connections are served. Owner: the thread that is measured.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/clock.h"

namespace basalt {

class LoadMeter {
 public:
  // Since the last call.
  uint32_t Sample(const Clock& clock, int64_t now_us) {
    const int64_t cpu_us = clock.ThreadCpuMicros();
    const int64_t used = cpu_us - cpu_us_, passed = now_us - now_us_;
    cpu_us_ = cpu_us;
    now_us_ = now_us;
    if (passed <= 0) return 0;
    return static_cast<uint32_t>(std::clamp<int64_t>(used * 100 / passed, 0, 100));
  }

 private:
  int64_t cpu_us_ = 0;
  int64_t now_us_ = 0;
};

}  // namespace basalt
