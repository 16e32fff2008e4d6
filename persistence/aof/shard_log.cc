#include "persistence/aof/shard_log.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/base/status.h"

namespace basalt {
namespace {

// After a failed write, or when no new file could be made: the disk may have room again, the
// process descriptors.
constexpr int64_t kRetryMicros = 1'000'000;

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
  closed_.reset();
  durable_batch_ = open_batch_ - 1;
  trouble_ = {};
  base_safe_ = false;
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
    while (!writer_->idle()) {
      ring_->SubmitAndReap(10'000);
      TakeDelayed();
    }
  }
  closing_ = false;
  writer_.reset();
  rotation_.reset();
  files_.clear();
  sealed_.reset();
  closed_.reset();
  trouble_ = {};
}

Lsn ShardLog::RotateTo(ManifestStore::OpenedFile file) {
  rotation_.reset();  // a file that was being prepared stays empty in the old generation
  base_safe_ = false;
  Lsn start =
      writer_->sync_failed() ? writer_->Abandon(file.log_file) : writer_->RotateTo(file.log_file);
  TakeOver(std::move(file));
  return start;
}

// The writer goes on in this file.
void ShardLog::TakeOver(ManifestStore::OpenedFile file) {
  note_again_ = true;
  files_.push_back(std::move(file.file));
}

void ShardLog::ChangePolicy(FsyncPolicy policy, Epoch epoch) {
  if (!on() || writer_->policy() == policy) return;
  writer_->SetPolicy(policy);
  if (MutantIs("policy-mark-missing")) return;
  const Epoch complete(epoch.value - 1);
  const Lsn end = writer_->Seal({}, 0, epoch, complete);
  complete_ = complete;
  closed_.push_back({complete, end});
  NoteSealed(end);
  // Answers may wait for what was recorded under `always`; under `no` nobody else would ask for it.
  writer_->RequestSync();
}

void ShardLog::NoteSealed(Lsn end) {
  newest_batch_bytes_ =
      end.value - (sealed_.empty() ? writer_->written_lsn() : sealed_.back().end).value;
  sealed_.push_back({open_batch_++, end, clock_.MonotonicMicros()});
}

void ShardLog::NoteComplete(Epoch complete, Lsn end) {
  if (complete <= complete_) return;
  complete_ = complete;
  closed_.push_back({complete, end});
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
  NoteComplete(complete, end);
  NoteSealed(end);
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
  NoteComplete(epoch, writer_->Seal({}, 0, epoch, epoch));
  Pump();
}

void ShardLog::RequestSync() {
  if (writer_ == nullptr || closing_) return;
  writer_->RequestSync();
  Pump();
}

void ShardLog::Commit(Epoch epoch, Epoch complete) {
  if (writer_ == nullptr) return;
  if (closing_) return Close();
  Seal(epoch, complete, TxStamp{});
  Pump();
}

void ShardLog::Pump() {
  TakeDelayed();
  if (writer_->failed()) Recover();
  TendRotation();
  writer_->HoldSyncs(hold_syncs_.load(std::memory_order_relaxed));
  writer_->Pump(clock_.MonotonicMicros());
  NoteDurable();
  NoteTrouble();
  if (trouble_.kind == LogTrouble::Kind::kSync && !writer_->failed()) EndTrouble();  // begun anew
}

void ShardLog::NoteTrouble() {
  if (!writer_->failed()) return NoteBehind();
  const LogTrouble now{writer_->sync_failed() ? LogTrouble::Kind::kSync : LogTrouble::Kind::kWrite,
                       static_cast<uint16_t>(writer_->error_number()), shard_};
  if (now == trouble_) return;
  LogWarning("Shard ", shard_.value,
             ": the log failed, write commands are refused: ", MessageOf(writer_->error()));
  trouble_ = now;
}

// A slow disk: what waits is bounded. One batch alone may be as large as it likes.
void ShardLog::NoteBehind() {
  if (trouble_.failed()) return;
  const uint64_t unwritten = writer_->unwritten_bytes();
  const uint64_t limit = buffer_limit_.load(std::memory_order_relaxed);
  const bool behind = trouble_.any();
  if (!behind && unwritten > limit && unwritten - newest_batch_bytes_ > limit) {
    LogWarning("Shard ", shard_.value, ": the disk does not keep up, ", unwritten >> 20,
               " MB of the log wait for it; write commands are refused");
    trouble_ = {LogTrouble::Kind::kBehind, 0, shard_};
  } else if (behind && unwritten <= limit / 2) {
    EndTrouble();
  }
}

void ShardLog::EndTrouble() {
  LogNotice("Shard ", shard_.value, ": the log can be written again");
  trouble_ = {};
}

void ShardLog::NoteDurable() {
  Lsn durable = writer_->durable_lsn();
  while (!sealed_.empty() && sealed_.front().end <= durable) {
    durable_batch_ = sealed_.front().batch;
    sealed_.pop_front();
  }
  while (!closed_.empty() && closed_.front().end <= durable) {
    durable_epoch_ = std::max(durable_epoch_, closed_.front().epoch);
    closed_.pop_front();
  }
}

// A failed write is tried again every second. A failed sync is final for its file: the log begins
// anew once a rewrite has made a base for it.
void ShardLog::Recover() {
  if (writer_->sync_failed()) {
    if (base_safe_.exchange(false, std::memory_order_acquire)) writer_->Resume();
    return;
  }
  const int64_t now_us = clock_.MonotonicMicros();
  if (!trouble_.failed()) retry_at_us_ = now_us + kRetryMicros;
  if (now_us < retry_at_us_) return;
  retry_at_us_ = now_us + kRetryMicros;
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
    if (!writer_->wants_rotation() || writer_->failed() || keeper_->rotations_held()) return;
    if (clock_.MonotonicMicros() >= rotation_retry_us_) {
      rotation_ = keeper_->AskForFile(shard_, static_cast<uint64_t>(config_.aof_file_size));
    }
    return;
  }
  if (!rotation_->done.load(std::memory_order_acquire)) return;
  std::shared_ptr<FileKeeper::Request> request = std::move(rotation_);
  if (!request->result.ok()) {
    // The present file goes on growing.
    rotation_retry_us_ = clock_.MonotonicMicros() + kRetryMicros;
    LogWarning("Shard ", shard_.value, ": no new log file: ", MessageOf(request->result.status()));
    return;
  }
  // Listed behind the file of a rewrite, perhaps; it stays empty.
  if (keeper_->rotations_held()) return;
  writer_->RotateTo(request->result->log_file);
  ++rotations_;
  TakeOver(*std::move(request->result));
}

absl::Status ShardLog::FlushNow() {
  if (writer_ == nullptr) return absl::OkStatus();
  while (!writer_->fully_durable()) {
    if (writer_->failed()) {
      Recover();
      NoteTrouble();
      if (writer_->failed()) return writer_->error();
    }
    writer_->RequestSync();
    writer_->Pump(clock_.MonotonicMicros());
    ring_->SubmitAndReap(10'000);
    TakeDelayed();
  }
  NoteDurable();
  return absl::OkStatus();
}

void ShardLog::SubmitWrite(int fd, uint64_t file_offset, std::string_view data, bool then_sync) {
  data = faults_.OnWrite(data, then_sync);
  Token write{.op = Op::kLogWrite};
  if (then_sync) {
    ring_->WriteThenSync(fd, file_offset, data, write, {.op = Op::kLogSync});
  } else {
    ring_->Write(fd, file_offset, data, write);
  }
}

void ShardLog::SubmitSync(int fd) {
  faults_.OnSync();
  ring_->Datasync(fd, {.op = Op::kLogSync});
}

void ShardLog::OnCompletion(const Completion& completion) {
  if (writer_ == nullptr) return;
  if (auto done = faults_.OnCompletion(completion, clock_.MonotonicMicros())) Take(*done);
}

void ShardLog::TakeDelayed() {
  while (auto done = faults_.TakeDelayed(clock_.MonotonicMicros())) Take(*done);
}

void ShardLog::Take(const Completion& completion) {
  if (completion.token.op == Op::kLogWrite) {
    writer_->OnWriteDone(completion.result);
  } else {
    writer_->OnSyncDone(completion.result);
  }
  // A retry alone proves nothing, only its success does.
  if (trouble_.failed() && !writer_->failed()) EndTrouble();
  NoteDurable();
}

}  // namespace basalt
