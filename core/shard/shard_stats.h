// What one shard counts. Written by its thread; read by others while it is parked (INFO).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace basalt {

struct ShardStats {
  uint64_t commands = 0;           // run here
  uint64_t hops_sent = 0;          // commands sent to other shards
  uint64_t hops_served = 0;        // commands run for other shards
  uint64_t connections = 0;        // accepted, ever
  uint64_t rejected_connections = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t ticks = 0;
  uint64_t sleeps = 0;
  uint64_t parks_run = 0;
  int64_t last_park_us = 0;        // from asking the others to stand still until they were let go
  uint64_t parks_stood = 0;
  uint64_t parked_us = 0;          // time stood still for others
  uint64_t errors = 0;             // error replies
  uint64_t buffers_exhausted = 0;  // receives that found no buffer
  int64_t memory_bytes = 0;        // the thread's allocations, as of the last tick's end
  std::vector<uint64_t> calls;     // by CommandTable::IndexOf
  std::vector<uint64_t> failed;    // likewise: calls that answered an error
  std::vector<uint64_t> rejected;  // likewise: refused before they ran
  absl::flat_hash_map<std::string, uint64_t> error_kinds;  // by the reply's first word
};

}  // namespace basalt
