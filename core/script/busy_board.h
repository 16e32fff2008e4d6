// BusyBoard: the scripts that have been running for longer than busy-reply-threshold, by shard, as
// the others see them: FUNCTION STATS shows them and SCRIPT KILL and FUNCTION KILL end them. A
// script that ends in time never touches it. Any thread; a shard's own row is written by the thread
// that runs the script.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/spsc_queue.h"

namespace basalt::script {

class BusyBoard {
 public:
  struct Running {
    std::string name;                  // SHA1 or function
    std::vector<std::string> command;  // the words that called it
    bool is_function = false;
    int64_t started_us = 0;  // of the monotonic clock
  };
  enum class Kill : uint8_t { kAsked, kNotBusy, kUnkillable, kOtherKind };

  // The shard's script has become busy.
  void Enter(ShardId shard, Running running);
  void NoteWritten(ShardId shard);
  // Whether somebody wants it ended.
  bool KillWanted(ShardId shard) const {
    return rows_[shard.value].kill.load(std::memory_order_relaxed);
  }
  void Leave(ShardId shard);

  bool any() const { return busy_.load(std::memory_order_relaxed) > 0; }
  // Asks every busy script of the kind to end that has not written.
  Kill AskToEnd(bool functions);
  // The one that runs for longest.
  std::optional<Running> Longest();

 private:
  enum State : uint8_t { kIdle, kBusy, kWritten };
  struct alignas(kCacheLine) Row {
    std::atomic<uint8_t> state{kIdle};
    std::atomic<bool> kill{false};
    Running running;  // under mutex_
  };

  std::mutex mutex_;
  std::atomic<uint32_t> busy_{0};
  std::vector<Row> rows_{kMaxShards};
};

}  // namespace basalt::script
