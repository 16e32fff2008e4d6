#include "core/shard/world.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/crc.h"
#include "core/base/cycles.h"
#include "core/resp/errors.h"
#include "core/shard/shard.h"

namespace basalt {

World::World(Config* config, const CommandTable* commands, const Clock* clock, uint32_t shards)
    : start_cycles_(Cycles()),
      start_us_(clock->MonotonicMicros()),
      config_(config),
      commands_(commands),
      clock_(clock),
      shard_count_(shards),
      mail_(shards),
      park_(shards),
      published_(new Published[shards]) {
  BASALT_CHECK(shards >= 1 && shards <= kMaxShards);
}

World::~World() = default;

void World::Adopt(std::unique_ptr<Shard> shard) {
  BASALT_CHECK(shard->id().value == shards_.size());
  shards_.push_back(std::move(shard));
}

double World::CyclesPerMicro() const {
  int64_t us = clock_->MonotonicMicros() - start_us_;
  if (us <= 0) return 1000;
  return std::max(1.0, static_cast<double>(Cycles() - start_cycles_) / static_cast<double>(us));
}

void World::SetAlways(bool on) {
  if (on == always_) return;
  always_ = on;
  for (auto& shard : shards_) {
    DirtyKeys& dirty = shard->keyspace().dirty_keys();
    on ? dirty.Enable() : dirty.Disable();
    shard->ForgetFrozen();
  }
}

std::string_view World::BusyError(const ShardSet& shards) const {
  if (busy_shards.load(std::memory_order_relaxed) == 0) return {};
  for (uint32_t i = 0; i < shard_count_; ++i) {
    const ShardId shard(static_cast<uint16_t>(i));
    if (!shards.Has(shard)) continue;
    const BusyKind kind = BusyOn(shard);
    if (kind != BusyKind::kNone)
      return kind == BusyKind::kFunction ? errors::kBusyFunction : errors::kBusyScript;
  }
  return {};
}

std::string_view World::BusyErrorOfAny() const {
  const std::string_view error = BusyError(ShardSet::FirstN(shard_count_));
  return error.empty() ? errors::kBusyScript : error;
}

void World::PublishLogTrouble(ShardId shard, LogTrouble trouble) {
  std::lock_guard lock(log_trouble_mutex_);
  published_[shard.value].log_trouble.store(trouble.Pack(), std::memory_order_release);
  LogTrouble worst;
  for (uint32_t i = 0; i < shard_count_; ++i) {
    const LogTrouble t = LogTroubleOf(ShardId(static_cast<uint16_t>(i)));
    if (t.kind > worst.kind) worst = t;
  }
  log_trouble_.store(worst.Pack(), std::memory_order_release);
}

Epoch World::DurableCut() const {
  uint64_t cut = UINT64_MAX;
  for (uint32_t i = 0; i < shard_count_; ++i)
    cut = std::min(cut, published_[i].durable_epoch.load(std::memory_order_acquire));
  return Epoch(cut);
}

std::string World::WriteRefusal() const {
  if (save_failed.load(std::memory_order_relaxed)) return std::string(errors::kMisconfRdb);
  if (const LogTrouble trouble = log_trouble(); trouble.any()) return trouble.Refusal();
  return {};
}

std::optional<ShardId> World::SoleOwnerOf(Args words,
                                          const std::vector<uint32_t>& positions) const {
  const ShardId first = OwnerOf(words[positions[0]]);
  const auto elsewhere = [&](uint32_t i) { return OwnerOf(words[i]) != first; };
  if (std::any_of(positions.begin() + 1, positions.end(), elsewhere)) return std::nullopt;
  return first;
}

}  // namespace basalt
