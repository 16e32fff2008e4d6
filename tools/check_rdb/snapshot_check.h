// Checks RDB files: one, or those of a snapshot together with its manifest. One thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "persistence/rdb/rdb_census.h"
#include "persistence/snapshot/manifest.h"

namespace basalt::tools {

struct CheckRdbOptions {
  std::string path;
  std::string dbfilename = "dump.rdb";  // of snapshots in a folder
  bool shallow = false;
  uint64_t biggest = 3;
  bool json = false;
  bool quiet = false;
};

struct SnapshotCheck {
  std::vector<rdb::Census> files;
  std::vector<std::string> problems;  // of the snapshot as a whole
  std::vector<std::string> notes;     // what is no fault of the data
  bool is_set = false;                // `manifest` counts
  SnapshotManifest manifest;

  bool clean() const;
};

// `options.path` is a file, a manifest, or a folder, whose newest snapshot is checked. NotFound:
// there is none.
absl::StatusOr<SnapshotCheck> CheckSnapshot(FileSystem& fs, const CheckRdbOptions& options,
                                            int64_t now_ms);

void PrintSnapshot(const SnapshotCheck& check);
std::string SnapshotJson(const SnapshotCheck& check);

}  // namespace basalt::tools
