// Files and directories behind an interface: the seam where the simulator puts its own disk.
// For cold paths only (manifests, recovery, snapshots): every call may block. The log's hot path
// goes over the shard's ring and takes nothing from here but fd(). A FileSystem may be used from
// any thread; a File belongs to one thread at a time.
//
// What survives a power cut, and what the simulator holds callers to:
//   - bytes of a file: those written before a Sync() of it that returned OK;
//   - names (a new file, a rename, a removal): those done before a SyncDirectory() of their folder
//   that returned OK.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace basalt {

class File {
 public:
  virtual ~File() = default;

  // Reads up to `n` bytes at `offset` into `out`; returns how many, fewer only at the end of the
  // file.
  virtual absl::StatusOr<size_t> PRead(uint64_t offset, char* out, size_t n) = 0;
  // Writes all of `data` at `offset`, or fails.
  virtual absl::Status PWrite(uint64_t offset, std::string_view data) = 0;
  // Makes the file's bytes and size durable. After a failure nothing written before may be trusted,
  // and a repeat proves nothing.
  virtual absl::Status Sync() = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
  // Reserves disk space up to `size` without changing the file's size. OK where the file system
  // cannot.
  virtual absl::Status Preallocate(uint64_t size) = 0;
  // The descriptor, for the ring. In the simulator: a number that its LogIo understands.
  virtual int fd() const = 0;

  // Writes `data` at the end of the file as it is now.
  absl::Status Append(std::string_view data);
};

enum class OpenMode {
  kRead,         // must exist
  kReadWrite,    // must exist
  kCreate,       // created if missing, else opened as it is
  kCreateEmpty,  // created if missing, else truncated
};

struct FileInfo {
  uint64_t size = 0;
  bool is_directory = false;
};

// Held as long as it lives; the lock goes when the process dies.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // Swaps two names of one file system (folders, too) in one step: each leads to something at every
  // moment. Unimplemented where the file system cannot.
  virtual absl::Status Exchange(const std::string& a, const std::string& b);
  virtual absl::Status Remove(const std::string& path) = 0;  // NotFound when there is none
  // Names (not paths) in the folder, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual absl::Status SyncDirectory(const std::string& directory) = 0;
  virtual absl::Status MakeDirectory(const std::string& path) = 0;  // OK when it exists
  virtual absl::StatusOr<FileInfo> Stat(const std::string& path) = 0;
  // Takes an exclusive lock on the file `path` (created if missing); FailedPrecondition when
  // another process holds it.
  virtual absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) = 0;
  // All calls must come from one thread: a simulated disk.
  virtual bool one_thread() const { return false; }

  absl::StatusOr<std::string> ReadAll(const std::string& path);
  // Replaces `path` atomically and durably: write a temporary file beside it, sync, rename, sync
  // the folder.
  absl::Status WriteAtomically(const std::string& path, std::string_view data);
};

// The machine's file system.
FileSystem& PosixFileSystem();

std::string JoinPath(std::string_view directory, std::string_view name);
std::string DirectoryOf(std::string_view path);  // "." when the path has no folder

// An error of the system: NotFound for ENOENT, ResourceExhausted for ENOSPC and EDQUOT, else
// Internal; "<what>: <text of errno>".
absl::Status ErrnoStatus(std::string_view what, int error);

}  // namespace basalt
