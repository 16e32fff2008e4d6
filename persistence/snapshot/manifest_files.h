// Snapshots on disk: storing a manifest, finding the snapshot to load, removing what a newer one
// replaced. Blocking file work: the snapshot's child, or the server while it starts. One thread at
// a time per folder.
//
// Order of a save, so that a power cut at any point leaves a whole snapshot:
//   1. every shard's RDB file: temporary file, sync, rename, sync of the folder   (rdb::SaveShard)
//   2. the manifest, likewise: from here on the new snapshot is the one that counts
//   3. manifests of older generations removed, sync of the folder, then their RDB files
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "persistence/snapshot/manifest.h"

namespace basalt {

// Step 2. The files that it names must be durable already; their sizes are checked.
absl::Status StoreManifest(FileSystem& fs, const std::string& directory,
                           const std::string& dbfilename, const SnapshotManifest& manifest);

// Reads a manifest and checks that every file it names is there with its length. The RDB checksums
// are checked when the files are loaded: hold RdbReader::footer_crc64 against SnapshotFile::crc64.
absl::StatusOr<SnapshotManifest> LoadManifest(FileSystem& fs, const std::string& directory,
                                              const std::string& dbfilename, uint64_t generation);

// What a folder offers to load.
struct SnapshotChoice {
  enum class Source {
    kNone,      // nothing: start empty
    kSnapshot,  // `manifest`
    kPlainRdb,  // the file dbfilename, from Redis or Valkey: one file with all keys
  };
  Source source = Source::kNone;
  SnapshotManifest manifest;
  // What was passed over: newer manifests that are rotten or whose files are missing, and a plain
  // file beside a snapshot. A save that was cut off leaves no manifest and is not mentioned. So
  // `damaged` means that a snapshot which was once whole is lost, and that the choice is older than
  // what was saved: whoever loads must say so, or refuse.
  std::vector<std::string> notes;
  bool damaged = false;
};

// The newest whole snapshot; the plain file when there is none.
absl::StatusOr<SnapshotChoice> ChooseSnapshot(FileSystem& fs, const std::string& directory,
                                              const std::string& dbfilename);

// A generation above every one that left a trace in the folder.
absl::StatusOr<uint64_t> NextSnapshotGeneration(FileSystem& fs, const std::string& directory,
                                                const std::string& dbfilename);

// A save of that generation has failed: removes what it left, unless its manifest stands.
absl::Status RemoveUnfinished(FileSystem& fs, const std::string& directory,
                              const std::string& dbfilename, uint64_t generation);

// Step 3: removes what generations below `generation` left, and its own temporary files. Refuses
// (FailedPrecondition) unless `generation` is whole.
absl::Status RemoveOlderSnapshots(FileSystem& fs, const std::string& directory,
                                  const std::string& dbfilename, uint64_t generation);

}  // namespace basalt
