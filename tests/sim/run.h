// Everything that one seed says: some lives of one server on one disk, each ended by a cut, and
// after each the rules of the History.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/history.h"

namespace basalt::sim {

struct Outcome {
  std::string failure;  // empty: all rules held
  uint64_t fingerprint = 0;
  uint64_t turns = 0;
  uint64_t disk_operations = 0;
  uint32_t lives = 0;
  History::Counts counts;
};

struct RunOptions {
  bool trace = false;        // prints what happens
  bool disk_errors = false;  // EIO and ENOSPC, too
  // Without scripts, keys that expire and snapshots: what is wrong with all else is found sooner.
  bool plain = false;
  // Only lives on slow shards that end with the process killed: where epochs are put to the test.
  bool slow_shards = false;
};
Outcome RunSeed(uint64_t seed, const RunOptions& options = {});

}  // namespace basalt::sim
