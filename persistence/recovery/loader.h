// Loads the data set at start: every shard at once, a slice per tick, so that clients are answered
// -LOADING meanwhile.
//
// With as many parts as shards, written under the same division of slots, each shard loads its own
// part in place. Otherwise the parts are shared out; each is loaded whole into a keyspace of its
// own, exactly as it was, and then its entries are handed to their owners: no value is copied.
// Phases end together: nobody goes on before the last has finished the one before.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/shard/shard.h"
#include "core/shard/world.h"
#include "persistence/aof/log_reader.h"
#include "persistence/rdb/rdb_reader.h"
#include "persistence/recovery/load_plan.h"

namespace basalt {

class Loader {
 public:
  // `finish` runs on each shard's thread when all data is in place: it opens the
  // shard's log; false: call again. The last one ends the loading.
  Loader(World* world, FileSystem* fs, LoadPlan plan,
         std::function<absl::StatusOr<bool>(Shard&)> finish);

  std::unique_ptr<BackgroundJob> JobFor(Shard* shard);

  // For INFO and the progress lines; any thread.
  uint64_t bytes_total() const { return bytes_total_.load(std::memory_order_relaxed); }
  uint64_t bytes_done() const { return bytes_done_.load(std::memory_order_relaxed); }
  uint64_t keys() const { return keys_.load(std::memory_order_relaxed); }
  int64_t started_unix_s() const { return started_unix_s_; }
  const LoadPlan& plan() const { return plan_; }

  bool finished() const { return finished_.load(std::memory_order_acquire); }
  // The first error; loading stopped there. Any thread.
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  absl::Status error() const;

 private:
  friend class LoadJob;
  friend class PartLoader;

  struct Handed {  // entries of one part for one shard
    std::vector<std::pair<DbIndex, Entry*>> entries;
  };

  void Fail(const absl::Status& status);
  bool in_place() const { return in_place_; }

  World& world_;
  FileSystem& fs_;
  const LoadPlan plan_;
  const std::function<absl::StatusOr<bool>(Shard&)> finish_;
  const bool in_place_;
  int64_t started_unix_s_ = 0;
  int64_t started_us_ = 0;
  std::vector<std::vector<Handed>> handed_;           // [part][shard]
  std::vector<std::unique_ptr<Keyspace>> keyspaces_;  // by part, when not in place
  std::atomic<uint32_t> phase_done_[4] = {};          // shards that have finished each phase
  std::atomic<uint64_t> bytes_total_{0}, bytes_done_{0}, keys_{0};
  std::atomic<bool> failed_{false}, finished_{false};
  mutable std::mutex mutex_;
  absl::Status error_;
};

}  // namespace basalt
