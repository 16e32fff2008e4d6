// A base for tests with random steps: the seed is fresh in every run, shown when an assertion
// fails, and taken from BASALT_TEST_SEED to replay one. One thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace basalt {

class SeededTest : public ::testing::Test {
 protected:
  SeededTest()
      : seed_(ChooseSeed()),
        rng_(seed_),
        trace_(__FILE__, __LINE__, "BASALT_TEST_SEED=" + std::to_string(seed_)) {}

  uint64_t seed() const { return seed_; }
  // Uniform in [0, n).
  uint64_t Below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(rng_); }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  // A short string that is often a number, of any width, and sometimes long.
  std::string RandomValue(size_t long_bytes = 300) {
    switch (Below(6)) {
      case 0:
        return std::to_string(static_cast<int64_t>(rng_()) >> Below(64));
      case 1:
        return std::to_string(Below(50));
      case 2:
        return RandomBytes(Below(long_bytes));
      default:
        return "v" + std::to_string(Below(40));
    }
  }
  std::string RandomBytes(size_t n) {
    std::string bytes(n, 0);
    for (char& byte : bytes) byte = static_cast<char>(rng_());
    return bytes;
  }

 private:
  static uint64_t ChooseSeed() {
    if (const char* seed = std::getenv("BASALT_TEST_SEED")) return std::strtoull(seed, nullptr, 10);
    return std::random_device()();
  }

  uint64_t seed_;
  std::mt19937_64 rng_;
  ::testing::ScopedTrace trace_;
};

}  // namespace basalt
