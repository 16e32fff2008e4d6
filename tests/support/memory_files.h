// A file system in memory for tests that read and write many small files. It keeps everything,
// synced or not; tests of power cuts need more. One thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/io/file.h"

namespace basalt {

class MemoryFiles final : public FileSystem {
 public:
  // The bytes of a file, for tests to look at and to spoil. Created when missing.
  std::string& operator[](const std::string& path) {
    std::shared_ptr<std::string>& bytes = files_[path];
    if (!bytes) bytes = std::make_shared<std::string>();
    return *bytes;
  }
  bool Has(const std::string& path) const { return files_.count(path) > 0; }
  // From the n-th write or sync on (0: the next one), each fails.
  void FailAfter(int operations) { operations_left_ = operations; }

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const bool must_exist = mode == OpenMode::kRead || mode == OpenMode::kReadWrite;
    if (must_exist && !Has(path)) return absl::NotFoundError(path + ": no such file");
    std::string& bytes = (*this)[path];
    if (mode == OpenMode::kCreateEmpty) bytes.clear();
    return std::make_unique<OpenFile>(*this, files_[path]);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (!Has(from)) return absl::NotFoundError(from);
    if (absl::Status s = Spend(); !s.ok()) return s;
    files_[to] = files_[from];
    files_.erase(from);
    return absl::OkStatus();
  }
  absl::Status Remove(const std::string& path) override {
    return files_.erase(path) > 0 ? absl::OkStatus() : absl::NotFoundError(path);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, bytes] : files_) {
      if (DirectoryOf(path) == directory) names.push_back(path.substr(directory.size() + 1));
    }
    return names;
  }
  absl::Status SyncDirectory(const std::string&) override { return Spend(); }
  absl::Status MakeDirectory(const std::string&) override { return absl::OkStatus(); }
  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    if (!Has(path)) return absl::NotFoundError(path);
    return FileInfo{.size = files_[path]->size()};
  }
  absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string&) override {
    return std::make_unique<DirectoryLock>();
  }

 private:
  class OpenFile final : public File {
   public:
    OpenFile(MemoryFiles& owner, std::shared_ptr<std::string> bytes)
        : owner_(owner), bytes_(std::move(bytes)) {}
    absl::StatusOr<size_t> PRead(uint64_t offset, char* out, size_t n) override {
      if (offset >= bytes_->size()) return 0;
      const size_t got = std::min<size_t>(n, bytes_->size() - offset);
      std::memcpy(out, bytes_->data() + offset, got);
      return got;
    }
    absl::Status PWrite(uint64_t offset, std::string_view data) override {
      if (absl::Status s = owner_.Spend(); !s.ok()) return s;
      if (bytes_->size() < offset + data.size()) bytes_->resize(offset + data.size());
      std::memcpy(bytes_->data() + offset, data.data(), data.size());
      return absl::OkStatus();
    }
    absl::Status Sync() override { return owner_.Spend(); }
    absl::StatusOr<uint64_t> Size() override { return bytes_->size(); }
    absl::Status Truncate(uint64_t size) override { return bytes_->resize(size), absl::OkStatus(); }
    absl::Status Preallocate(uint64_t) override { return absl::OkStatus(); }
    int fd() const override { return -1; }

   private:
    MemoryFiles& owner_;
    std::shared_ptr<std::string> bytes_;
  };

  absl::Status Spend() {
    if (operations_left_ == 0) return absl::ResourceExhaustedError("no space left (test)");
    if (operations_left_ > 0) --operations_left_;
    return absl::OkStatus();
  }

  std::map<std::string, std::shared_ptr<std::string>> files_;
  int operations_left_ = -1;  // -1: no limit
};

}  // namespace basalt
