// Where RandomSeed takes its seeds from, for runs that can be repeated. One thread, with no other
// running.
#pragma once

#include "core/base/random.h"

namespace basalt {

// From here on they are numbers of `generator`; null: from the kernel again.
void SetSeedGenerator(Random* generator);

}  // namespace basalt
