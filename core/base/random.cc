#include "core/base/random.h"

#include <sys/random.h>

#include "core/base/check.h"
#include "core/base/seed_generator.h"

namespace basalt {

namespace {

Random* g_generator = nullptr;

}  // namespace

void SetSeedGenerator(Random* generator) { g_generator = generator; }

uint64_t RandomSeed() {
  if (g_generator != nullptr) return g_generator->Next();
  uint64_t seed;
  BASALT_CHECK(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

}  // namespace basalt
