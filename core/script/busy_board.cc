#include "core/script/busy_board.h"

#include <algorithm>
#include <utility>

namespace basalt::script {

void BusyBoard::Enter(ShardId shard, Running running) {
  std::lock_guard lock(mutex_);
  Row& row = rows_[shard.value];
  row.running = std::move(running);
  row.kill = false;
  row.state = kBusy;
  ++busy_;
}

void BusyBoard::NoteWritten(ShardId shard) { rows_[shard.value].state = kWritten; }

void BusyBoard::Leave(ShardId shard) {
  std::lock_guard lock(mutex_);
  Row& row = rows_[shard.value];
  row.state = kIdle;
  row.kill = false;
  --busy_;
}

BusyBoard::Kill BusyBoard::AskToEnd(bool functions) {
  std::lock_guard lock(mutex_);
  bool asked = false, written = false, other = false;
  for (Row& row : rows_) {
    const uint8_t state = row.state;
    if (state == kIdle) continue;
    if (row.running.is_function != functions) {
      other = true;
    } else if (state == kWritten) {
      written = true;
    } else {
      asked = row.kill = true;
    }
  }
  if (asked) return Kill::kAsked;
  if (written) return Kill::kUnkillable;
  return other ? Kill::kOtherKind : Kill::kNotBusy;
}

std::optional<BusyBoard::Running> BusyBoard::Longest() {
  std::lock_guard lock(mutex_);
  std::optional<Running> longest;
  for (const Row& row : rows_) {
    if (row.state == kIdle) continue;
    if (!longest.has_value() || row.running.started_us < longest->started_us) longest = row.running;
  }
  return longest;
}

}  // namespace basalt::script
