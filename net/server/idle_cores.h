// How much of the machine's cores nobody used, from /proc/stat. One thread.
#pragma once

#include <cstdint>

namespace basalt {

class IdleCores {
 public:
  // In percent of one core, over the time since the call before; 0 at the first call, and where
  // the kernel does not tell.
  uint32_t Sample(int64_t now_us);

 private:
  int64_t idle_ms_ = -1;
  int64_t now_us_ = 0;
};

}  // namespace basalt
