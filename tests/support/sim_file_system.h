// A disk in memory that forgets: what was not synced is lost or torn at a power cut, and any call
// can be made to fail. Owner: the test, one thread. Deterministic: all chance comes from the seed
// given to PowerCut.
//
// Model: a file is its durable bytes plus the changes since the last Sync, in order. At a power cut
// each change survives whole, survives up to some sector, or is lost, independently of the others,
// as a page cache may write back in any order. A name (new file, rename, removal) is durable after
// SyncDirectory of its folder; before that a cut takes or leaves it.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/io/file.h"

namespace basalt {

class SimFileSystem final : public FileSystem {
 public:
  static constexpr uint64_t kSector = 512;

  // --- what the disk does wrong ---

  // Asked before every operation that reaches the disk ("open", "read", "write", "sync",
  // "truncate", "rename", "remove", "syncdir", "list"); a value other than 0 is the errno it fails
  // with. A failed sync drops the unsynced changes' dirty state, as Linux does: they stay readable,
  // but a power cut takes them even after a later sync that "succeeds".
  std::function<int(std::string_view operation, const std::string& path)> fault;
  uint64_t capacity = UINT64_MAX;  // bytes over all files; beyond it writes fail with ENOSPC

  // The machine loses power and starts again: every open File and lock is dead from here on.
  void PowerCut(uint64_t seed) {
    std::mt19937_64 random(seed);
    ++boot_;
    locks_.clear();
    for (auto& [directory, changes] : pending_names_) CutNames(directory, random);
    pending_names_.clear();
    names_ = durable_names_;
    std::set<Inode*> done;
    for (auto& [path, inode] : names_) {
      if (done.insert(inode.get()).second) inode->Cut(random);
    }
  }

  // The process dies and the machine goes on: nothing is lost, but every open File and lock is
  // dead.
  void ProcessDies() {
    ++boot_;
    locks_.clear();
  }

  // --- what a test wants to see or do to a file behind the program's back ---
  std::string Bytes(const std::string& path) const { return names_.at(path)->now; }
  bool Exists(const std::string& path) const { return names_.contains(path); }
  void SetBytes(const std::string& path, std::string bytes) {
    auto inode = std::make_shared<Inode>();
    inode->now = inode->durable = std::move(bytes);
    names_[path] = durable_names_[path] = inode;
  }
  void Erase(const std::string& path) {
    names_.erase(path);
    durable_names_.erase(path);
  }
  uint64_t operations() const { return operations_; }

  // The file behind a descriptor, for a LogIo; the descriptor must belong to an open File.
  File* FileOf(int fd) { return open_.at(fd); }

  // --- FileSystem ---
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    if (absl::Status s = Ask("open", path); !s.ok()) return s;
    auto found = names_.find(path);
    if (found == names_.end()) {
      if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite)
        return ErrnoStatus("open " + path, ENOENT);
      if (!directories_.contains(DirectoryOf(path))) return ErrnoStatus("open " + path, ENOENT);
      found = names_.emplace(path, std::make_shared<Inode>()).first;
      Note(NameChange{path, found->second});
    } else if (mode == OpenMode::kCreateEmpty) {
      found->second->Apply({Change::kTruncate, 0, ""});
    }
    return std::make_unique<SimFile>(this, path, found->second);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (absl::Status s = Ask("rename", from); !s.ok()) return s;
    const auto found = names_.find(from);
    if (found == names_.end()) return ErrnoStatus("rename " + from, ENOENT);
    std::shared_ptr<Inode> inode = found->second;
    names_.erase(found);
    names_[to] = inode;
    Note(NameChange{to, inode, from});
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (absl::Status s = Ask("remove", path); !s.ok()) return s;
    if (names_.erase(path) == 0) return ErrnoStatus("remove " + path, ENOENT);
    Note(NameChange{path, nullptr});
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    if (absl::Status s = Ask("list", directory); !s.ok()) return s;
    std::vector<std::string> names;
    for (const auto& [path, inode] : names_) {
      if (DirectoryOf(path) == directory) names.push_back(path.substr(directory.size() + 1));
    }
    return names;
  }

  absl::Status SyncDirectory(const std::string& directory) override {
    if (absl::Status s = Ask("syncdir", directory); !s.ok()) return s;
    for (const NameChange& change : pending_names_[directory]) ApplyName(change);
    pending_names_.erase(directory);
    return absl::OkStatus();
  }

  absl::Status MakeDirectory(const std::string& path) override {
    directories_.insert(path);  // folders themselves are taken for durable
    return absl::OkStatus();
  }

  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    if (directories_.contains(path)) return FileInfo{0, true};
    const auto found = names_.find(path);
    if (found == names_.end()) return ErrnoStatus("stat " + path, ENOENT);
    return FileInfo{found->second->now.size(), false};
  }

  bool one_thread() const override { return true; }

  absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) override {
    if (!locks_.insert(path).second) return absl::FailedPreconditionError(path + " is locked");
    return std::make_unique<SimLock>(this, path, boot_);
  }

 private:
  struct Change {
    enum Kind { kWrite, kTruncate } kind;
    uint64_t at;
    std::string data;
  };

  static void ApplyChange(const Change& change, std::string* bytes) {
    if (change.kind == Change::kTruncate) {
      bytes->resize(change.at);
    } else {
      bytes->resize(std::max<uint64_t>(bytes->size(), change.at + change.data.size()));
      bytes->replace(change.at, change.data.size(), change.data);
    }
  }

  struct Inode {
    std::string now;
    std::string durable;
    std::vector<Change> unsynced;

    void Apply(Change change) {
      ApplyChange(change, &now);
      unsynced.push_back(std::move(change));
    }
    void Sync() {
      for (const auto& change : unsynced) ApplyChange(change, &durable);
      unsynced.clear();
    }
    // A write is cut at sectors; each sector decides for itself, but a run of luck is likely.
    void Cut(std::mt19937_64& random) {
      const uint64_t luck = random() % 5;  // 0: nothing survives, 4: everything does
      for (const auto& change : unsynced) {
        if (change.kind == Change::kTruncate) {
          if (random() % 4 < luck) ApplyChange(change, &durable);
          continue;
        }
        uint64_t from = 0;
        while (from < change.data.size()) {
          const uint64_t end = ((change.at + from) / kSector + 1) * kSector - change.at;
          const uint64_t to = std::min<uint64_t>(end, change.data.size());
          if (random() % 4 < luck) {
            ApplyChange({Change::kWrite, change.at + from, change.data.substr(from, to - from)},
                        &durable);
          }
          from = to;
        }
      }
      unsynced.clear();
      now = durable;
    }
  };

  struct NameChange {
    std::string path;
    std::shared_ptr<Inode> inode;  // null: removed
    std::string from = "";         // renamed from there: both happen or neither
  };

  class SimFile final : public File {
   public:
    SimFile(SimFileSystem* fs, std::string path, std::shared_ptr<Inode> inode)
        : fs_(fs),
          path_(std::move(path)),
          inode_(std::move(inode)),
          boot_(fs->boot_),
          fd_(fs->next_fd_++) {
      fs_->open_[fd_] = this;
    }
    ~SimFile() override { fs_->open_.erase(fd_); }

    absl::StatusOr<size_t> PRead(uint64_t offset, char* out, size_t n) override {
      if (absl::Status s = Ask("read"); !s.ok()) return s;
      if (offset >= inode_->now.size()) return size_t{0};
      return inode_->now.copy(out, n, offset);
    }
    absl::Status PWrite(uint64_t offset, std::string_view data) override {
      if (absl::Status s = Ask("write"); !s.ok()) return s;
      if (fs_->Used() + data.size() > fs_->capacity) return ErrnoStatus("write " + path_, ENOSPC);
      inode_->Apply({Change::kWrite, offset, std::string(data)});
      return absl::OkStatus();
    }
    absl::Status Sync() override {
      if (absl::Status s = Ask("sync"); !s.ok()) {
        if (boot_ == fs_->boot_) inode_->unsynced.clear();  // else nobody has tried
        return s;
      }
      inode_->Sync();
      return absl::OkStatus();
    }
    absl::StatusOr<uint64_t> Size() override { return inode_->now.size(); }
    absl::Status Truncate(uint64_t size) override {
      if (absl::Status s = Ask("truncate"); !s.ok()) return s;
      inode_->Apply({Change::kTruncate, size, ""});
      return absl::OkStatus();
    }
    absl::Status Preallocate(uint64_t) override { return absl::OkStatus(); }
    int fd() const override { return fd_; }

   private:
    absl::Status Ask(std::string_view operation) {
      if (boot_ != fs_->boot_)
        return absl::InternalError("the power went since " + path_ + " was opened");
      return fs_->Ask(operation, path_);
    }

    SimFileSystem* fs_;
    std::string path_;
    std::shared_ptr<Inode> inode_;
    uint64_t boot_;
    int fd_;
  };

  class SimLock final : public DirectoryLock {
   public:
    SimLock(SimFileSystem* fs, std::string path, uint64_t boot)
        : fs_(fs), path_(std::move(path)), boot_(boot) {}
    ~SimLock() override {
      if (boot_ == fs_->boot_) fs_->locks_.erase(path_);
    }

   private:
    SimFileSystem* fs_;
    std::string path_;
    uint64_t boot_;
  };

  absl::Status Ask(std::string_view operation, const std::string& path) {
    ++operations_;
    const int error = fault ? fault(operation, path) : 0;
    return error == 0 ? absl::OkStatus() : ErrnoStatus(std::string(operation) + " " + path, error);
  }

  uint64_t Used() const {
    uint64_t used = 0;
    for (const auto& [path, inode] : names_) used += inode->now.size();
    return used;
  }

  void Note(NameChange change) {
    pending_names_[DirectoryOf(change.path)].push_back(std::move(change));
  }

  void ApplyName(const NameChange& change) {
    if (!change.from.empty()) durable_names_.erase(change.from);
    if (change.inode) {
      durable_names_[change.path] = change.inode;
    } else {
      durable_names_.erase(change.path);
    }
  }

  // A journal keeps the order of names within a folder: some first part of the changes survives.
  void CutNames(const std::string& directory, std::mt19937_64& random) {
    const auto& changes = pending_names_[directory];
    const size_t survive = random() % (changes.size() + 1);
    for (size_t i = 0; i < survive; ++i) ApplyName(changes[i]);
  }

  std::map<std::string, std::shared_ptr<Inode>> names_, durable_names_;
  std::map<std::string, std::vector<NameChange>> pending_names_;  // by folder
  std::set<std::string> directories_{".", "/"};
  std::set<std::string> locks_;
  std::map<int, File*> open_;
  uint64_t boot_ = 0;
  uint64_t operations_ = 0;
  int next_fd_ = 1000;
};

}  // namespace basalt
