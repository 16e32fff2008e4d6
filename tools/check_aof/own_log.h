// What a check of one of our logs finds. The decisions are those of persistence/aof: the same scan
// and the same plan as at a start. One thread (which starts others to scan).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "persistence/aof/manifest.h"
#include "persistence/aof/recovery.h"
#include "persistence/rdb/rdb_census.h"
#include "tools/common/data_directory.h"

namespace basalt::tools {

struct OwnLogCheck {
  LogPlace place;
  Manifest manifest;
  std::vector<ShardScan> scans;                   // empty when a file stands in the way of scanning
  std::vector<std::optional<rdb::Census>> bases;  // by shard
  std::vector<std::string> refusals;              // why a start would stop, if it would
  std::optional<RecoveryPlan> plan;               // what a start would do, if it would go on
  std::optional<RecoveryPlan> repair;  // what is left when the damage is cut off; without refusals
                                       // the plan itself
  bool server_runs = false;            // what it writes meanwhile may look torn
  bool single_file = false;            // there is no manifest, and so no plan

  bool clean() const;
  // What a start would tell: of the plan, else of the scans.
  std::vector<Finding> Findings() const;
};

// DataLoss: there is no manifest to go by, or it is damaged.
absl::StatusOr<OwnLogCheck> CheckOwnLog(FileSystem& fs, const LogPlace& place, bool quiet);

void PrintOwnLog(const OwnLogCheck& check);
std::string OwnLogJson(const OwnLogCheck& check);
// Every batch and record, of one shard or all; `width` bytes of a record at most.
absl::Status ShowOwnLog(FileSystem& fs, const OwnLogCheck& check, std::optional<uint64_t> shard,
                        size_t width);

}  // namespace basalt::tools
