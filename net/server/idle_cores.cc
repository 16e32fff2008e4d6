#include "net/server/idle_cores.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace basalt {
namespace {

// Of all cores since the machine began; -1: not known.
int64_t IdleMillis() {
  FILE* file = fopen("/proc/stat", "re");
  if (file == nullptr) return -1;
  unsigned long long idle = 0, io_wait = 0;
  const int found = fscanf(file, "cpu %*u %*u %*u %llu %llu", &idle, &io_wait);
  fclose(file);
  const long ticks_per_s = sysconf(_SC_CLK_TCK);
  if (found != 2 || ticks_per_s <= 0) return -1;
  return static_cast<int64_t>((idle + io_wait) * 1000 / static_cast<uint64_t>(ticks_per_s));
}

}  // namespace

uint32_t IdleCores::Sample(int64_t now_us) {
  const int64_t idle_ms = IdleMillis();
  const int64_t before_ms = std::exchange(idle_ms_, idle_ms);
  const int64_t passed_us = now_us - std::exchange(now_us_, now_us);
  if (before_ms < 0 || idle_ms < before_ms || passed_us <= 0) return 0;
  return static_cast<uint32_t>(
      std::min<int64_t>((idle_ms - before_ms) * 100'000 / passed_us, INT32_MAX));
}

}  // namespace basalt
