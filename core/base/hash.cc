#include "core/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/random.h"

namespace basalt {
namespace {

uint64_t g_seed = RandomSeed();

}  // namespace

uint64_t HashKey(std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), g_seed);
}

void SetHashSeed(uint64_t seed) { g_seed = seed; }

}  // namespace basalt
