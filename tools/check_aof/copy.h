// Writes what is good of a log somewhere else, or in its place. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "tools/check_aof/options.h"
#include "tools/check_aof/own_log.h"

namespace basalt::tools {

struct CopyOutcome {
  std::string folder;  // where the new log is
  std::string backup;  // where the old one is, after a repair
  RecoveryPlan plan;   // what the new one holds
};

// --output, with --until-epoch or --until-time. OutOfRange: the log cannot answer what was asked;
// DataLoss: damage that options.yes would accept.
absl::StatusOr<CopyOutcome> CopyOwnLog(FileSystem& fs, const OwnLogCheck& check,
                                       const CheckAofOptions& options);

// --fix: a copy of what is good takes the log's place in one step; the log as it was becomes
// "<folder>.before-fix-<now_s>". No server may run.
absl::StatusOr<CopyOutcome> RepairOwnLog(FileSystem& fs, const OwnLogCheck& check,
                                         const CheckAofOptions& options, int64_t now_s);

}  // namespace basalt::tools
