#include "persistence/aof/shard_log.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/base/status.h"

namespace basalt {
namespace {

constexpr int64_t kRetryMicros =
    1'000'000;  // after a failed write, for a disk that may have room again

}  // namespace

void ShardLog::Attach(Ring* ring) {
  ring_ = ring;
  ring->SetSink(Op::kLogWrite, this);
  ring->SetSink(Op::kLogSync, this);
}

void ShardLog::Open(ManifestStore::OpenedFile file, Lsn end, const LogWriter::Options& options,
                    FileKeeper* keeper) {
  keeper_ = keeper;
  writer_ = std::make_unique<LogWriter>(this, options);
  writer_->Open(file.log_file, end);
  noted_s_ = 0;
  files_.push_back(std::move(file.file));
  sealed_.reset();
  durable_batch_ = open_batch_ - 1;
  health_ = absl::OkStatus();
  keyspace_.journal().set_enabled(true);
}

void ShardLog::TurnOff() {
  keyspace_.journal().set_enabled(false);
  keyspace_.journal().TakeRecords();
  closing_ = writer_ != nullptr;
}

// The kernel may still be writing from the writer's buffers: those go first.
void ShardLog::Close() {
  if (absl::Status s = FlushNow(); !s.ok()) {
    LogWarning("Shard ", shard_.value,
               ": the end of the log that was turned off is lost: ", MessageOf(s));
    while (!writer_->idle()) ring_->SubmitAndReap(10'000);
  }
  closing_ = false;
  writer_.reset();
  rotation_.reset();
  files_.clear();
  sealed_.reset();
  health_ = absl::OkStatus();
}

Lsn ShardLog::RotateTo(ManifestStore::OpenedFile file) {
  rotation_.reset();  // a file that was being prepared stays empty in the old generation
  Lsn start = writer_->RotateTo(file.log_file);
  note_again_ = true;
  files_.push_back(std::move(file.file));
  return start;
}

void ShardLog::ChangePolicy(FsyncPolicy policy, Epoch epoch) {
  if (!on() || writer_->policy() == policy) return;
  writer_->SetPolicy(policy);
  complete_ = Epoch(epoch.value - 1);
  sealed_.push_back({open_batch_++, writer_->Seal({}, 0, epoch, complete_)});
}

void ShardLog::Seal(Epoch epoch, Epoch complete, TxStamp tx) {
  Journal& journal = keyspace_.journal();
  if (writer_ == nullptr || (journal.empty() && (tx.parts <= 1 || closing_))) return;
  uint32_t count = static_cast<uint32_t>(journal.record_count());
  records_.clear();
  if (config_.aof_timestamp_enabled && count > 0) NoteTime();
  journal.TakeRecords(&records_);
  std::optional<TxPart> part;
  if (tx.parts > 1) part = TxPart{tx.id, static_cast<uint16_t>(tx.parts)};
  Lsn end = writer_->Seal(records_, count, epoch, complete, part);
  complete_ = std::max(complete_, complete);
  sealed_.push_back({open_batch_++, end});
}

// A line of its own ahead of the batch's records, once a second. The time never goes back within a
// run, whatever the clock does.
void ShardLog::NoteTime() {
  const int64_t now_s = keyspace_.now_ms / 1000;
  if (now_s <= noted_s_ && !note_again_) return;
  noted_s_ = std::max(noted_s_, now_s);
  note_again_ = false;
  AppendTimeLine(&records_, noted_s_);
}

void ShardLog::CloseEpoch(Epoch epoch) {
  if (writer_ == nullptr || epoch <= complete_ || writer_->policy() == FsyncPolicy::kAlways) return;
  complete_ = epoch;
  writer_->Seal({}, 0, epoch, epoch);
  Pump();
}

void ShardLog::Commit(Epoch epoch, Epoch complete) {
  if (writer_ == nullptr) return;
  if (closing_) return Close();
  Seal(epoch, complete, TxStamp{});
  Pump();
}

void ShardLog::Pump() {
  if (writer_->failed()) Recover();
  TendRotation();
  writer_->Pump(clock_.MonotonicMicros());
  NoteDurable();
}

void ShardLog::NoteDurable() {
  Lsn durable = writer_->durable_lsn();
  while (!sealed_.empty() && sealed_.front().end <= durable) {
    durable_batch_ = sealed_.front().batch;
    sealed_.pop_front();
  }
}

// A failed write is tried again every second: the disk may have room again. A failed sync is final.
void ShardLog::Recover() {
  if (health_.ok()) {
    health_ = writer_->error();
    LogWarning("Shard ", shard_.value,
               ": writing the log failed, write commands are refused: ", MessageOf(health_));
    retry_at_us_ = clock_.MonotonicMicros() + kRetryMicros;
  }
  if (writer_->sync_failed() || clock_.MonotonicMicros() < retry_at_us_) return;
  retry_at_us_ = clock_.MonotonicMicros() + kRetryMicros;
  writer_->RetryAfterWriteError();
}

void ShardLog::TendRotation() {
  for (int fd : writer_->TakeFinishedFiles()) {
    auto it =
        std::find_if(files_.begin(), files_.end(), [&](auto& file) { return file->fd() == fd; });
    BASALT_CHECK(it != files_.end());
    keeper_->CloseLater(std::move(*it));
    files_.erase(it);
  }
  if (rotation_ == nullptr) {
    if (writer_->wants_rotation() && !writer_->failed() && !keeper_->rotations_held()) rotation_ = keeper_->AskForFile(shard_);
    return;
  }
  if (!rotation_->done.load(std::memory_order_acquire)) return;
  std::shared_ptr<FileKeeper::Request> request = std::move(rotation_);
  if (!request->result.ok()) {
    // The present file goes on growing; the next tick asks again.
    LogWarning("Shard ", shard_.value, ": no new log file: ", MessageOf(request->result.status()));
    return;
  }
  // Listed behind the file of a rewrite, perhaps; it stays empty.
  if (keeper_->rotations_held()) return;
  RotateTo(*std::move(request->result));
}

absl::Status ShardLog::FlushNow() {
  if (writer_ == nullptr) return absl::OkStatus();
  while (!writer_->fully_durable()) {
    if (writer_->failed()) {
      Recover();
      if (writer_->failed()) return writer_->error();
    }
    writer_->RequestSync();
    writer_->Pump(clock_.MonotonicMicros());
    ring_->SubmitAndReap(10'000);
  }
  NoteDurable();
  return absl::OkStatus();
}

void ShardLog::SubmitWrite(int fd, uint64_t file_offset, std::string_view data, bool then_sync) {
  Token write{.op = Op::kLogWrite};
  if (then_sync) {
    ring_->WriteThenSync(fd, file_offset, data, write, {.op = Op::kLogSync});
  } else {
    ring_->Write(fd, file_offset, data, write);
  }
}

void ShardLog::SubmitSync(int fd) { ring_->Datasync(fd, {.op = Op::kLogSync}); }

void ShardLog::OnCompletion(const Completion& completion) {
  if (writer_ == nullptr) return;
  if (completion.token.op == Op::kLogWrite) {
    writer_->OnWriteDone(completion.result);
  } else {
    writer_->OnSyncDone(completion.result);
  }
  if (!writer_->failed() && !health_.ok()) {
    LogNotice("Shard ", shard_.value, ": the log can be written again");
    health_ = absl::OkStatus();
  }
  NoteDurable();
}

}  // namespace basalt
