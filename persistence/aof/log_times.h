// Which epochs a moment stands for, as far as a log notes the time ("#TS:" lines, see FORMAT.md).
// For the offline tools. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "persistence/aof/recovery.h"

namespace basalt {

// The last epoch such that no batch up to it is known to be of a later second than `unix_s`;
// Epoch(UINT64_MAX) when no batch of the log is. As epochs cut all shards alike, so does this.
// OutOfRange when records up to that epoch may be later, as the log does not note their
// time.
absl::StatusOr<Epoch> LastEpochOfSecond(FileSystem& fs, const std::string& directory,
                                        const std::vector<ShardScan>& scans, int64_t unix_s);

}  // namespace basalt
