// Distinct integer types for everything that is an identity or a position, so that none is passed
// for another. Plain values; any thread.
#pragma once

#include <compare>
#include <cstdint>

namespace basalt {

// A number that converts to nothing by itself. `Tag` only keeps two Ids apart.
template <class Tag, class Rep>
struct Id {
  using Value = Rep;
  Rep value{};

  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  constexpr auto operator<=>(const Id&) const = default;
  constexpr Id& operator++() {
    ++value;
    return *this;
  }
};

using ShardId = Id<struct ShardIdTag, uint16_t>;
using SlotId = Id<struct SlotIdTag, uint16_t>;      // 0 .. kSlotCount-1
using DbIndex = Id<struct DbIndexTag, uint8_t>;     // 0 .. databases-1
using Lsn = Id<struct LsnTag, uint64_t>;            // byte position in one shard's log; only grows
using Epoch = Id<struct EpochTag, uint64_t>;        // the global slice of time an effect belongs to
using TxId = Id<struct TxIdTag, uint64_t>;          // global number of a multi-shard transaction
using ClientId = Id<struct ClientIdTag, uint64_t>;  // what CLIENT ID answers

inline constexpr uint32_t kSlotCount = 16384;
inline constexpr uint32_t kMaxShards = 256;
inline constexpr uint32_t kDatabases = 16;

// The shard that owns `slot` when `shards` of them divide the slots into contiguous ranges of
// near-equal length.
constexpr ShardId ShardOfSlot(SlotId slot, uint32_t shards) {
  return ShardId(static_cast<uint16_t>(uint32_t{slot.value} * shards / kSlotCount));
}

// First slot of `shard`'s range; its last is FirstSlotOf(shard + 1) - 1.
constexpr uint32_t FirstSlotOf(uint32_t shard, uint32_t shards) {
  return (shard * kSlotCount + shards - 1) / shards;
}

}  // namespace basalt
