// Checks and repairs a log that redis-server wrote: the single file of old, or a folder with a
// manifest. There are no checksums in it but that of an RDB part; only the form of the commands
// tells. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "persistence/aof/log_reader.h"
#include "persistence/rdb/rdb_census.h"
#include "tools/common/data_directory.h"

namespace basalt::tools {

struct RedisFile {
  std::string name;
  uint64_t size = 0;
  std::optional<rdb::Census> rdb;   // of the RDB part, if there is one
  std::optional<ForeignScan> scan;  // of the commands, where the RDB part could be read
};

struct RedisLogCheck {
  LogPlace place;
  std::vector<RedisFile> files;       // in the order in which they are loaded
  std::vector<std::string> problems;  // of files that are missing or have no business there

  bool clean() const;
};

absl::StatusOr<RedisLogCheck> CheckRedisLog(FileSystem& fs, const LogPlace& place, bool quiet);
void PrintRedisLog(const RedisLogCheck& check);
std::string RedisLogJson(const RedisLogCheck& check);
absl::Status ShowRedisLog(FileSystem& fs, const RedisLogCheck& check, size_t width);

// Cuts the last file off behind its last whole command; a copy of it stays beside it as
// "<file>.before-fix-<now_s>". Returns that name, or DataLoss when that would not repair the log
// or, without `yes`, would drop more than an unfinished command.
absl::StatusOr<std::string> RepairRedisLog(FileSystem& fs, const RedisLogCheck& check, bool yes,
                                           int64_t now_s);

}  // namespace basalt::tools
