#include "persistence/snapshot/log_set.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/shard/shard.h"
#include "persistence/snapshot/saver.h"

namespace basalt {
namespace {

// After a rewrite that failed; doubles up to the second.
constexpr int64_t kRetryMicros = 1'000'000;
constexpr int64_t kRetryMicrosMax = 60'000'000;
// By then a shard has gone on with its new log, or that has failed, too.
constexpr int64_t kResumeMicrosMax = 1'000'000;

FsyncPolicy PolicyOf(AppendFsync option) {
  switch (option) {
    case AppendFsync::kAlways:
      return FsyncPolicy::kAlways;
    case AppendFsync::kEverySec:
      return FsyncPolicy::kEverySecond;
    case AppendFsync::kNo:
      return FsyncPolicy::kNo;
  }
  return FsyncPolicy::kEverySecond;
}

}  // namespace

LogSet::LogSet(World* world, FileSystem* fs, SnapshotChild* child)
    : world_(*world), fs_(*fs), child_(*child) {
  const Config& config = world_.config();
  store_ = std::make_unique<ManifestStore>(fs, config.appenddirname, config.appendfilename);
}

LogSet::~LogSet() = default;

LogWriter::Options LogSet::WriterOptions() const {
  LogWriter::Options options;
  options.policy = PolicyOf(world_.config().appendfsync);
  return options;
}

std::string LogSet::BasePath(uint64_t generation, uint32_t shard) const {
  return store_->PathOf(
      BaseFileName(store_->stem(), generation, ShardId(static_cast<uint16_t>(shard))));
}

// --- start

void LogSet::PrepareStart(const RecoveryPlan* recovery, bool data_loaded) {
  on_ = true;
  recovery_ = recovery;
  data_loaded_ = data_loaded;
  keeper_ = std::make_unique<FileKeeper>(store_.get());
  files_.resize(world_.shard_count());
  base_written_.resize(world_.shard_count());
  start_bases_.resize(world_.shard_count());
  bases_left_ = world_.shard_count();
  if (recovery != nullptr) {
    world_.SetEpoch(recovery->resume_epoch);
    world_.SetNextTx(recovery->next_tx);
  }
  generation_ = store_->TakeGeneration();
}

absl::StatusOr<bool> LogSet::OpenFor(Shard& shard) {
  const uint32_t i = shard.id().value;
  if (recovery_ != nullptr) {
    const ShardPlan& plan = recovery_->shards[i];
    absl::StatusOr<ManifestStore::OpenedFile> file =
        store_->OpenLast(shard.id(), plan.append_offset, FileSize());
    if (!file.ok()) return file.status();
    logs_[i]->Open(*std::move(file), plan.append_lsn, WriterOptions(), keeper_.get());
    Manifest manifest = store_->current();
    if (manifest.shards[i].base) base_bytes_ += manifest.shards[i].base->size;
    logs_[i]->SetRewriteBase(manifest.shards[i].start);
    return true;
  }
  if (!base_written_[i]) {
    BaseFile base;
    if (data_loaded_) {
      if (absl::Status s = fs_.MakeDirectory(store_->directory()); !s.ok()) return s;
      rdb::FileHeader header{
          .created_unix_s = shard.keyspace().now_ms / 1000,
          .aof_base = true,
          .shard = rdb::ShardInfo{
              .shard = shard.id(), .shards = world_.shard_count(), .epoch = world_.CurrentEpoch()}};
      if (i == 0) header.libraries = LibrariesOf(world_);
      auto summary = rdb::SaveShard(shard.keyspace(), fs_, BasePath(generation_, i), header,
                                    rdb::FileSinkOptions{});
      if (!summary.ok()) return summary.status();
      base = {BaseFileName(store_->stem(), generation_, shard.id()), summary->bytes,
              summary->crc64};
    }
    std::lock_guard lock(start_mutex_);
    start_bases_[i] = base;
    base_written_[i] = true;
    if (--bases_left_ == 0) {
      if (absl::Status s = BeginNew(std::move(start_bases_)); !s.ok()) return s;
      opened_ = true;
    }
  }
  std::lock_guard lock(start_mutex_);
  if (!opened_) return false;
  logs_[i]->Open(std::move(files_[i]), Lsn(0), WriterOptions(), keeper_.get());
  return true;
}

absl::Status LogSet::BeginNew(std::vector<BaseFile> bases) {
  if (absl::Status s = fs_.MakeDirectory(store_->directory()); !s.ok()) return s;
  Manifest old = store_->current();
  Manifest manifest;
  manifest.generation = generation_;
  manifest.shard_count = world_.shard_count();
  manifest.salt = Random(RandomSeed()).Next();
  manifest.base_epoch = world_.CurrentEpoch();
  manifest.settled.epoch = world_.CurrentEpoch();
  manifest.next_tx = world_.next_tx();
  manifest.shards.resize(manifest.shard_count);
  base_bytes_ = 0;
  for (size_t i = 0; i < bases.size(); ++i) {
    if (bases[i].name.empty()) continue;
    base_bytes_ += bases[i].size;
    manifest.shards[i].base = bases[i];
  }
  for (const ShardFiles& files : old.shards) {
    if (files.base) manifest.history.push_back(files.base->name);
    manifest.history.insert(manifest.history.end(), files.incrementals.begin(),
                            files.incrementals.end());
  }
  manifest.history.insert(manifest.history.end(), old.history.begin(), old.history.end());
  absl::StatusOr<std::vector<ManifestStore::OpenedFile>> files =
      store_->InstallWithFiles(std::move(manifest), FileSize());
  if (!files.ok()) return files.status();
  files_ = *std::move(files);
  return store_->RemoveHistory();
}

// --- rewrite

bool LogSet::NewLogNeeded() {
  if (world_.log_trouble().kind != LogTrouble::Kind::kSync) {
    resuming_until_us_ = 0;
    return false;
  }
  // A shard whose new log has its base goes on with it in one of its next ticks.
  if (world_.clock().MonotonicMicros() < resuming_until_us_) return false;
  return on_ && phase_ == Phase::kIdle && !wanted_;
}

void LogSet::NoteOutcome(bool ok) {
  last_ok_ = ok;
  failures_ = ok ? 0 : failures_ + 1;
  const int64_t pause_us = std::min(kRetryMicros << std::min(failures_, 20u) >> 1, kRetryMicrosMax);
  retry_at_us_ = ok ? 0 : world_.clock().MonotonicMicros() + pause_us;
}

bool LogSet::BeginRewrite() {
  std::lock_guard lock(switch_mutex_);
  if (!on_ || phase_ != Phase::kIdle || !wanted_) return false;
  phase_ = Phase::kPreparing;
  return true;
}

void LogSet::Tend(const Config& config) {
  for (ShardLog* log : logs_) {
    log->SetBufferLimit(static_cast<uint64_t>(config.aof_buffer_limit));
    log->HoldSyncs(config.no_appendfsync_on_rewrite && child_.running());
  }
  if (!on_ || phase_ != Phase::kIdle || world_.loading.load(std::memory_order_relaxed)) return;
  if (world_.clock().MonotonicMicros() < retry_at_us_) return;
  if (NewLogNeeded()) {
    LogWarning(
        "An fsync of the log has failed, and what its file holds cannot be told any more: a new "
        "log is begun");
    wanted_ = true;
  }
  if (!BeginRewrite()) return;
  keeper_->HoldRotations(true);
  absl::StatusOr<std::vector<ManifestStore::OpenedFile>> files =
      store_->AddIncrementals(static_cast<uint64_t>(config.aof_file_size));
  if (!files.ok()) {
    keeper_->HoldRotations(false);
    LogWarning("Cannot start the log rewrite: ", MessageOf(files.status()));
    wanted_ = false;
    NoteOutcome(false);
    phase_ = Phase::kIdle;
    return;
  }
  files_ = *std::move(files);
  generation_ = store_->TakeGeneration();
  wanted_ = false;
  phase_ = Phase::kPrepared;
  world_.mail().Wake(ShardId(0));
}

void LogSet::CutAndFork() {
  if (!on_) {
    // Turned off meanwhile. The files stay in it, empty.
    files_.clear();
    keeper_->HoldRotations(false);
    phase_ = Phase::kIdle;
    return;
  }
  started_s_ = world_.clock().UnixMillis() / 1000;
  // From here on a new epoch: what the bases hold is exactly what was before it.
  world_.AdvanceEpoch(world_.CurrentEpoch());
  base_epoch_ = world_.CurrentEpoch();
  next_tx_ = world_.next_tx();
  new_bases_.clear();
  awaiting_base_.clear();
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    ManifestStore::NewBase base;
    base.base.name = BaseFileName(store_->stem(), generation_, ShardId(static_cast<uint16_t>(i)));
    base.first_incremental = files_[i].name;
    base.start = logs_[i]->RotateTo(std::move(files_[i]));
    if (logs_[i]->awaits_base()) awaiting_base_.push_back(logs_[i]);
    logs_[i]->SetRewriteBase(base.start);
    new_bases_.push_back(std::move(base));
    paths.push_back(BasePath(generation_, i));
  }
  keeper_->HoldRotations(false);
  phase_ = Phase::kWriting;
  absl::Status forked =
      child_.Start("Log rewrite", [this, &paths](SnapshotChild::Report& report) -> absl::Status {
        auto files = SaveShards(world_, fs_, paths, base_epoch_, /*aof_base=*/true, &report);
        if (!files.ok()) return files.status();
        for (size_t i = 0; i < files->size(); ++i) {
          report.files[i] = {(*files)[i].bytes, (*files)[i].crc64};
          report.keys_written += (*files)[i].keys;
        }
        return absl::OkStatus();
      });
  if (!forked.ok()) {
    LogWarning("Log rewrite: ", MessageOf(forked));
    NoteOutcome(false);
    phase_ = Phase::kIdle;
  }
}

void LogSet::OnChildDone(const absl::Status& outcome) {
  absl::Status status = outcome;
  last_seconds_ = world_.clock().UnixMillis() / 1000 - started_s_;
  last_cow_bytes_ = child_.report().copy_on_write_bytes.load();
  if (status.ok()) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < new_bases_.size(); ++i) {
      new_bases_[i].base.size = child_.report().files[i].bytes;
      new_bases_[i].base.crc = child_.report().files[i].crc64;
      bytes += new_bases_[i].base.size;
    }
    status = store_->CompleteRewrite(new_bases_, base_epoch_, next_tx_);
    if (status.ok()) base_bytes_ = bytes;
  }
  if (status.ok()) {
    for (ShardLog* log : awaiting_base_) log->BaseIsSafe();
    if (!awaiting_base_.empty())
      resuming_until_us_ = world_.clock().MonotonicMicros() + kResumeMicrosMax;
    ++rewrites_;
    LogNotice("Log rewrite terminated with success in ", last_seconds_.load(),
              " seconds; copy-on-write: ", last_cow_bytes_ >> 20, " MB");
    if (absl::Status s = store_->RemoveHistory(); !s.ok()) {
      LogWarning("Files of the log before the rewrite could not all be removed: ", MessageOf(s));
    }
  } else {
    if (on_) {
      LogWarning("Log rewrite failed, the log goes on as it was: ", MessageOf(status));
    } else {
      LogNotice("Log rewrite given up: the log was turned off");
    }
    // After a manifest of which an error leaves open whether it stands they may be listed on disk.
    for (size_t i = 0; !outcome.ok() && i < new_bases_.size(); ++i) {
      const std::optional<BaseFile> listed = store_->current().shards[i].base;
      if (listed && listed->name == new_bases_[i].base.name) continue;
      // Half-written bases nobody lists; if they cannot be removed the next start does it.
      (void)fs_.Remove(store_->PathOf(new_bases_[i].base.name));
      (void)fs_.Remove(store_->PathOf(new_bases_[i].base.name) + ".tmp");
    }
  }
  NoteOutcome(status.ok());
  phase_ = Phase::kIdle;
}

uint64_t LogSet::TotalBytes() const {
  uint64_t bytes = base_bytes_;
  for (uint32_t i = 0; i < world_.shard_count(); ++i)
    bytes += world_.PublishedLogBytes(ShardId(static_cast<uint16_t>(i)));
  return bytes;
}

bool LogSet::RewriteDue(const Config& config) const {
  if (!on_ || in_progress() || wanted_ || config.auto_aof_rewrite_percentage == 0) return false;
  if (world_.clock().MonotonicMicros() < retry_at_us_) return false;
  uint64_t bytes = TotalBytes();
  uint64_t base = std::max<uint64_t>(base_bytes_, 1);
  if (bytes < static_cast<uint64_t>(config.auto_aof_rewrite_min_size)) return false;
  uint64_t growth = bytes > base ? (bytes - base) * 100 / base : 0;
  return growth >= static_cast<uint64_t>(config.auto_aof_rewrite_percentage);
}

// --- at run time

absl::Status LogSet::SetPolicy(AppendFsync policy, AppendFsync before) {
  if (on_ && policy == AppendFsync::kAlways && policy != before) {
    if (const LogTrouble trouble = world_.log_trouble(); trouble.failed()) {
      return absl::UnavailableError(
          StrCat("the log of shard ", trouble.shard.value,
                 " has failed: ", std::string_view(strerror(trouble.error))));
    }
    before_always_ = before;
  }
  // A new epoch, and a mark in every log that all before it is complete: what was written under the
  // old policy is judged by the old rule, and the park ends only when the marks are durable.
  // Without them a shard that stays idle under `always`, where epochs are not closed, would hold
  // the cut back behind effects that have become durable.
  world_.AdvanceEpoch(world_.CurrentEpoch());
  for (ShardLog* log : logs_) log->ChangePolicy(PolicyOf(policy), world_.CurrentEpoch());
  world_.SetAlways(on_ && policy == AppendFsync::kAlways);
  return absl::OkStatus();
}

std::optional<AppendFsync> LogSet::EndPolicyChange(bool durable) {
  const std::optional<AppendFsync> before = std::exchange(before_always_, std::nullopt);
  if (!before || durable) return std::nullopt;
  // A record under `always` on a healthy shard would say that the mark stands in every log, and the
  // next start, which does not find it in this one, would refuse them all ("durable-lost").
  LogWarning("appendfsync always was not begun: the logs could not be flushed");
  (void)SetPolicy(*before, AppendFsync::kAlways);
  return before;
}

absl::Status LogSet::TurnOn() {
  if (on_) return absl::OkStatus();
  if (phase_ != Phase::kIdle)
    return absl::UnavailableError("a rewrite of the log is still being given up, try again");
  for (ShardLog* log : logs_) {
    if (log->closing()) return absl::UnavailableError("the log is still being closed, try again");
  }
  absl::Status loaded = store_->Load();
  if (!loaded.ok() && !absl::IsNotFound(loaded))
    LogWarning("The log found in ", store_->directory(), " is replaced: ", MessageOf(loaded));
  generation_ = store_->TakeGeneration();
  if (absl::Status s = fs_.MakeDirectory(store_->directory()); !s.ok()) return s;
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) paths.push_back(BasePath(generation_, i));
  auto saved = SaveShards(world_, fs_, paths, world_.CurrentEpoch(), /*aof_base=*/true, nullptr);
  if (!saved.ok()) return saved.status();
  std::vector<BaseFile> bases;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    bases.push_back({BaseFileName(store_->stem(), generation_, ShardId(static_cast<uint16_t>(i))),
                     (*saved)[i].bytes, (*saved)[i].crc64});
  }
  if (absl::Status s = BeginNew(std::move(bases)); !s.ok()) return s;
  if (keeper_ == nullptr) keeper_ = std::make_unique<FileKeeper>(store_.get());
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    logs_[i]->Open(std::move(files_[i]), Lsn(0), WriterOptions(), keeper_.get());
  }
  on_ = true;
  world_.SetAlways(world_.config().appendfsync == AppendFsync::kAlways);
  return absl::OkStatus();
}

void LogSet::TurnOff() {
  {
    std::lock_guard lock(switch_mutex_);
    if (!on_) return;
    on_ = false;
    wanted_ = false;
  }
  if (phase_ == Phase::kWriting) child_.End();
  world_.SetAlways(false);
  for (ShardLog* log : logs_) log->TurnOff();
}

}  // namespace basalt
