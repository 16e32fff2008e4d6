#include "persistence/snapshot/saver.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/io/in_parallel.h"
#include "core/script/script_store.h"
#include "core/shard/shard.h"
#include "persistence/snapshot/manifest_files.h"

namespace basalt {
namespace {

constexpr int64_t kRetrySeconds = 5;  // after a failed background save, as Redis

}  // namespace

std::vector<std::string> LibrariesOf(World& world) {
  std::vector<std::string> code;
  auto* store = static_cast<script::ScriptStore*>(world.scripts());
  if (store == nullptr || MutantIs("libraries-left-out")) return code;
  for (const auto& [name, library] : store->functions().All()) code.push_back(library->code);
  return code;
}

absl::StatusOr<std::vector<rdb::FileSummary>> SaveShards(World& world, FileSystem& fs,
                                                         const std::vector<std::string>& paths,
                                                         Epoch epoch, bool aof_base,
                                                         SnapshotChild::Report* report) {
  const uint32_t shards = world.shard_count();
  std::vector<absl::StatusOr<rdb::FileSummary>> results(shards, absl::UnknownError("not written"));
  const Config& config = world.config();
  InParallel(fs, shards, [&](uint32_t i) {
    Keyspace& keyspace = world.shard(i).keyspace();
    ShardId id(static_cast<uint16_t>(i));
    rdb::FileHeader header{.created_unix_s = keyspace.now_ms / 1000,
                           .used_memory = static_cast<uint64_t>(
                               std::max<int64_t>(world.shard(i).stats().memory_bytes, 0)),
                           .aof_base = aof_base,
                           .shard = rdb::ShardInfo{.shard = id, .shards = shards, .epoch = epoch}};
    if (i == 0) header.libraries = LibrariesOf(world);
    rdb::FileSinkOptions options;
    options.compress = config.rdbcompression;
    options.checksum = config.rdbchecksum;
    if (report != nullptr) {
      options.after_write = [report, before = uint64_t{0}, &config](uint64_t bytes) mutable {
        report->NoteWritten(bytes - std::exchange(before, bytes), config.rdb_save_rate_limit);
      };
    }
    results[i] = rdb::SaveShard(keyspace, fs, paths[i], header, options);
  });
  std::vector<rdb::FileSummary> summaries;
  for (auto& result : results) {
    if (!result.ok()) return result.status();
    summaries.push_back(*result);
  }
  return summaries;
}

Saver::Saver(World* world, FileSystem* fs, SnapshotChild* child)
    : world_(*world),
      fs_(*fs),
      child_(*child),
      baseline_(world->shard_count()),
      last_save_s_(world->clock().UnixMillis() / 1000) {}

absl::StatusOr<Saver::Plan> Saver::MakePlan() {
  const Config& config = world_.config();
  absl::StatusOr<uint64_t> generation = NextSnapshotGeneration(fs_, ".", config.dbfilename);
  if (!generation.ok()) return generation.status();
  Plan plan;
  plan.manifest.generation = *generation;
  plan.manifest.epoch = world_.CurrentEpoch();
  plan.manifest.created_unix_s = world_.clock().UnixMillis() / 1000;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    std::string name =
        SnapshotShardName(config.dbfilename, ShardId(static_cast<uint16_t>(i)), *generation);
    plan.paths.push_back(JoinPath(".", name));
    plan.manifest.shards.push_back({.name = name});
  }
  return plan;
}

absl::Status Saver::Write(const Plan& plan, SnapshotChild::Report* report) {
  auto files = SaveShards(world_, fs_, plan.paths, plan.manifest.epoch, /*aof_base=*/false, report);
  if (!files.ok()) return files.status();
  SnapshotManifest manifest = plan.manifest;
  for (size_t i = 0; i < files->size(); ++i) {
    manifest.shards[i].bytes = (*files)[i].bytes;
    manifest.shards[i].crc64 = (*files)[i].crc64;
    if (report != nullptr) report->keys_written += (*files)[i].keys;
  }
  const std::string& dbfilename = world_.config().dbfilename;
  if (absl::Status s = StoreManifest(fs_, ".", dbfilename, manifest); !s.ok()) return s;
  if (absl::Status s = RemoveOlderSnapshots(fs_, ".", dbfilename, manifest.generation); !s.ok()) {
    LogWarning("The new snapshot is good, but an older one could not be removed: ", MessageOf(s));
  }
  return absl::OkStatus();
}

void Saver::NoteBaseline() {
  std::lock_guard lock(mutex_);
  pending_baseline_.clear();
  for (uint32_t i = 0; i < world_.shard_count(); ++i)
    pending_baseline_.push_back(world_.shard(i).keyspace().dirty);
}

void Saver::Succeeded() {
  std::lock_guard lock(mutex_);
  baseline_ = pending_baseline_;
  last_save_s_ = world_.clock().UnixMillis() / 1000;
  last_ok_ = true;
  world_.save_failed = false;
  ++saves_;
}

absl::Status Saver::SaveNow() {
  int64_t from = world_.clock().MonotonicMicros();
  NoteBaseline();
  absl::StatusOr<Plan> plan = MakePlan();
  absl::Status status = plan.ok() ? Write(*plan, nullptr) : plan.status();
  if (!status.ok()) {
    LogWarning("Saving failed: ", MessageOf(status));
    if (plan.ok()) RemoveLeftovers(plan->manifest.generation);
    last_ok_ = false;
    return status;
  }
  Succeeded();
  LogNotice("DB saved on disk in ", (world_.clock().MonotonicMicros() - from) / 1000, " ms");
  return absl::OkStatus();
}

absl::Status Saver::SaveInBackground() {
  if (child_.running())
    return absl::FailedPreconditionError("ERR Background save already in progress");
  scheduled_ = false;
  last_try_s_ = started_s_ = world_.clock().UnixMillis() / 1000;
  NoteBaseline();
  absl::StatusOr<Plan> plan = MakePlan();
  absl::Status status = plan.status();
  cancelled_ = false;
  if (plan.ok()) {
    generation_ = plan->manifest.generation;
    status = child_.Start("Background saving", [this, &plan](SnapshotChild::Report& report) {
      return Write(*plan, &report);
    });
  }
  if (status.ok()) {
    in_progress_ = true;
  } else {
    OnChildDone(status);
  }
  return status;
}

void Saver::OnChildDone(const absl::Status& outcome) {
  in_progress_ = false;
  int64_t now = world_.clock().UnixMillis() / 1000;
  last_seconds_ = now - started_s_;
  last_cow_bytes_ = child_.report().copy_on_write_bytes.load();
  if (outcome.ok()) {
    Succeeded();
    LogNotice("Background saving terminated with success; copy-on-write: ", last_cow_bytes_ >> 20,
              " MB");
    return;
  }
  if (const uint64_t generation = generation_.exchange(0); generation != 0)
    RemoveLeftovers(generation);
  if (cancelled_) {
    // It says nothing about the disk.
    LogNotice("Background saving was cancelled");
    return;
  }
  last_ok_ = false;
  const Config config = world_.ConfigCopy();
  world_.save_failed = config.stop_writes_on_bgsave_error && !config.save.empty();
  LogWarning("Background saving failed, the snapshot before it stands: ", MessageOf(outcome));
}

// What a save that failed has written, so that it does not fill the disk for good.
void Saver::RemoveLeftovers(uint64_t generation) {
  if (absl::Status s = RemoveUnfinished(fs_, ".", world_.ConfigCopy().dbfilename, generation);
      !s.ok()) {
    LogWarning("Files of the snapshot that failed could not be removed: ", MessageOf(s));
  }
}

bool Saver::Cancel() {
  const bool scheduled = scheduled_.exchange(false);
  if (!in_progress_) return scheduled;
  cancelled_ = true;
  // The main thread notices its end and does the rest.
  child_.End();
  return true;
}

int64_t Saver::Changes() const {
  std::lock_guard lock(mutex_);
  int64_t changes = 0;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    changes += static_cast<int64_t>(world_.PublishedDirty(ShardId(static_cast<uint16_t>(i))) -
                                    baseline_[i]);
  }
  return changes;
}

bool Saver::Due(int64_t now_s) {
  if (child_.running() || world_.loading.load(std::memory_order_relaxed)) return false;
  if (scheduled_) return true;
  if (!last_ok_ && now_s - last_try_s_ < kRetrySeconds) return false;
  int64_t changes = Changes();
  for (const SavePoint& point : world_.config().save) {
    if (changes >= point.changes && now_s - last_save_s_ > point.seconds) {
      LogNotice(changes, " changes in ", point.seconds, " seconds. Saving...");
      return true;
    }
  }
  return false;
}

}  // namespace basalt
