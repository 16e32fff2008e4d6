// Which files make up the log: one text file for all shards, replaced atomically. Also what earlier
// recoveries decided, so that a batch they dropped can never come back. Plain values, any thread;
// manifest_store.h guards the one in force.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/ids.h"

namespace basalt {

struct BaseFile {
  std::string name;
  uint64_t size = 0;
  uint64_t crc = 0;  // CRC64 of the RDB file, the one in its trailer

  bool operator==(const BaseFile&) const = default;
};

struct ShardFiles {
  std::optional<BaseFile> base;           // none: the shard began empty
  Lsn start;                              // where the first incremental file begins
  std::vector<std::string> incrementals;  // in order
  std::optional<Lsn> durable;             // what the last recovery kept, durable, ended here

  bool operator==(const ShardFiles&) const = default;
};

// Epochs first..last, both included.
struct EpochRange {
  Epoch first, last;
  bool operator==(const EpochRange&) const = default;
};

// The verdict of all recoveries so far about epochs below `epoch`: every shard is complete up to
// epoch - 1, and of what is written there all counts but the void parts. A batch dropped in the
// middle of a file stays there in bytes; without this it would look complete to the next recovery.
struct Settled {
  Epoch epoch;
  std::vector<EpochRange> void_epochs;  // batches not under `always` of these epochs
  std::vector<TxId> void_transactions;

  bool operator==(const Settled&) const = default;
};

struct Manifest {
  uint64_t generation = 0;
  uint32_t shard_count = 1;  // slots are divided as ShardOfSlot(CRC16 slot, shard_count)
  uint64_t salt = 0;         // see log_format.h
  Epoch base_epoch;          // the bases hold everything below this epoch
  TxId next_tx;              // transaction numbers below this one are used up
  Settled settled;
  std::vector<ShardFiles> shards;    // shard_count of them
  std::vector<std::string> history;  // files of older generations, to be removed

  bool operator==(const Manifest&) const = default;

  std::string ToText() const;
  static absl::StatusOr<Manifest> FromText(std::string_view text);
};

// Names inside the folder (appenddirname) for appendfilename `stem`.
std::string ManifestName(std::string_view stem);  // <stem>.manifest
std::string BaseFileName(std::string_view stem, uint64_t generation,
                         ShardId shard);  // <stem>.<g>.shard-<n>.base.rdb
std::string IncrementalFileName(std::string_view stem, uint64_t number,
                                ShardId shard);  // <stem>.<k>.shard-<n>.incr.aof

// The file list of a Redis 7 multi-part AOF, in load order (base first), from its manifest's text.
absl::StatusOr<std::vector<std::string>> ParseRedisManifest(std::string_view text);
bool LooksLikeRedisManifest(std::string_view text);

}  // namespace basalt
