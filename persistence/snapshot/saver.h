// Snapshots of the whole server: SAVE, BGSAVE, the save points, and the record of how the last ones
// went.
//
// Every shard's image is of one cut because all shards stand still when it begins: for a foreground
// save until it ends, for a background save only as long as fork() takes. State is guarded by a
// mutex; sections that touch keyspaces run parked.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/io/file.h"
#include "core/shard/world.h"
#include "persistence/rdb/rdb_writer.h"
#include "persistence/snapshot/child.h"
#include "persistence/snapshot/manifest.h"

namespace basalt {

// The code of the server's function libraries, for the first file of a set.
std::vector<std::string> LibrariesOf(World& world);

// Writes every shard's keyspace, each on a thread of its own, to `paths`. The world stands still,
// or this is a forked child. `report` (may be null) is that of the child that this is. Blocking.
absl::StatusOr<std::vector<rdb::FileSummary>> SaveShards(World& world, FileSystem& fs,
                                                         const std::vector<std::string>& paths,
                                                         Epoch epoch, bool aof_base,
                                                         SnapshotChild::Report* report);

class Saver {
 public:
  Saver(World* world, FileSystem* fs, SnapshotChild* child);

  // Parked. Blocks until the snapshot is durable.
  absl::Status SaveNow();
  // Parked. Forks. FailedPrecondition when a child is at work.
  absl::Status SaveInBackground();
  // Ends the child, or forgets a save that is scheduled. False: there is none.
  bool Cancel();
  // The child has ended so. Main thread.
  void OnChildDone(const absl::Status& outcome);

  // A save that waits for the other child to end (BGSAVE SCHEDULE).
  void Schedule() { scheduled_ = true; }
  // Whether a background save should start now, by the save points or because one was scheduled.
  // `now_s` Unix seconds.
  bool Due(int64_t now_s);

  // Changes since the last successful save.
  int64_t Changes() const;
  bool in_progress() const { return in_progress_; }
  int64_t last_save_unix_s() const { return last_save_s_; }
  bool last_ok() const { return last_ok_; }
  int64_t last_seconds() const { return last_seconds_; }  // -1: none yet
  int64_t started_unix_s() const { return started_s_; }
  uint64_t saves() const { return saves_; }
  uint64_t last_cow_bytes() const { return last_cow_bytes_; }

 private:
  struct Plan {
    SnapshotManifest manifest;
    std::vector<std::string> paths;
  };
  absl::StatusOr<Plan> MakePlan();
  absl::Status Write(const Plan& plan, SnapshotChild::Report* report);
  void Succeeded();
  void NoteBaseline();
  void RemoveLeftovers(uint64_t generation);

  World& world_;
  FileSystem& fs_;
  SnapshotChild& child_;
  mutable std::mutex mutex_;
  std::vector<uint64_t> baseline_;          // per shard: keyspace.dirty at the last successful save
  std::vector<uint64_t> pending_baseline_;  // of the save under way
  std::atomic<bool> in_progress_{false}, scheduled_{false}, last_ok_{true}, cancelled_{false};
  std::atomic<uint64_t> generation_{0};  // of the background save under way
  std::atomic<int64_t> last_save_s_, last_seconds_{-1}, started_s_{0}, last_try_s_{0};
  std::atomic<uint64_t> saves_{0}, last_cow_bytes_{0};
};

}  // namespace basalt
