// A LogIo over SimFileSystem: requests wait until the test completes them, in the order it likes,
// with short writes and errors on demand. Owner: the test, one thread.
#pragma once

#include <cerrno>
#include <deque>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "persistence/aof/log_writer.h"
#include "tests/support/sim_file_system.h"

namespace basalt {

class SimLogIo final : public LogIo {
 public:
  explicit SimLogIo(SimFileSystem* fs) : fs_(fs) {}

  void SubmitWrite(int fd, uint64_t offset, std::string_view data, bool then_sync) override {
    BASALT_CHECK(!write_waits());
    requests_.push_back({true, then_sync, fd, offset, data});
  }
  void SubmitSync(int fd) override { requests_.push_back({false, false, fd, 0, {}}); }

  bool idle() const { return requests_.empty() && !link_waits_; }
  bool write_waits() const {
    for (const Request& request : requests_) {
      if (request.is_write) return true;
    }
    return false;
  }
  bool sync_waits() const {
    if (link_waits_) return true;
    for (const Request& request : requests_) {
      if (!request.is_write || request.then_sync) return true;
    }
    return false;
  }

  // Carries out one request and tells the writer. A write is cut after `bytes_max` bytes.
  void CompleteWrite(LogWriter& writer, size_t bytes_max = SIZE_MAX) {
    const Request request = Take(true);
    const std::string_view data = request.data.substr(0, bytes_max);
    const int result = Result(fs_->FileOf(request.fd)->PWrite(request.offset, data), data.size());
    const bool whole = result == static_cast<int>(request.data.size());
    if (request.then_sync) {
      link_waits_ = true;
      linked_ = request;
      link_broken_ = !whole;
    }
    writer.OnWriteDone(result);
  }
  void CompleteSync(LogWriter& writer) {
    if (link_waits_) {
      link_waits_ = false;
      writer.OnSyncDone(link_broken_ ? -ECANCELED : Result(fs_->FileOf(linked_.fd)->Sync(), 0));
    } else {
      const Request request = Take(false);
      writer.OnSyncDone(Result(fs_->FileOf(request.fd)->Sync(), 0));
    }
  }
  void InterruptSync(LogWriter& writer) {
    Take(false);
    writer.OnSyncDone(-EINTR);
  }
  // Everything that waits, write first.
  void CompleteAll(LogWriter& writer) {
    while (!idle()) {
      if (write_waits()) {
        CompleteWrite(writer);
      } else {
        CompleteSync(writer);
      }
    }
  }
  void Forget() {  // the power went
    requests_.clear();
    link_waits_ = false;
  }

 private:
  struct Request {
    bool is_write, then_sync;
    int fd;
    uint64_t offset;
    std::string_view data;
  };

  Request Take(bool is_write) {
    for (auto it = requests_.begin(); it != requests_.end(); ++it) {
      if (it->is_write != is_write) continue;
      Request request = *it;
      requests_.erase(it);
      return request;
    }
    BASALT_CHECK(false);
  }
  static int Result(const absl::Status& status, size_t done) {
    if (status.ok()) return static_cast<int>(done);
    return absl::IsResourceExhausted(status) ? -ENOSPC : -EIO;
  }

  SimFileSystem* fs_;
  std::deque<Request> requests_;
  bool link_waits_ = false;
  bool link_broken_ = false;
  Request linked_{};
};

}  // namespace basalt
