// Walks the batches of one log file. Shared by the scan, which verifies, and the plan, which only
// hops over headers. Owner: one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/ids.h"
#include "persistence/aof/file_window.h"
#include "persistence/aof/log_format.h"
#include "persistence/aof/recovery.h"

namespace basalt {

struct ScannedBatch {
  uint64_t offset = 0;  // in its file
  BatchHeader header;
  std::optional<TxPart> tx;
  std::optional<int64_t> unix_s;  // when it notes the time

  uint64_t size() const { return kBatchHeaderSize + header.length; }
  uint64_t end() const { return offset + size(); }
};

// LSN of a byte of a file whose first batch has LSN `start`.
inline Lsn LsnAt(Lsn start, uint64_t offset) { return Lsn(start.value + offset - kFileHeaderSize); }

// The batch at `offset`, its checksum verified; nothing when there is no whole and sound batch.
absl::StatusOr<std::optional<ScannedBatch>> ReadBatch(FileWindow& window, uint64_t offset, Lsn at,
                                                      uint64_t salt);

// Calls `visit(file index, batch)` for every batch that the scan found sound, from `from` on,
// reading headers only.
absl::Status ForEachBatch(FileSystem& fs, const std::string& directory, const ShardScan& scan,
                          const ScanPoint& from,
                          absl::FunctionRef<void(uint32_t, const ScannedBatch&)> visit);

}  // namespace basalt
