// Chooses `want` of `total` things that come by one after another, every subset equally likely
// (Knuth, volume 2, 3.4.2, algorithm S). One thread.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/base/random.h"

namespace basalt {

class Sampler {
 public:
  Sampler(Random& random, size_t want, size_t total)
      : random_(random), want_(std::min(want, total)), left_(total) {}

  bool done() const { return want_ == 0; }

  // Whether the thing that comes by now is chosen. At most `total` calls.
  bool Take() {
    const bool take = random_.Below(left_--) < want_;
    want_ -= take;
    return take;
  }

 private:
  Random& random_;
  size_t want_;
  size_t left_;
};

}  // namespace basalt
