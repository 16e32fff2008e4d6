// The writing end of one shard's log: a passive state machine that the shard's tick drives. It owns
// no thread, no ring and no descriptor; it never blocks and never calls back. Owner: the shard's
// thread.
//
// The tick does, in this order:
//   commit stage   Lsn end = writer.Seal(...)        once per tick with records, plus once per
//   transaction part flush stage    writer.Pump(now)                  submits what may be submitted
//   reap stage     writer.OnWriteDone / OnSyncDone   then replies stamped <= durable_lsn() may
//   leave, then Pump again
//
// Invariants:
//   - at most one write is in flight; under `always` the next one starts only after the fdatasync
//   of the last;
//   - durable_lsn() <= written_lsn() <= appended_lsn(); none of them ever falls;
//   - bytes count as durable only when a sync that was submitted after their write completed has
//   succeeded;
//   - after a failed sync durable_lsn() never moves again: the kernel may have dropped the dirty
//   pages and marked them
//     clean, so that a second fsync would succeed and prove nothing;
//   - a file is synced before the first byte goes into the file that follows it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/base/ids.h"
#include "core/base/ring_deque.h"
#include "persistence/aof/log_format.h"

namespace basalt {

enum class FsyncPolicy : uint8_t { kAlways, kEverySecond, kNo };

// Where the writer's requests go: the shard's ring, or the simulator. `data` stays valid until the
// completion.
class LogIo {
 public:
  virtual ~LogIo() = default;
  // Completes with OnWriteDone(bytes or -errno). With `then_sync` a linked fdatasync follows, which
  // completes with OnSyncDone(0 or -errno) after it; -ECANCELED when the write was short or failed,
  // as io_uring links do.
  virtual void SubmitWrite(int fd, uint64_t file_offset, std::string_view data, bool then_sync) = 0;
  // Completes with OnSyncDone(0 or -errno).
  virtual void SubmitSync(int fd) = 0;
};

// A file that is open and ready to take batches: created, preallocated, its name durable in folder
// and manifest.
struct LogFile {
  int fd = -1;
  LogFileHeader header;            // .start is set by the writer when `size` is 0
  uint64_t size = 0;               // 0: the writer begins it with its header line
  uint64_t size_max = UINT64_MAX;  // wants_rotation() from here on
};

class LogWriter {
 public:
  struct Options {
    FsyncPolicy policy = FsyncPolicy::kEverySecond;
    int64_t sync_interval_us = 1'000'000;     // of everysec
    size_t write_size_max = size_t{8} << 20;  // one write takes at most this much
  };

  LogWriter(LogIo* io, const Options& options);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Starts writing at the end of `file`, which is durable up to there. `end` is the LSN of that
  // position.
  void Open(const LogFile& file, Lsn end);

  // Closes `records` (RESP text, database 0 selected at both ends) as one batch and queues it.
  // Empty records make a mark. Returns the LSN of the batch's end: replies that depend on it may
  // leave when durable_lsn() has reached it.
  Lsn Seal(std::string_view records, uint32_t record_count, Epoch epoch, Epoch complete,
           const std::optional<TxPart>& tx = std::nullopt);

  // Submits whatever may be submitted now. Cheap when there is nothing to do.
  void Pump(int64_t monotonic_us);

  void OnWriteDone(int result);
  void OnSyncDone(int result);

  // Everything sealed from now on goes into `file`; what is queued before still goes into the old
  // one, which is then synced. Its start LSN is the present appended_lsn(), which is returned. May
  // be called again before the first took effect.
  Lsn RotateTo(const LogFile& file);
  // After a failed sync, in a parked world: gives the files of now up. What is sealed so far has to
  // stand in a new base, and counts as durable from Resume on; what is sealed from now on goes into
  // `file`, which begins at the LSN that is returned, and nothing of it is written before Resume:
  // until the base counts, the file would stand behind a hole in the log.
  Lsn Abandon(const LogFile& file);
  // The base is durable and the manifest names it.
  void Resume();
  bool abandoned() const { return restart_.has_value(); }

  // The current file has reached its size: prepare a new one off this thread and call RotateTo.
  bool wants_rotation() const;
  // Descriptors of files that are complete and durable; the caller closes them. Empty nearly
  // always.
  std::vector<int> TakeFinishedFiles();

  // Applies from the next Seal on. A change between always and the others needs all shards parked,
  // synced and marked.
  void SetPolicy(FsyncPolicy policy) { options_.policy = policy; }
  FsyncPolicy policy() const { return options_.policy; }
  // Asks for a sync as soon as possible whatever the policy (WAITAOF, shutdown, change of policy).
  void RequestSync();
  // While held, everysec does not sync by itself.
  void HoldSyncs(bool hold) { syncs_held_ = hold; }

  Lsn appended_lsn() const { return appended_; }
  Lsn written_lsn() const { return written_; }
  Lsn durable_lsn() const { return durable_; }
  uint64_t unwritten_bytes() const { return appended_.value - written_.value; }  // queued in memory
  uint64_t unsynced_bytes() const {
    return appended_.value - durable_.value;
  }  // a power cut now may take these
  bool syncing() const { return sync_in_flight_; }
  bool idle() const { return !write_in_flight_ && !sync_in_flight_; }
  bool fully_durable() const { return durable_ == appended_ && rotations_.empty() && !restart_; }
  int64_t last_sync_us() const {
    return last_sync_us_;
  }  // monotonic time of the last Pump that submitted a sync
  uint64_t writes() const { return writes_; }
  uint64_t syncs() const { return syncs_; }
  const LogFile& file() const { return file_; }

  // A write or sync has failed; nothing more is submitted. The tick refuses write commands and
  // tells error().
  bool failed() const { return !error_.ok(); }
  bool sync_failed() const { return sync_failed_; }
  const absl::Status& error() const { return error_; }
  int error_number() const { return error_number_; }  // errno of error()
  // After a failed write (disk full): tries the rest again from where it stopped. No effect after a
  // failed sync.
  void RetryAfterWriteError();

 private:
  struct Rotation {
    Lsn at;
    LogFile file;
  };

  size_t pending_size() const { return pending_.size() - pending_begin_; }
  bool AtRotation() const;
  bool SyncDue() const;
  bool WriteMustWaitForSync() const;
  void StartWrite();
  void SubmitRest(bool then_sync);
  Lsn DurableBatchesEnd();
  void StartSync();
  void Fail(std::string_view what, int error);
  void SwitchFile();
  void Restart();

  LogIo* io_;
  Options options_;
  LogFile file_;
  std::deque<Rotation> rotations_;
  std::optional<Rotation> restart_;  // after Abandon
  bool resumed_ = false;             // ... and Resume; takes effect when nothing is in flight
  std::vector<int> finished_;

  std::string pending_;  // sealed bytes; those from pending_begin_ on wait for a write
  size_t pending_begin_ = 0;
  std::string in_flight_;      // handed to the write in flight, or to one that broke off
  size_t in_flight_done_ = 0;  // of in_flight_, known written
  size_t in_flight_header_ =
      0;  // leading bytes of in_flight_ that are a file header and have no LSN
  Lsn appended_, handed_, written_, durable_;
  RingDeque<Lsn> batch_ends_;  // of those not known to be durable
  Lsn durable_batches_end_;    // the last before those
  Lsn sync_covers_;            // what is durable once the sync in flight succeeds

  bool write_in_flight_ = false;
  bool sync_in_flight_ = false;
  bool sync_linked_ = false;  // the sync in flight follows the write in flight
  bool sync_requested_ = false;
  bool syncs_held_ = false;
  bool sync_failed_ = false;
  int64_t now_us_ = 0;
  int64_t last_sync_us_ = 0;
  uint64_t writes_ = 0;
  uint64_t syncs_ = 0;
  absl::Status error_;
  int error_number_ = 0;
};

}  // namespace basalt
