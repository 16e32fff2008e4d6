#include "persistence/aof/log_times.h"

#include <algorithm>
#include <optional>

#include "core/base/strings.h"
#include "persistence/aof/log_scan.h"

namespace basalt {
namespace {

struct ShardTimes {
  uint64_t later_epoch = UINT64_MAX;    // the least of the batches that are later than the second
  uint64_t untimed_epoch = UINT64_MAX;  // and of the records ahead of the first time line
};

absl::StatusOr<ShardTimes> LookAt(FileSystem& fs, const std::string& directory,
                                  const ShardScan& scan, int64_t unix_s) {
  ShardTimes times;
  std::optional<int64_t> now;
  absl::Status status =
      ForEachBatch(fs, directory, scan, {}, [&](uint32_t, const ScannedBatch& batch) {
        if (batch.unix_s) now = batch.unix_s;
        if (batch.header.records == 0) return;
        const uint64_t epoch = batch.header.epoch.value;
        if (!now) times.untimed_epoch = std::min(times.untimed_epoch, epoch);
        if (now && *now > unix_s) times.later_epoch = std::min(times.later_epoch, epoch);
      });
  if (!status.ok()) return status;
  return times;
}

}  // namespace

absl::StatusOr<Epoch> LastEpochOfSecond(FileSystem& fs, const std::string& directory,
                                        const std::vector<ShardScan>& scans, int64_t unix_s) {
  std::vector<ShardTimes> times;
  uint64_t later = UINT64_MAX;
  for (const ShardScan& scan : scans) {
    absl::StatusOr<ShardTimes> shard = LookAt(fs, directory, scan, unix_s);
    if (!shard.ok()) return shard.status();
    later = std::min(later, shard->later_epoch);
    times.push_back(*shard);
  }
  const uint64_t last = later == UINT64_MAX ? UINT64_MAX : later - 1;
  for (size_t i = 0; i < scans.size(); ++i) {
    // What stands ahead of a time line is no later than that line.
    const bool bounded = scans[i].first_unix_s && *scans[i].first_unix_s <= unix_s;
    if (bounded || times[i].untimed_epoch > last || times[i].untimed_epoch == UINT64_MAX) continue;
    return absl::OutOfRangeError(StrCat("shard ", scans[i].shard.value,
                                        " holds records from epoch ", times[i].untimed_epoch,
                                        " on without a time (aof-timestamp-enabled was off)"));
  }
  return Epoch(last);
}

}  // namespace basalt
