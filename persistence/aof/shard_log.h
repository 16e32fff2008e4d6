// One shard's log as its tick sees it: takes the tick's records from the journal, seals them into
// batches, drives the LogWriter over the shard's ring, and knows which batches are durable. Owner:
// the shard's thread (or the coordinator of a park, who calls Seal only).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/admin/config.h"
#include "core/base/clock.h"
#include "core/base/ring_deque.h"
#include "core/io/ring.h"
#include "core/shard/log_sink.h"
#include "core/store/keyspace.h"
#include "persistence/aof/file_keeper.h"
#include "persistence/aof/log_faults.h"
#include "persistence/aof/log_writer.h"

namespace basalt {

class ShardLog final : public LogSink, public CompletionSink, public LogIo {
 public:
  ShardLog(ShardId shard, Keyspace* keyspace, const Clock* clock, const Config* config)
      : shard_(shard), keyspace_(*keyspace), clock_(*clock), config_(*config) {}

  // Before the first tick, on the shard's thread.
  void Attach(Ring* ring);
  // Starts logging at the end of `file`. `keeper` prepares the files to rotate to. While it is off,
  // nothing is recorded and everything counts as durable. Own thread, or parked.
  void Open(ManifestStore::OpenedFile file, Lsn end, const LogWriter::Options& options,
            FileKeeper* keeper);
  // Parked. Records nothing more; the shard's next commit stage lets go of the file.
  void TurnOff();
  bool closing() const { return closing_; }
  bool on() const { return writer_ != nullptr && !closing_; }

  // Parked world, for a rewrite: what is recorded from now on goes into `file`. Returns where that
  // begins. After a failed sync this begins the log anew: see LogWriter::Abandon.
  Lsn RotateTo(ManifestStore::OpenedFile file);
  // Parked. The last RotateTo has begun the log anew: it waits for BaseIsSafe.
  bool awaits_base() const { return writer_ != nullptr && writer_->abandoned(); }
  // The rewrite that the last RotateTo belonged to has succeeded. Any thread.
  void BaseIsSafe() { base_safe_.store(true, std::memory_order_release); }
  // Parked world: from here on another policy holds, from `epoch` on, which has just begun.
  void ChangePolicy(FsyncPolicy policy, Epoch epoch);

  uint64_t open_batch() const override { return open_batch_; }
  uint64_t durable_batch() const override { return on() ? durable_batch_ : open_batch_ - 1; }
  Epoch durable_epoch() const override { return durable_epoch_; }
  void RequestSync() override;
  void Seal(Epoch epoch, Epoch complete, TxStamp tx) override;
  void Commit(Epoch epoch, Epoch complete) override;
  absl::Status FlushNow() override;
  void CloseEpoch(Epoch epoch) override;
  LogTrouble trouble() const override { return trouble_; }
  void InjectFault(const LogFault& fault) override { faults_.Set(fault); }

  void OnCompletion(const Completion& completion) override;

  // For INFO; own thread or parked.
  const LogWriter* writer() const { return writer_.get(); }
  uint64_t bytes_since_rewrite() const override {
    return writer_ == nullptr ? 0 : writer_->appended_lsn().value - base_lsn_.value;
  }
  // Age of the oldest record that a power cut would take; 0 when there is none.
  int64_t oldest_unsynced_ms() const {
    return sealed_.empty() ? 0 : (clock_.MonotonicMicros() - sealed_.front().at_us) / 1000;
  }
  // Bytes that may wait for a slow disk. Any thread.
  void SetBufferLimit(uint64_t bytes) { buffer_limit_.store(bytes, std::memory_order_relaxed); }
  // no-appendfsync-on-rewrite, while a child writes. Any thread.
  void HoldSyncs(bool hold) { hold_syncs_.store(hold, std::memory_order_relaxed); }
  void SetRewriteBase(Lsn lsn) { base_lsn_ = lsn; }
  // How often it went on in a new file because the last one was full. Own thread or parked.
  uint64_t rotations() const { return rotations_; }

 private:
  struct Sealed {
    uint64_t batch;
    Lsn end;
    int64_t at_us;  // monotonic
  };
  // That epoch is complete in the log up to `end`.
  struct Closed {
    Epoch epoch;
    Lsn end;
  };

  void SubmitWrite(int fd, uint64_t file_offset, std::string_view data, bool then_sync) override;
  void SubmitSync(int fd) override;
  void NoteTime();
  void Pump();
  void TakeOver(ManifestStore::OpenedFile file);
  void NoteSealed(Lsn end);
  void NoteComplete(Epoch complete, Lsn end);
  void NoteDurable();
  void NoteTrouble();
  void NoteBehind();
  void EndTrouble();
  void Recover();
  void Take(const Completion& completion);
  void TakeDelayed();
  void Close();
  void TendRotation();

  const ShardId shard_;
  Keyspace& keyspace_;
  const Clock& clock_;
  const Config& config_;
  Ring* ring_ = nullptr;
  FileKeeper* keeper_ = nullptr;
  std::unique_ptr<LogWriter> writer_;
  std::string records_;      // reused buffer of Seal
  int64_t noted_s_ = 0;      // the time that the log says last, Unix seconds
  bool note_again_ = false;  // but not yet in its present file
  uint64_t open_batch_ = 1;
  uint64_t durable_batch_ = 0;
  RingDeque<Sealed> sealed_;  // not yet durable
  RingDeque<Closed> closed_;  // likewise
  Epoch durable_epoch_;
  uint64_t newest_batch_bytes_ = 0;
  std::atomic<uint64_t> buffer_limit_{~uint64_t{0}};
  std::atomic<bool> hold_syncs_{false};
  Epoch complete_;  // told to the log as complete
  Lsn base_lsn_;    // where the log began after the last rewrite
  LogTrouble trouble_;
  LogFaults faults_;
  bool closing_ = false;
  int64_t retry_at_us_ = 0;        // of a failed write
  int64_t rotation_retry_us_ = 0;  // of a file that could not be made
  uint64_t rotations_ = 0;
  std::atomic<bool> base_safe_{false};
  std::shared_ptr<FileKeeper::Request> rotation_;  // a file is being prepared
  std::vector<std::unique_ptr<File>> files_;       // whose descriptors the writer uses
};

}  // namespace basalt
