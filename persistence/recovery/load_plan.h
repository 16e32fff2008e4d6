// What is to be loaded at start, decided before the shards run: from the log when it is on and has
// one, else from the newest whole snapshot, else from a plain dump.rdb. Blocking file work on the
// main thread (logs are scanned in parallel).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/admin/config.h"
#include "core/io/file.h"
#include "persistence/aof/manifest_store.h"
#include "persistence/aof/recovery.h"

namespace basalt {

// What one thread loads into one keyspace: an RDB file, then log ranges on top of it.
struct LoadPart {
  std::string rdb_path;    // "": none
  uint64_t rdb_crc64 = 0;  // what the footer must say; 0: unknown
  std::string log_directory;
  std::vector<LogRange> ranges;
};

struct LoadPlan {
  enum class Source { kNothing, kLog, kSnapshot, kPlainRdb, kForeignLog };
  Source source = Source::kNothing;
  std::vector<LoadPart> parts;           // by the shard that wrote them; one part when foreign
  std::optional<RecoveryPlan> recovery;  // kLog: where the logs go on
  // Expired keys are dropped while loading (the RDB is the whole truth), or kept until the log has
  // been replayed over them.
  bool drop_expired = true;
};

// `store` is for config.appenddirname; it holds the manifest afterwards if there is one. Nothing is
// changed on disk but the tails that the plan cuts off, and with `change_disk` false (an offline
// tool that only reads) not even those. What is found, decided and lost is logged in plain words.
absl::StatusOr<LoadPlan> PlanLoad(FileSystem& fs, const Config& config, ManifestStore& store,
                                  bool change_disk = true);

const char* SourceName(LoadPlan::Source source);

}  // namespace basalt
