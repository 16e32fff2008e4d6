// The processor's time stamp counter: what a command took costs one read of it, a fraction of a
// clock call. It runs at a constant rate on every machine that can run Basalt (x86-64-v2 in use has
// an invariant one); elsewhere the monotonic clock in nanoseconds takes its place. Any thread.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <ctime>
#endif

namespace basalt {

inline uint64_t Cycles() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
#endif
}

}  // namespace basalt
