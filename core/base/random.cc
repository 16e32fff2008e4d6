#include "core/base/random.h"

#include <sys/random.h>

#include "core/base/check.h"

namespace basalt {

uint64_t RandomSeed() {
  uint64_t seed;
  BASALT_CHECK(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

}  // namespace basalt
