// What one snapshot consists of: a generation, the cut that it shows, and one RDB file per shard.
// Plain values and their text form; any thread. manifest_files.h keeps them on disk.
//
//   basalt-snapshot 1
//   generation <n>
//   epoch <n>
//   created <unix seconds>
//   shards <n>
//   shard <index> <bytes> <crc64, 16 hex digits> <file name>       one line per shard, in order
//   crc64 <16 hex digits>                                          of all bytes before this line
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/ids.h"

namespace basalt {

struct SnapshotFile {
  std::string name;  // no folder: it lies beside the manifest
  uint64_t bytes = 0;
  uint64_t crc64 = 0;  // as in the RDB footer; 0 when the file carries none

  bool operator==(const SnapshotFile&) const = default;
};

struct SnapshotManifest {
  uint64_t generation = 0;
  Epoch epoch;
  int64_t created_unix_s = 0;
  std::vector<SnapshotFile> shards;  // slots are divided as ShardOfSlot(slot, shards.size())

  bool operator==(const SnapshotManifest&) const = default;
};

std::string FormatManifest(const SnapshotManifest& manifest);
// DataLoss when anything at all is wrong with the text.
absl::StatusOr<SnapshotManifest> ParseManifest(std::string_view text);

// Names derived from the option dbfilename: of "dump.rdb", "dump.shard-<shard>.<generation>.rdb"
// and "dump.<generation>.manifest".
std::string SnapshotShardName(std::string_view dbfilename, ShardId shard, uint64_t generation);
std::string SnapshotManifestName(std::string_view dbfilename, uint64_t generation);

// What a name in the folder is, if dbfilename made it. `temporary`: left over from an interrupted
// save.
struct SnapshotName {
  enum class Kind { kForeign, kManifest, kShard };
  Kind kind = Kind::kForeign;
  uint64_t generation = 0;
  bool temporary = false;
};
SnapshotName ParseSnapshotName(std::string_view dbfilename, std::string_view name);

}  // namespace basalt
