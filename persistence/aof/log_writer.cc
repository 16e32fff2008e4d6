#include "persistence/aof/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "core/base/mutant.h"
#include "core/base/probe.h"
#include "core/io/file.h"

namespace basalt {
namespace {

// A buffer larger than this is given back once its bytes are written, so that one huge batch does
// not stay for ever.
constexpr size_t kBufferKeptMax = size_t{16} << 20;

// The request did not run at all; it may simply be made again.
bool NeverRan(int result) { return result == -ECANCELED || result == -EINTR || result == -EAGAIN; }

}  // namespace

LogWriter::LogWriter(LogIo* io, const Options& options) : io_(io), options_(options) {}

void LogWriter::Open(const LogFile& file, Lsn end) {
  BASALT_CHECK(idle() && pending_size() == 0 && rotations_.empty());
  file_ = file;
  if (file_.size == 0) file_.header.start = end;
  appended_ = handed_ = written_ = durable_ = sync_covers_ = durable_batches_end_ = end;
}

Lsn LogWriter::Seal(std::string_view records, uint32_t record_count, Epoch epoch, Epoch complete,
                    const std::optional<TxPart>& tx) {
  BatchHeader header;
  header.epoch = epoch;
  header.complete = complete;
  header.durable = DurableBatchesEnd();
  header.records = record_count;
  header.always = options_.policy == FsyncPolicy::kAlways;
  const size_t before = pending_.size();
  AppendBatch(&pending_, header, tx, records, appended_, file_.header.salt);
  appended_.value += pending_.size() - before;
  batch_ends_.push_back(appended_);
  return appended_;
}

// A write may end in the middle of a batch, and so may what a sync covers. Recovery takes a batch
// that begins below a later one's `durable` for synced as a whole, so that one says where whole
// batches end.
Lsn LogWriter::DurableBatchesEnd() {
  while (!batch_ends_.empty() && batch_ends_.front() <= durable_) {
    durable_batches_end_ = batch_ends_.front();
    batch_ends_.pop_front();
  }
  return durable_batches_end_;
}

void LogWriter::Pump(int64_t monotonic_us) {
  now_us_ = monotonic_us;
  if (resumed_ && idle()) Restart();
  if (failed()) return;
  if (!write_in_flight_ && !WriteMustWaitForSync()) {
    if (in_flight_done_ < in_flight_.size()) {
      SubmitRest(options_.policy == FsyncPolicy::kAlways);
    } else {
      while (AtRotation() && durable_ == written_) SwitchFile();
      if (!AtRotation() && pending_size() > 0) StartWrite();
    }
  }
  if (!sync_in_flight_ && durable_ < written_ && SyncDue()) StartSync();
}

// Under `always` the next write joins the next fdatasync. Otherwise a slow fdatasync holds up only
// the end of a file.
bool LogWriter::WriteMustWaitForSync() const {
  return sync_in_flight_ &&
         (sync_linked_ || options_.policy == FsyncPolicy::kAlways || AtRotation());
}

bool LogWriter::AtRotation() const {
  return !rotations_.empty() && rotations_.front().at == written_;
}

bool LogWriter::SyncDue() const {
  if (sync_requested_ || AtRotation()) return true;
  switch (options_.policy) {
    case FsyncPolicy::kAlways:
      return !write_in_flight_;  // the linked one was cancelled, or the policy has just changed
    case FsyncPolicy::kEverySecond:
      return !syncs_held_ && now_us_ - last_sync_us_ >= options_.sync_interval_us;
    case FsyncPolicy::kNo:
      return false;
  }
  return false;
}

void LogWriter::StartWrite() {
  size_t take = std::min(pending_size(), options_.write_size_max);
  if (!rotations_.empty()) {
    take = std::min<uint64_t>(take, rotations_.front().at.value - handed_.value);
  }
  in_flight_.clear();
  in_flight_done_ = 0;
  in_flight_header_ = 0;
  if (file_.size == 0) {
    AppendFileHeader(&in_flight_, file_.header);
    in_flight_header_ = in_flight_.size();
  }
  if (in_flight_.empty() && pending_begin_ == 0 && take == pending_.size()) {
    in_flight_.swap(pending_);  // the usual case: no copy
  } else {
    in_flight_.append(pending_, pending_begin_, take);
    pending_begin_ += take;
    if (pending_begin_ == pending_.size()) {
      pending_.clear();
      pending_begin_ = 0;
    } else if (pending_begin_ >= pending_.size() / 2) {
      pending_.erase(0, pending_begin_);
      pending_begin_ = 0;
    }
  }
  handed_.value += take;
  SubmitRest(options_.policy == FsyncPolicy::kAlways);
}

void LogWriter::SubmitRest(bool then_sync) {
  write_in_flight_ = true;
  if (then_sync) {
    sync_in_flight_ = sync_linked_ = true;
    sync_covers_ = written_;  // until the write is known to be whole
    sync_requested_ = false;
    last_sync_us_ = now_us_;
    ++syncs_;
    BASALT_PROBE2(fsync__begin, file_.fd, handed_.value - durable_.value);
  }
  ++writes_;
  io_->SubmitWrite(file_.fd, file_.size, std::string_view(in_flight_).substr(in_flight_done_),
                   then_sync);
}

void LogWriter::StartSync() {
  sync_in_flight_ = true;
  sync_covers_ = written_;
  sync_requested_ = write_in_flight_ && sync_requested_;  // what is being written was asked for too
  last_sync_us_ = now_us_;
  ++syncs_;
  BASALT_PROBE2(fsync__begin, file_.fd, written_.value - durable_.value);
  io_->SubmitSync(file_.fd);
}

void LogWriter::OnWriteDone(int result) {
  BASALT_CHECK(write_in_flight_);
  write_in_flight_ = false;
  if (result < 0) {
    if (!NeverRan(result)) Fail("writing the log", -result);
    return;
  }
  const size_t rest = in_flight_.size() - in_flight_done_;
  BASALT_CHECK(static_cast<size_t>(result) <= rest);
  if (result == 0 && rest > 0) {
    Fail("writing the log", EIO);
    return;
  }
  in_flight_done_ += static_cast<size_t>(result);
  file_.size += static_cast<size_t>(result);
  if (in_flight_done_ > in_flight_header_) {
    written_.value =
        handed_.value - (in_flight_.size() - std::max(in_flight_done_, in_flight_header_));
  }
  if (MutantIs("ack-before-fsync")) durable_ = written_;
  if (in_flight_done_ < in_flight_.size()) return;
  if (sync_linked_) sync_covers_ = written_;
  in_flight_.clear();
  in_flight_done_ = 0;
  if (in_flight_.capacity() > kBufferKeptMax) std::string().swap(in_flight_);
}

void LogWriter::OnSyncDone(int result) {
  BASALT_CHECK(sync_in_flight_);
  BASALT_PROBE2(fsync__done, file_.fd, result);
  sync_in_flight_ = sync_linked_ = false;
  if (NeverRan(result)) {
    sync_requested_ =
        true;  // somebody may have asked for it, and everysec would wait a second more
    return;
  }
  if (result < 0 && !MutantIs("failed-sync-believed")) {
    sync_failed_ = true;
    Fail("syncing the log", -result);
    return;
  }
  if (!sync_failed_) durable_ = std::max(durable_, sync_covers_);
}

void LogWriter::Fail(std::string_view what, int error) {
  error_ = ErrnoStatus(what, error);
  error_number_ = error;
}

Lsn LogWriter::RotateTo(const LogFile& file) {
  BASALT_CHECK(file.size == 0 && file.header.salt == file_.header.salt);
  Rotation rotation{appended_, file};
  rotation.file.header.start = appended_;
  rotations_.push_back(rotation);
  return appended_;
}

void LogWriter::SwitchFile() {
  finished_.push_back(file_.fd);
  file_ = rotations_.front().file;
  rotations_.pop_front();
}

Lsn LogWriter::Abandon(const LogFile& file) {
  BASALT_CHECK(sync_failed_ && file.size == 0 && file.header.salt == file_.header.salt);
  for (const Rotation& rotation : rotations_) finished_.push_back(rotation.file.fd);
  rotations_.clear();
  if (restart_) finished_.push_back(restart_->file.fd);  // the base of the last try never came
  restart_ = Rotation{appended_, file};
  restart_->file.header.start = appended_;
  resumed_ = false;
  // What is in flight stays where it is until the kernel has let go of it.
  pending_.clear();
  pending_begin_ = 0;
  return appended_;
}

void LogWriter::Resume() { resumed_ = restart_.has_value(); }

void LogWriter::Restart() {
  finished_.push_back(file_.fd);
  file_ = restart_->file;
  handed_ = written_ = durable_ = sync_covers_ = restart_->at;
  restart_.reset();
  in_flight_.clear();
  in_flight_done_ = 0;
  resumed_ = sync_failed_ = false;
  sync_requested_ = pending_size() > 0;  // somebody may have asked meanwhile
  error_ = absl::OkStatus();
}

bool LogWriter::wants_rotation() const {
  return rotations_.empty() && file_.size + unwritten_bytes() >= file_.size_max;
}

std::vector<int> LogWriter::TakeFinishedFiles() { return std::exchange(finished_, {}); }

void LogWriter::RequestSync() {
  if (durable_ < appended_) sync_requested_ = true;
}

void LogWriter::RetryAfterWriteError() {
  if (!sync_failed_) error_ = absl::OkStatus();
}

}  // namespace basalt
