// One seed for a test with random steps: fresh in every run and printed, or taken from
// BASALT_TEST_SEED to replay one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/base/random.h"

namespace basalt {

inline uint64_t TestSeed() {
  const char* given = std::getenv("BASALT_TEST_SEED");
  uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : RandomSeed();
  std::printf("BASALT_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace basalt
