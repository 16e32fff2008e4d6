// The disk as the product sees it: SimFileSystem behind a fault plan, a power switch, and a
// recorder that stands in for the forked child's view of time.
//
// Everything that reaches the disk counts as one operation, and at the operation that the plan
// names the power goes: from then on every call fails and nothing changes any more. The child of a
// snapshot is not forked: its work runs at once against a recording (the keyspace is that of the
// moment of the fork), and the recorded calls are carried out later, one by one, between those of
// the shards. What the work reads is what it has recorded, and otherwise the disk.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/io/file.h"
#include "tests/support/sim_file_system.h"

namespace basalt::sim {

// Chances are 1 in so many; 0: never.
struct FaultPlan {
  uint64_t short_write = 0;
  uint64_t interrupted = 0;  // -EINTR, -EAGAIN: the request did not run
  uint64_t write_error = 0;  // EIO
  uint64_t sync_error = 0;   // EIO
  uint64_t full = 0;         // ENOSPC, which lasts for a while
  uint64_t other_error = 0;  // EIO of what is not done over the ring
  bool any_error() const { return write_error + sync_error + full + other_error > 0; }
};

class SimDisk final : public FileSystem {
 public:
  explicit SimDisk(uint64_t seed) : random_(seed) {
    files_.fault = [this](std::string_view operation, const std::string& path) {
      return Fault(operation, path);
    };
  }

  // --- the plan of one life of the machine
  void PowerOn(const FaultPlan& plan, uint64_t cut_at_operation) {
    plan_ = plan;
    power_ = true;
    operations_ = full_until_ = 0;
    cut_at_operation_ = cut_at_operation;
  }
  void set_faults(const FaultPlan& plan) { plan_ = plan; }
  // Called at the operation that the power goes with; calls PowerOff, or Kill.
  std::function<void()> on_cut;
  // Called for each operation, for the trace.
  std::function<void(std::string_view operation, const std::string& path, int error)> on_operation;
  // What was not synced is lost or torn.
  void PowerOff() {
    power_ = false;
    files_.PowerCut(random_.Next());
  }
  // The process dies, the machine goes on: what was written stays, synced or not.
  void Kill() {
    power_ = false;
    files_.ProcessDies();
  }
  bool on() const { return power_; }
  uint64_t operations() const { return operations_; }
  SimFileSystem& files() { return files_; }

  // --- over the ring; the result is that of the completion
  int Write(int fd, uint64_t offset, std::string_view data);
  int Sync(int fd);

  // --- the child
  void StartRecording() { recording_ = std::make_unique<Recording>(); }
  // The calls made since; each is to be carried out once.
  using Call = std::function<absl::Status()>;
  std::deque<Call> StopRecording();

  // --- FileSystem
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::Status MakeDirectory(const std::string& path) override {
    return files_.MakeDirectory(path);
  }
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) override {
    return files_.Lock(path);
  }
  bool one_thread() const override { return true; }

 private:
  struct Recording {
    std::deque<Call> calls;
    std::map<std::string, std::shared_ptr<std::string>> written;  // files, by path
    std::set<std::string> removed;
  };
  class RecordedFile;

  bool Chance(uint64_t one_in) { return one_in != 0 && random_.Below(one_in) == 0; }
  int Fault(std::string_view operation, const std::string& path);

  Random random_;
  SimFileSystem files_;
  FaultPlan plan_;
  bool power_ = true;
  bool over_ring_ = false;  // its faults are drawn there
  bool sync_fails_ = false;
  uint64_t operations_ = 0;
  uint64_t cut_at_operation_ = UINT64_MAX;
  uint64_t full_until_ = 0;  // number of an operation
  std::unique_ptr<Recording> recording_;
};

}  // namespace basalt::sim
