// Writes what a recovery plan keeps of a log as a new log in another folder: how the offline tools
// repair a log and restore a moment. One thread; memory: two buffers of options.read_size, whatever
// the log's length.
//
// The copy holds exactly the batches of the plan, one behind the other, under the same file names.
// It is a log of its own: with another salt, so that no file of the old one passes for one of its
// own, and with nothing void in its manifest. Each batch is checked once more on the way. The
// manifest is written last: until then the folder holds no log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/io/file.h"
#include "persistence/aof/manifest.h"
#include "persistence/aof/recovery.h"

namespace basalt {

struct LogCopy {
  std::string from, to;  // folders; `to` must be empty or missing
  std::string stem;      // appendfilename of the copy
  uint64_t salt = 0;     // of the copy
};

absl::Status CopyLog(FileSystem& fs, const LogCopy& copy, const Manifest& manifest,
                     const std::vector<ShardScan>& scans, const RecoveryPlan& plan,
                     const RecoveryOptions& options);

}  // namespace basalt
