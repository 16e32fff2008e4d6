// What one shard counts. Written by its thread; read by others while it is parked (INFO).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace basalt {

// Units per second of a growing counter, averaged over the last 16 samples.
class RateMeter {
 public:
  void Sample(uint64_t value, int64_t now_us) {
    if (now_us > last_us_ && last_us_ != 0) {
      rates_[next_] = (value - last_) * 1'000'000 / static_cast<uint64_t>(now_us - last_us_);
      next_ = (next_ + 1) % kSamples;
    }
    last_ = value;
    last_us_ = now_us;
  }
  uint64_t PerSecond() const {
    uint64_t sum = 0;
    for (uint64_t rate : rates_) sum += rate;
    return sum / kSamples;
  }

 private:
  static constexpr size_t kSamples = 16;
  uint64_t rates_[kSamples] = {};
  size_t next_ = 0;
  uint64_t last_ = 0;
  int64_t last_us_ = 0;
};

// One entry of SLOWLOG. Long command lines are cut when they are noted.
struct SlowCommand {
  uint64_t id;
  int64_t unix_s;
  int64_t took_us;
  std::vector<std::string> words;
  std::string peer, name;
};

struct ShardStats {
  uint64_t commands = 0;          // run here
  uint64_t hops_sent = 0;         // commands sent to other shards
  uint64_t hops_served = 0;       // commands run for other shards
  uint64_t blocked_clients = 0;   // of this shard's connections, now
  uint64_t durability_waits = 0;  // of them, in WAIT and WAITAOF
  uint64_t connections = 0;       // accepted, ever
  uint64_t rejected_connections = 0;
  uint64_t moved_connections = 0;  // that came from another shard
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t reads = 0;   // receives that have brought something
  uint64_t writes = 0;  // sends
  uint64_t ticks = 0;
  uint64_t sleeps = 0;
  uint64_t fan_outs = 0;           // transactions with locks on several shards, coordinated here
  uint64_t fan_out_refusals = 0;   // how often one of them had to take a new number
  uint64_t commands_deferred = 0;  // commands that had to wait for a key
  uint64_t parks_run = 0;
  uint64_t parks_stood = 0;
  uint64_t parked_us = 0;          // time stood still for others
  uint64_t errors = 0;             // error replies
  uint64_t buffers_exhausted = 0;  // receives that found no buffer
  int64_t memory_bytes = 0;        // the thread's allocations, as of the last tick's end
  std::vector<uint64_t> calls;     // by CommandTable::IndexOf
  std::vector<uint64_t> cycles;    // likewise: time taken (core/base/cycles.h)
  std::vector<uint64_t> failed;    // likewise: calls that answered an error
  std::vector<uint64_t> rejected;  // likewise: refused before they ran
  absl::flat_hash_map<std::string, uint64_t> error_kinds;  // by the reply's first word
  RateMeter commands_rate, bytes_in_rate, bytes_out_rate;
  std::deque<SlowCommand> slow;  // newest first
};

}  // namespace basalt
