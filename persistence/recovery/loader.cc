#include "persistence/recovery/loader.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/base/status.h"
#include "persistence/recovery/part_loader.h"

namespace basalt {
namespace {

constexpr uint64_t kSliceBytes = 256 << 10;
constexpr size_t kSliceEntries = 4096;

}  // namespace

// One shard's share of the loading.
class LoadJob final : public BackgroundJob {
 public:
  LoadJob(Loader* loader, Shard* shard) : loader_(*loader), shard_(*shard) {
    uint32_t shards = loader_.world_.shard_count();
    for (size_t part = shard->id().value; part < loader_.plan_.parts.size(); part += shards)
      mine_.push_back(part);
  }

  bool Step() override {
    if (loader_.failed()) return false;
    bool done = false;
    switch (phase_) {
      case kLoad:
        done = Load();
        break;
      case kShareOut:
        done = ShareOut();
        break;
      case kAdopt:
        done = Adopt();
        break;
      case kFinish:
        done = Finish();
        break;
      case kWait:
        break;
    }
    if (done) {
      ++loader_.phase_done_[phase_];
      waiting_for_ = phase_;
      phase_ = kWait;
    }
    if (phase_ == kWait && loader_.phase_done_[waiting_for_].load() == loader_.world_.shard_count())
      return Next();
    return true;
  }

 private:
  enum Phase { kLoad, kShareOut, kAdopt, kFinish, kWait };

  bool Next() {
    if (waiting_for_ == kFinish) {
      if (shard_.id().value == 0) EndLoading();
      return false;
    }
    phase_ = loader_.in_place() && waiting_for_ == kLoad ? kFinish
                                                         : static_cast<Phase>(waiting_for_ + 1);
    return true;
  }

  void EndLoading() {
    int64_t us = loader_.world_.clock().MonotonicMicros() - loader_.started_us_;
    if (loader_.plan_.source != LoadPlan::Source::kNothing) {
      uint64_t keys =
          0;  // other shards stand behind their last phase and change nothing before loading ends
      for (uint32_t i = 0; i < loader_.world_.shard_count(); ++i)
        keys += loader_.world_.shard(i).keyspace().TotalKeys();
      LogNotice("DB loaded from ", SourceName(loader_.plan_.source), ": ", keys, " keys, ",
                loader_.bytes_done(), " bytes in ", us / 1000, " ms");
    }
    loader_.world_.loading = false;
    loader_.finished_.store(true, std::memory_order_release);
  }

  bool Load() {
    if (part_loader_ == nullptr) {
      if (next_ == mine_.size()) return true;
      size_t part = mine_[next_++];
      Keyspace* keyspace = &shard_.keyspace();
      if (!loader_.in_place()) {
        loader_.keyspaces_[part] = std::make_unique<Keyspace>();
        keyspace = loader_.keyspaces_[part].get();
      }
      part_loader_ = std::make_unique<PartLoader>(&loader_, &loader_.plan_.parts[part], keyspace,
                                                  shard_.scripts());
    }
    absl::StatusOr<bool> done = part_loader_->Step(kSliceBytes);
    if (!done.ok()) {
      loader_.Fail(done.status());
      return false;
    }
    if (*done) part_loader_.reset();
    return false;
  }

  // Takes the entries out of the keyspaces this shard loaded, sorted by owner.
  bool ShareOut() {
    if (share_ == mine_.size()) return true;
    size_t part = mine_[share_];
    Keyspace& from = *loader_.keyspaces_[part];
    DbIndex db(static_cast<uint8_t>(share_db_));
    size_t n = from.db(db).HandOver(kSliceEntries, [&](Entry* e) {
      ShardId owner = loader_.world_.OwnerOf(e->key());
      loader_.handed_[part][owner.value].entries.emplace_back(db, e);
    });
    if (n > 0) return false;
    if (++share_db_ == from.databases()) {
      share_db_ = 0;
      ++share_;
    }
    return false;
  }

  // Takes over what others loaded for this shard.
  bool Adopt() {
    for (; adopt_part_ < loader_.handed_.size(); ++adopt_part_, adopt_at_ = 0) {
      auto& entries = loader_.handed_[adopt_part_][shard_.id().value].entries;
      size_t end = std::min(entries.size(), adopt_at_ + kSliceEntries);
      for (; adopt_at_ < end; ++adopt_at_) {
        shard_.keyspace().db(entries[adopt_at_].first).Adopt(entries[adopt_at_].second);
      }
      if (adopt_at_ < entries.size()) return false;
      std::vector<std::pair<DbIndex, Entry*>>().swap(entries);
    }
    return true;
  }

  bool Finish() {
    for (size_t part : mine_) {
      if (!loader_.in_place()) loader_.keyspaces_[part].reset();
    }
    absl::StatusOr<bool> finished = loader_.finish_(shard_);
    if (!finished.ok()) loader_.Fail(finished.status());
    return finished.ok() && *finished;
  }

  Loader& loader_;
  Shard& shard_;
  std::vector<size_t> mine_;  // parts
  Phase phase_ = kLoad;
  int waiting_for_ = 0;
  size_t next_ = 0;
  std::unique_ptr<PartLoader> part_loader_;
  size_t share_ = 0;
  uint32_t share_db_ = 0;
  size_t adopt_part_ = 0;
  size_t adopt_at_ = 0;
};

Loader::Loader(World* world, FileSystem* fs, LoadPlan plan,
               std::function<absl::StatusOr<bool>(Shard&)> finish)
    : world_(*world),
      fs_(*fs),
      plan_(std::move(plan)),
      finish_(std::move(finish)),
      in_place_((plan_.source == LoadPlan::Source::kLog ||
                 plan_.source == LoadPlan::Source::kSnapshot ||
                 plan_.source == LoadPlan::Source::kNothing)
                    ? plan_.parts.empty() || plan_.parts.size() == world->shard_count()
                    : world->shard_count() == 1) {
  started_unix_s_ = world->clock().UnixMillis() / 1000;
  started_us_ = world->clock().MonotonicMicros();
  keyspaces_.resize(plan_.parts.size());
  handed_.resize(plan_.parts.size());
  for (auto& by_shard : handed_) by_shard.resize(world->shard_count());
}

std::unique_ptr<BackgroundJob> Loader::JobFor(Shard* shard) {
  return std::make_unique<LoadJob>(this, shard);
}

void Loader::Fail(const absl::Status& status) {
  std::lock_guard lock(mutex_);
  if (error_.ok()) error_ = status;
  failed_.store(true, std::memory_order_release);
}

absl::Status Loader::error() const {
  std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace basalt
