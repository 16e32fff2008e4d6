// The logs of all shards as one thing: opening them at start, rewriting them, changing the fsync
// policy.
//
// A rewrite goes through three hands:  main thread: makes and lists the next file of every shard
// (blocking)  →  a park: every log is cut over to its new file at one epoch, and a child forked  →
// main thread: when the child has written the new bases, the manifest drops what they replace. A
// crash anywhere in between loses nothing: the old bases and every file are listed.
//
// The log may be turned off at each of these places, by a park that the main thread does not stand
// in. The rewrite is then given up by whoever has it in hand, and until that has happened the log
// cannot be turned on: files of the old log would come into the new one, and its bases would be
// written under the names of those that the child still writes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "core/shard/world.h"
#include "persistence/aof/file_keeper.h"
#include "persistence/aof/manifest_store.h"
#include "persistence/aof/recovery.h"
#include "persistence/aof/shard_log.h"
#include "persistence/snapshot/child.h"

namespace basalt {

class LogSet {
 public:
  LogSet(World* world, FileSystem* fs, SnapshotChild* child);
  ~LogSet();

  ManifestStore& store() { return *store_; }
  void AddShard(ShardLog* log) { logs_.push_back(log); }  // in order, before the shards run

  // --- start
  // The log goes on where `plan` says, with the same shards (`recovery` not null), or begins anew
  // with what was loaded as its base. Main thread, before the shards run.
  void PrepareStart(const RecoveryPlan* recovery, bool data_loaded);
  // On the shard's thread, once its data is in place; false: not yet, call again.
  absl::StatusOr<bool> OpenFor(Shard& shard);

  // --- rewrite
  // Asks for a rewrite; it starts as soon as no child is at work. Any thread. After one that
  // failed, the server's own requests wait longer each time: each try leaves an incremental file
  // per shard behind until one succeeds.
  void RequestRewrite() {
    retry_at_us_ = 0;
    wanted_ = true;
  }
  bool wanted() const { return wanted_; }
  bool in_progress() const { return phase_ != Phase::kIdle || wanted_; }
  // Main thread, ten times a second.
  void Tend(const Config& config);
  // Shard 0's thread: a parked section should call CutAndFork now.
  bool ReadyToCut() const { return phase_ == Phase::kPrepared && !child_.running(); }
  void CutAndFork();                              // parked, all shards, nothing else in the section
  void OnChildDone(const absl::Status& outcome);  // main thread
  bool child_is_ours() const { return phase_ == Phase::kWriting; }
  // Whether auto-aof-rewrite-percentage and -min-size ask for one. Any thread.
  bool RewriteDue(const Config& config) const;

  // --- at run time, parked
  // From `always` on recovery trusts that all which was recorded before it is durable on every
  // shard: refused while a log has failed, and taken back (EndPolicyChange) when the flush that
  // ends the park fails.
  absl::Status SetPolicy(AppendFsync policy, AppendFsync before);
  // Parked, after that flush. The policy that holds on, if the new one was taken back.
  std::optional<AppendFsync> EndPolicyChange(bool durable);
  // appendonly yes: the data of now becomes the base; blocks until it is written; refused while the
  // log of before, or a rewrite of it, has not come to its end. appendonly no: the log ends here.
  absl::Status TurnOn();
  void TurnOff();
  bool on() const { return on_; }

  uint64_t TotalBytes() const;  // size of bases and logs now, as published
  uint64_t BaseBytes() const { return base_bytes_; }
  bool last_rewrite_ok() const { return last_ok_; }
  int64_t last_rewrite_s() const { return last_seconds_; }
  int64_t rewrite_started_s() const { return started_s_; }
  uint64_t rewrites() const { return rewrites_; }
  uint64_t last_cow_bytes() const { return last_cow_bytes_; }

 private:
  enum class Phase { kIdle, kPreparing, kPrepared, kWriting };

  LogWriter::Options WriterOptions() const;
  // Of the files that are made from now on.
  uint64_t FileSize() const { return static_cast<uint64_t>(world_.config().aof_file_size); }
  // Nothing else is under way, and nothing else begins: a rewrite is being prepared from here on.
  bool BeginRewrite();
  // Some log's fsync has failed: it needs a new file and a fresh base.
  bool NewLogNeeded();
  void NoteOutcome(bool ok);
  // Makes what is loaded the base of a new log, with `bases` already written.
  absl::Status BeginNew(std::vector<BaseFile> bases);
  std::string BasePath(uint64_t generation, uint32_t shard) const;

  World& world_;
  FileSystem& fs_;
  SnapshotChild& child_;
  std::unique_ptr<ManifestStore> store_;
  std::unique_ptr<FileKeeper> keeper_;
  std::vector<ShardLog*> logs_;
  std::atomic<bool> on_{false};

  // start
  const RecoveryPlan* recovery_ = nullptr;
  bool data_loaded_ = false;
  std::mutex start_mutex_;
  std::vector<BaseFile> start_bases_;
  std::vector<char> base_written_;  // each its own shard's (bits would share a byte)
  uint32_t bases_left_ = 0;
  bool opened_ = false;
  std::vector<ManifestStore::OpenedFile> files_;  // by shard: to be opened, or to be cut over to

  // rewrite
  std::mutex switch_mutex_;  // over the step from idle to preparing, and the log's end
  std::atomic<Phase> phase_{Phase::kIdle};
  std::atomic<bool> wanted_{false};
  uint64_t generation_ = 0;
  Epoch base_epoch_;
  TxId next_tx_;
  std::vector<ManifestStore::NewBase> new_bases_;
  std::optional<AppendFsync> before_always_;  // while a change to always is not durable yet
  std::vector<ShardLog*> awaiting_base_;      // logs that this rewrite begins anew
  std::atomic<int64_t> retry_at_us_{0};
  int64_t resuming_until_us_ = 0;  // the main thread's
  uint32_t failures_ = 0;          // in a row; main thread, or parked
  std::atomic<uint64_t> base_bytes_{0};
  std::atomic<bool> last_ok_{true};
  std::atomic<int64_t> last_seconds_{-1}, started_s_{0};
  std::atomic<uint64_t> rewrites_{0}, last_cow_bytes_{0};
};

}  // namespace basalt
