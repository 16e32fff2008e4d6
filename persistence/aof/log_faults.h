// The disk's faults that a test has asked for (DEBUG LOG-FAULT), between a shard's log and its
// ring. What is submitted to the kernel and what it answers pass through here; with no fault set
// nothing is changed. Owner: the shard's thread, or who it is lent to while it is parked.
#pragma once

#include <cerrno>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "core/io/ring.h"
#include "core/shard/log_trouble.h"

namespace basalt {

class LogFaults {
 public:
  void Set(const LogFault& fault) { (fault.op == LogFault::Op::kWrite ? write_ : sync_) = fault; }

  // A write is about to be submitted: the bytes to submit in its place. One that is to fail must
  // leave nothing in the file.
  std::string_view OnWrite(std::string_view data, bool then_sync) {
    write_error_ = Take(&write_, &write_delay_us_);
    if (then_sync) OnSync();
    if (write_error_ == 0) return data;
    if (then_sync) sync_error_ = ECANCELED, sync_delay_us_ = 0;
    return {};
  }
  void OnSync() { sync_error_ = Take(&sync_, &sync_delay_us_); }

  // The kernel has answered. What the log is to see of it now; nothing while it is delayed.
  std::optional<Completion> OnCompletion(Completion completion, int64_t now_us) {
    const bool write = completion.token.op == Op::kLogWrite;
    if (int error = write ? write_error_ : sync_error_; error != 0) completion.result = -error;
    const int64_t delay_us = write ? write_delay_us_ : sync_delay_us_;
    (write ? write_error_ : sync_error_) = 0;
    (write ? write_delay_us_ : sync_delay_us_) = 0;
    if (delay_us == 0 && delayed_.empty()) return completion;
    delayed_.push_back({completion, now_us + delay_us});
    return std::nullopt;
  }
  // Those whose time has come, in the order of the kernel's answers.
  std::optional<Completion> TakeDelayed(int64_t now_us) {
    if (delayed_.empty() || delayed_.front().until_us > now_us) return std::nullopt;
    const Completion completion = delayed_.front().completion;
    delayed_.pop_front();
    return completion;
  }

 private:
  struct Delayed {
    Completion completion;
    int64_t until_us;
  };

  static int Take(LogFault* fault, int64_t* delay_us) {
    *delay_us = 0;
    if (fault->times == 0) return 0;
    if (fault->times > 0) --fault->times;
    *delay_us = fault->delay_ms * 1000;
    return fault->error;
  }

  LogFault write_{.op = LogFault::Op::kWrite}, sync_{.op = LogFault::Op::kSync};
  // Of the write and the sync in flight; there is at most one of each.
  int write_error_ = 0, sync_error_ = 0;
  int64_t write_delay_us_ = 0, sync_delay_us_ = 0;
  std::deque<Delayed> delayed_;
};

}  // namespace basalt
