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

namespace {

// SimFileSystem takes "./a" and "a" for two files.
std::string Whole(const std::string& path) {
  return path.find('/') == std::string::npos ? "./" + path : path;
}

}  // namespace

// Takes note of what is done to a file, by its path.
class SimDisk::RecordedFile final : public File {
 public:
  // To be read again.
  explicit RecordedFile(std::shared_ptr<std::string> bytes) : bytes_(std::move(bytes)) {}
  RecordedFile(SimDisk* disk, Recording* recording, const std::string& path, OpenMode mode)
      : recording_(recording),
        shared_(std::make_shared<std::unique_ptr<File>>()),
        bytes_(std::make_shared<std::string>()) {
    recording_->written[path] = bytes_;
    recording_->removed.erase(path);
    recording_->calls.push_back([disk, path, mode, shared = shared_]() -> absl::Status {
      absl::StatusOr<std::unique_ptr<File>> file = disk->files_.Open(path, mode);
      if (!file.ok()) return file.status();
      *shared = *std::move(file);
      return absl::OkStatus();
    });
  }
  absl::StatusOr<size_t> PRead(uint64_t offset, char* out, size_t n) override {
    return offset < bytes_->size() ? bytes_->copy(out, n, offset) : size_t{0};
  }
  absl::Status PWrite(uint64_t offset, std::string_view data) override {
    bytes_->resize(std::max(bytes_->size(), offset + data.size()));
    bytes_->replace(offset, data.size(), data);
    recording_->calls.push_back([offset, data = std::string(data), shared = shared_] {
      return (*shared)->PWrite(offset, data);
    });
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    recording_->calls.push_back([shared = shared_] { return (*shared)->Sync(); });
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> Size() override { return bytes_->size(); }
  absl::Status Truncate(uint64_t) override { return absl::UnimplementedError("truncate"); }
  absl::Status Preallocate(uint64_t) override { return absl::OkStatus(); }
  int fd() const override { return -1; }

 private:
  Recording* const recording_ = nullptr;
  std::shared_ptr<std::unique_ptr<File>> shared_;
  std::shared_ptr<std::string> bytes_;
};

std::deque<SimDisk::Call> SimDisk::StopRecording() {
  std::deque<Call> calls = std::move(recording_->calls);
  recording_.reset();
  return calls;
}

absl::StatusOr<std::unique_ptr<File>> SimDisk::Open(const std::string& name, OpenMode mode) {
  const std::string path = Whole(name);
  if (recording_ == nullptr) return files_.Open(path, mode);
  if (mode != OpenMode::kRead) {
    return std::make_unique<RecordedFile>(this, recording_.get(), path, mode);
  }
  if (recording_->removed.contains(path)) return ErrnoStatus("open " + path, ENOENT);
  const auto written = recording_->written.find(path);
  if (written == recording_->written.end()) return files_.Open(path, mode);
  return std::make_unique<RecordedFile>(written->second);
}

absl::Status SimDisk::Rename(const std::string& old_name, const std::string& new_name) {
  const std::string from = Whole(old_name), to = Whole(new_name);
  if (recording_ == nullptr) return files_.Rename(from, to);
  const auto written = recording_->written.find(from);
  if (written == recording_->written.end()) return ErrnoStatus("rename " + from, ENOENT);
  recording_->written[to] = written->second;
  recording_->written.erase(from);
  recording_->removed.erase(to);
  recording_->calls.push_back([this, from, to] { return files_.Rename(from, to); });
  return absl::OkStatus();
}

absl::Status SimDisk::Remove(const std::string& name) {
  const std::string path = Whole(name);
  if (recording_ == nullptr) return files_.Remove(path);
  if (absl::Status there = Stat(path).status(); !there.ok()) return there;
  recording_->written.erase(path);
  recording_->removed.insert(path);
  recording_->calls.push_back([this, path] { return files_.Remove(path); });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SimDisk::List(const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = files_.List(directory);
  if (recording_ == nullptr || !names.ok()) return names;
  std::set<std::string> now(names->begin(), names->end());
  for (const std::string& path : recording_->removed) {
    if (DirectoryOf(path) == directory) now.erase(path.substr(path.rfind('/') + 1));
  }
  for (const auto& [path, bytes] : recording_->written) {
    if (DirectoryOf(path) == directory) now.insert(path.substr(path.rfind('/') + 1));
  }
  return std::vector<std::string>(now.begin(), now.end());
}

absl::StatusOr<FileInfo> SimDisk::Stat(const std::string& name) {
  const std::string path = Whole(name);
  if (recording_ == nullptr) return files_.Stat(path);
  if (recording_->removed.contains(path)) return ErrnoStatus("stat " + path, ENOENT);
  const auto written = recording_->written.find(path);
  if (written == recording_->written.end()) return files_.Stat(path);
  return FileInfo{written->second->size(), false};
}

absl::Status SimDisk::SyncDirectory(const std::string& directory) {
  if (recording_ == nullptr) return files_.SyncDirectory(directory);
  recording_->calls.push_back([this, directory] { return files_.SyncDirectory(directory); });
  return absl::OkStatus();
}

}  // namespace basalt::sim
