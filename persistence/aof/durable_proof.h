// Damage or a tear? Where no sound batch stands, the rest of the file may still show that the bytes
// there had been synced. Owner: one thread. Memory: one window, and less than the rest of the file
// has bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "core/base/ids.h"
#include "persistence/aof/file_window.h"

namespace basalt {

// A sound batch that was sealed when the log was durable beyond the damage.
struct DurableProof {
  uint64_t offset = 0;  // where it stands
  int64_t moved = 0;  // so many bytes behind its place: bytes were put in before it; < 0: taken out
};

// Looks for one from `offset` on, where the damage begins, in time linear in the rest of the file.
// `damaged`: the LSN of that place; `start`: that of the file's first batch.
absl::StatusOr<std::optional<DurableProof>> FindDurableProof(FileWindow& window, uint64_t offset,
                                                             Lsn damaged, Lsn start, uint64_t salt);

}  // namespace basalt
