// When a small, packed collection becomes a large one: Redis 7.0's thresholds, by their
// configuration names. Read by every shard; written only while all shards are parked (CONFIG SET)
// or before they start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace basalt {

struct ValueLimits {
  inline static size_t hash_max_listpack_entries = 512;  // fields
  inline static size_t hash_max_listpack_value = 64;     // bytes of the longest field or value
  inline static size_t zset_max_listpack_entries = 128;  // members
  inline static size_t zset_max_listpack_value = 64;     // bytes of the longest member
  inline static size_t set_max_intset_entries = 512;
  // Positive: elements per node. -1 .. -5: bytes per node, 4 KB << (-n - 1).
  inline static int64_t list_max_listpack_size = -2;

  ValueLimits() = delete;
};

}  // namespace basalt
