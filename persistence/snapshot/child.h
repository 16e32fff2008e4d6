// The forked child that writes a snapshot, and what it tells its parent through one shared page.
// Start is called in a parked section (every shard between two commands, so the child may use
// threads and allocate); Poll by whoever looks after the child. One child at a time. A mutex guards
// the parent's side.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "core/base/ids.h"

namespace basalt {

class SnapshotChild {
 public:
  // Written by the child, read by the parent.
  struct Report {
    // In the child, after each write of any of its threads: notes progress, and waits as long as
    // the rate asks for.
    void NoteWritten(uint64_t bytes, int64_t bytes_per_second);

    struct File {
      uint64_t bytes;
      uint64_t crc64;
    };
    std::atomic<uint64_t> keys_written;
    std::atomic<uint64_t> bytes_written;
    std::atomic<uint64_t> copy_on_write_bytes;
    std::atomic<int64_t> started_us, next_look_us;  // monotonic
    char error[512];
    File files[kMaxShards];
  };

  SnapshotChild();
  virtual ~SnapshotChild();  // kills a child that still runs
  SnapshotChild(const SnapshotChild&) = delete;
  SnapshotChild& operator=(const SnapshotChild&) = delete;

  // Forks; the child runs `work` and exits. `purpose` names it in the log.
  // (Virtual, as are others below, for the simulator, which does not fork.)
  virtual absl::Status Start(const char* purpose, std::function<absl::Status(Report&)> work);
  virtual bool running() const;
  pid_t pid() const;
  // The child's outcome, once, when it has ended.
  virtual std::optional<absl::Status> Poll();
  // A child that has written nothing more for so long is ended; Poll says so. The parent, now and
  // then.
  void EndIfStuck(int64_t timeout_s);
  // Ends it without waiting; Poll tells when it has. Any thread.
  virtual void End();
  // Ends it now. True: there was one, of which Poll will not tell.
  virtual bool Kill();
  const Report& report() const { return *report_; }

  int64_t last_fork_us() const { return last_fork_us_; }

 protected:
  Report* report_ = nullptr;  // shared mapping

 private:
  mutable std::mutex mutex_;
  pid_t pid_ = -1;
  uint64_t bytes_seen_ = 0;
  int64_t progress_us_ = 0;  // when it last had written more
  int64_t stuck_for_s_ = 0;  // ended because of that; 0: not
  std::atomic<int64_t> last_fork_us_{0};
};

}  // namespace basalt
