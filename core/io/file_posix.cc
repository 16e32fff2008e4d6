// The FileSystem of the machine: plain system calls, each repeated after EINTR. No state; any
// thread.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/strings.h"
#include "core/io/file.h"

namespace basalt {
namespace {

// Calls `call` until it is not interrupted; its result, -1 with errno on an error.
template <class Call>
auto Uninterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  absl::StatusOr<size_t> PRead(uint64_t offset, char* out, size_t n) override {
    size_t done = 0;
    while (done < n) {
      const ssize_t got = Uninterrupted([&] {
        return pread(fd_.get(), out + done, n - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) return Error("read");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  absl::Status PWrite(uint64_t offset, std::string_view data) override {
    while (!data.empty()) {
      const ssize_t put = Uninterrupted(
          [&] { return pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset)); });
      if (put < 0) return Error("write");
      offset += static_cast<uint64_t>(put);
      data.remove_prefix(static_cast<size_t>(put));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    return Uninterrupted([&] { return fdatasync(fd_.get()); }) == 0 ? absl::OkStatus()
                                                                    : Error("sync");
  }

  absl::StatusOr<uint64_t> Size() override {
    struct stat st;
    if (fstat(fd_.get(), &st) != 0) return Error("stat");
    return static_cast<uint64_t>(st.st_size);
  }

  absl::Status Truncate(uint64_t size) override {
    const int result =
        Uninterrupted([&] { return ftruncate(fd_.get(), static_cast<off_t>(size)); });
    return result == 0 ? absl::OkStatus() : Error("truncate");
  }

  absl::Status Preallocate(uint64_t size) override {
    const int result = Uninterrupted(
        [&] { return fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)); });
    if (result == 0 || errno == EOPNOTSUPP) return absl::OkStatus();
    return Error("preallocate");
  }

  int fd() const override { return fd_.get(); }

 private:
  absl::Status Error(std::string_view what) const {
    return ErrnoStatus(StrCat(what, " ", path_), errno);
  }

  Descriptor fd_;
  std::string path_;
};

class PosixLock final : public DirectoryLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;
};

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateEmpty:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

class PosixFs final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const int fd =
        Uninterrupted([&] { return open(path.c_str(), OpenFlags(mode) | O_CLOEXEC, 0644); });
    if (fd < 0) return ErrnoStatus(StrCat("open ", path), errno);
    return std::make_unique<PosixFile>(fd, path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return ErrnoStatus(StrCat("rename ", from, " to ", to), errno);
  }

  absl::Status Exchange(const std::string& a, const std::string& b) override {
    if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) {
      return absl::OkStatus();
    }
    if (errno == EINVAL || errno == ENOSYS) return FileSystem::Exchange(a, b);
    return ErrnoStatus(StrCat("exchange ", a, " and ", b), errno);
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) == 0) return absl::OkStatus();
    return ErrnoStatus(StrCat("remove ", path), errno);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    DIR* dir = opendir(directory.c_str());
    if (dir == nullptr) return ErrnoStatus(StrCat("list ", directory), errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    closedir(dir);
    if (error != 0) return ErrnoStatus(StrCat("list ", directory), error);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status SyncDirectory(const std::string& directory) override {
    const Descriptor fd(
        Uninterrupted([&] { return open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (fd.get() < 0) return ErrnoStatus(StrCat("open ", directory), errno);
    if (Uninterrupted([&] { return fsync(fd.get()); }) == 0) return absl::OkStatus();
    return ErrnoStatus(StrCat("sync ", directory), errno);
  }

  absl::Status MakeDirectory(const std::string& path) override {
    if (mkdir(path.c_str(), 0755) == 0) return absl::OkStatus();
    const int error = errno;
    struct stat st;
    if (error == EEXIST && stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) {
      return absl::OkStatus();
    }
    return ErrnoStatus(StrCat("make directory ", path), error);
  }

  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    struct stat st;
    if (stat(path.c_str(), &st) != 0) return ErrnoStatus(StrCat("stat ", path), errno);
    return FileInfo{static_cast<uint64_t>(st.st_size), S_ISDIR(st.st_mode)};
  }

  // flock, not fcntl: a snapshot child that outlives its server keeps the folder locked while it
  // still writes there.
  absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) override {
    const int fd =
        Uninterrupted([&] { return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); });
    if (fd < 0) return ErrnoStatus(StrCat("open ", path), errno);
    auto lock = std::make_unique<PosixLock>(fd);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(StrCat(path, " is locked by another process"));
    }
    return ErrnoStatus(StrCat("lock ", path), errno);
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static PosixFs* file_system = new PosixFs;  // never destroyed: threads may outlive main's statics
  return *file_system;
}

}  // namespace basalt
