#include "tests/sim/sim_disk.h"

#include <algorithm>
#include <cerrno>

#include "core/base/check.h"

namespace basalt::sim {

int SimDisk::Fault(std::string_view operation, const std::string& path) {
  if (!power_) return EIO;
  const uint64_t number = operations_++;
  if (number >= cut_at_operation_) {
    if (on_operation) on_operation("POWER", path, EIO);
    on_cut();
    return EIO;
  }
  int error = 0;
  if (over_ring_ ? sync_fails_ : Chance(plan_.other_error)) error = EIO;
  if (on_operation) on_operation(operation, path, error);
  return error;
}

int SimDisk::Write(int fd, uint64_t offset, std::string_view data) {
  if (!power_) return -EIO;
  if (Chance(plan_.interrupted)) return random_.Below(2) == 0 ? -EINTR : -EAGAIN;
  if (Chance(plan_.full)) full_until_ = operations_ + random_.Below(30);
  size_t n = data.size();
  int error = 0;
  if (operations_ < full_until_) {
    error = -ENOSPC;
    ++operations_;
  } else if (Chance(plan_.write_error)) {
    error = -EIO;
  }
  // A write that fails may have written something; the file ends there or farther on.
  if (error != 0 || Chance(plan_.short_write)) n = random_.Below(n + 1);
  if (error == 0 && n == 0) n = 1;
  if (n > 0) {
    over_ring_ = true;
    const absl::Status status = files_.FileOf(fd)->PWrite(offset, data.substr(0, n));
    over_ring_ = false;
    if (!status.ok()) return -EIO;
  }
  return error != 0 ? error : static_cast<int>(n);
}

int SimDisk::Sync(int fd) {
  if (!power_) return -EIO;
  if (Chance(plan_.interrupted)) return random_.Below(2) == 0 ? -EINTR : -EAGAIN;
  over_ring_ = true;
  sync_fails_ = Chance(plan_.sync_error);
  const absl::Status status = files_.FileOf(fd)->Sync();
  over_ring_ = sync_fails_ = false;
  return status.ok() ? 0 : -EIO;
}

// --- the child

// Takes note of what is done to a file, by its path.
class SimDisk::RecordedFile final : public File {
 public:
  RecordedFile(SimDisk* disk, Recording* recording, const std::string& path, OpenMode mode)
      : recording_(*recording), shared_(std::make_shared<std::unique_ptr<File>>()) {
    recording_.calls.push_back([disk, path, mode, shared = shared_]() -> absl::Status {
      absl::StatusOr<std::unique_ptr<File>> file = disk->files_.Open(path, mode);
      if (!file.ok()) return file.status();
      *shared = *std::move(file);
      return absl::OkStatus();
    });
  }
  absl::StatusOr<size_t> PRead(uint64_t, char*, size_t) override {
    return absl::UnimplementedError("a child that reads");
  }
  absl::Status PWrite(uint64_t offset, std::string_view data) override {
    size_ = std::max(size_, offset + data.size());
    recording_.calls.push_back([offset, data = std::string(data), shared = shared_] {
      return (*shared)->PWrite(offset, data);
    });
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    recording_.calls.push_back([shared = shared_] { return (*shared)->Sync(); });
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> Size() override { return size_; }
  absl::Status Truncate(uint64_t) override { return absl::UnimplementedError("truncate"); }
  absl::Status Preallocate(uint64_t) override { return absl::OkStatus(); }
  int fd() const override { return -1; }

 private:
  Recording& recording_;
  std::shared_ptr<std::unique_ptr<File>> shared_;
  uint64_t size_ = 0;
};

std::deque<SimDisk::Call> SimDisk::StopRecording() {
  std::deque<Call> calls = std::move(recording_->calls);
  recording_.reset();
  return calls;
}

absl::StatusOr<std::unique_ptr<File>> SimDisk::Open(const std::string& path, OpenMode mode) {
  if (recording_ == nullptr) return files_.Open(path, mode);
  return std::make_unique<RecordedFile>(this, recording_.get(), path, mode);
}

absl::Status SimDisk::Rename(const std::string& from, const std::string& to) {
  if (recording_ == nullptr) return files_.Rename(from, to);
  recording_->calls.push_back([this, from, to] { return files_.Rename(from, to); });
  return absl::OkStatus();
}

absl::Status SimDisk::Remove(const std::string& path) {
  if (recording_ == nullptr) return files_.Remove(path);
  recording_->calls.push_back([this, path] { return files_.Remove(path); });
  return absl::OkStatus();
}

absl::Status SimDisk::SyncDirectory(const std::string& directory) {
  if (recording_ == nullptr) return files_.SyncDirectory(directory);
  recording_->calls.push_back([this, directory] { return files_.SyncDirectory(directory); });
  return absl::OkStatus();
}

}  // namespace basalt::sim
