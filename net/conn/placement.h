// Which shard serves a new connection: the one with the fewest, so that 50 connections lie evenly
// on 8 shards. (The kernel's own spreading by SO_REUSEPORT hashes addresses: with few connections
// some shards get none.) Any thread; counters are touched only when a connection comes or goes,
// each on a line of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/base/ids.h"
#include "core/base/spsc_queue.h"

namespace basalt {

class Placement {
 public:
  explicit Placement(uint32_t shards) : shards_(shards), counts_(new Count[shards]) {}

  // Picks a shard and counts the connection there.
  ShardId Place() {
    uint32_t best = next_.fetch_add(1, std::memory_order_relaxed) % shards_;
    for (uint32_t i = 0, first = best; i < shards_; ++i) {
      uint32_t candidate = (first + i) % shards_;
      if (Get(candidate) < Get(best)) best = candidate;
    }
    Add(ShardId(static_cast<uint16_t>(best)));
    return ShardId(static_cast<uint16_t>(best));
  }
  void Add(ShardId shard) { counts_[shard.value].n.fetch_add(1, std::memory_order_relaxed); }
  void Remove(ShardId shard) { counts_[shard.value].n.fetch_sub(1, std::memory_order_relaxed); }
  uint32_t Total() const {
    uint32_t total = 0;
    for (uint32_t i = 0; i < shards_; ++i) total += Get(i);
    return total;
  }

 private:
  struct alignas(kCacheLine) Count {
    std::atomic<uint32_t> n{0};
  };
  uint32_t Get(uint32_t i) const { return counts_[i].n.load(std::memory_order_relaxed); }

  const uint32_t shards_;
  std::unique_ptr<Count[]> counts_;
  std::atomic<uint32_t> next_{0};  // breaks ties in turn
};

}  // namespace basalt
