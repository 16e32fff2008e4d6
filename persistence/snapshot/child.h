// The forked child that writes a snapshot, and what it tells its parent through one shared page.
// Start is called in a parked section (every shard between two commands, so the child may use threads and allocate); Poll by
// whoever looks after the child. One child at a time. A mutex guards the parent's side.
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
    struct File {
      uint64_t bytes;
      uint64_t crc64;
    };
    std::atomic<uint64_t> keys_written;
    std::atomic<uint64_t> copy_on_write_bytes;
    char error[512];
    File files[kMaxShards];
  };

  SnapshotChild();
  ~SnapshotChild();  // kills a child that still runs
  SnapshotChild(const SnapshotChild&) = delete;
  SnapshotChild& operator=(const SnapshotChild&) = delete;

  // Forks; the child runs `work` and exits. `purpose` names it in the log.
  absl::Status Start(const char* purpose, std::function<absl::Status(Report&)> work);
  bool running() const;
  pid_t pid() const;
  // The child's outcome, once, when it has ended.
  std::optional<absl::Status> Poll();
  void Kill();
  const Report& report() const { return *report_; }

  int64_t last_fork_us() const { return last_fork_us_; }

 private:
  mutable std::mutex mutex_;
  Report* report_ = nullptr;  // shared mapping
  pid_t pid_ = -1;
  std::atomic<int64_t> last_fork_us_{0};
};

}  // namespace basalt
