// The random numbers of scripts: the 48-bit linear congruential generator that POSIX knows as
// lrand48, which is what Redis gives scripts, so that a seed gives the same numbers here as there.
// One per Vm.
#pragma once

#include <cstdint>

namespace basalt::script {

class ScriptRandom {
 public:
  void Seed(uint32_t seed) { state_ = uint64_t{seed} << 16 | 0x330e; }
  // In [0, 1).
  double Next() {
    constexpr uint32_t kMax = 0x7fffffff;
    state_ = (state_ * 0x5deece66d + 0xb) & ((uint64_t{1} << 48) - 1);
    return static_cast<double>(static_cast<uint32_t>(state_ >> 17) % kMax) /
           static_cast<double>(kMax);
  }

 private:
  uint64_t state_ = 0x1234abcd330e;
};

}  // namespace basalt::script
