// The manifest in force and every change to it. Each change is durable before the call returns.
// Blocking calls: any thread but a shard's tick. A mutex guards it all.
// After an error the old manifest is still in force in memory; on disk either the old or the new
// one stands, both valid.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/ids.h"
#include "core/io/file.h"
#include "persistence/aof/log_writer.h"
#include "persistence/aof/manifest.h"

namespace basalt {

class ManifestStore {
 public:
  ManifestStore(FileSystem* fs, std::string directory, std::string stem);

  FileSystem& fs() const { return *fs_; }

  // A new log for `shard_count` shards: the folder, empty bases, one incremental file each.
  absl::Status Create(uint32_t shard_count, uint64_t salt, Epoch first_epoch);
  // Reads what stands there. NotFound: no manifest; FailedPrecondition: it is Redis's; DataLoss:
  // damaged.
  absl::Status Load();
  absl::Status Install(Manifest manifest);  // replaces it (after recovery)

  struct OpenedFile {
    std::unique_ptr<File> file;  // owns the descriptor
    LogFile log_file;
    std::string name;
  };
  // Replaces the whole log by `manifest`, whose shards have no incremental files yet: one is made
  // for each, and only then the manifest is written, once. (In two steps, a crash between them
  // would leave a manifest without files, which Load refuses.)
  absl::StatusOr<std::vector<OpenedFile>> InstallWithFiles(Manifest manifest, uint64_t file_size);
  // Creates the next incremental file of a shard, reserves room for `file_size` bytes, at which it
  // is full (0: none, never), and lists it. Ready for LogWriter::RotateTo.
  absl::StatusOr<OpenedFile> AddIncremental(ShardId shard, uint64_t file_size);
  // The same for all shards with a single manifest write: what a rewrite does before it parks them.
  absl::StatusOr<std::vector<OpenedFile>> AddIncrementals(uint64_t file_size);
  // Reopens a shard's last incremental file for appending at `size`. It is full at `file_size`.
  absl::StatusOr<OpenedFile> OpenLast(ShardId shard, uint64_t size,
                                      uint64_t file_size = UINT64_MAX);

  struct NewBase {
    BaseFile base;
    std::string first_incremental;  // the file the shard was rotated to at the snapshot's cut
    Lsn start;                      // and what RotateTo returned
  };
  // A rewrite is done: the new bases, of the generation taken last, and the files from
  // `first_incremental` on are the log; all before is history.
  absl::Status CompleteRewrite(const std::vector<NewBase>& bases, Epoch base_epoch, TxId next_tx);
  // Removes files of older generations, then forgets them.
  absl::Status RemoveHistory();
  // Removes files in the folder that look like ours and are not listed (left by a crash). Returns
  // their names.
  absl::StatusOr<std::vector<std::string>> RemoveStrays();

  // Log and base files in the folder that hold something, whatever a manifest says. For when there
  // is none: then these mean that it was lost (RecoveryCase::kManifestMissing). Empty files do not,
  // as Create makes them before the manifest; nor do files that were only being written (".tmp").
  absl::StatusOr<std::vector<std::string>> OrphanedFiles();

  Manifest current() const;
  // A number for new bases, never the same twice: whether a manifest stands whose rename failed
  // with an error nobody knows, and the names in it must not be used for other files.
  uint64_t TakeGeneration();
  const std::string& directory() const { return directory_; }
  const std::string& stem() const { return stem_; }
  std::string PathOf(std::string_view name) const;

 private:
  absl::Status WriteLocked(Manifest manifest);
  absl::StatusOr<OpenedFile> MakeFileLocked(const Manifest& manifest, ShardId shard,
                                            uint64_t file_size);
  absl::StatusOr<std::vector<OpenedFile>> AddToAllLocked(Manifest next, uint64_t file_size);
  uint64_t NextNumberLocked(const Manifest& manifest, ShardId shard) const;

  FileSystem* fs_;
  std::string directory_;
  std::string stem_;
  mutable std::mutex mutex_;
  Manifest manifest_;
  uint64_t taken_generation_ = 0;
};

}  // namespace basalt
