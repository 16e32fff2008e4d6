// What one thread of load is to the main thread, whatever it sends, and what it reports.
#pragma once

#include <cstdint>
#include <string>

#include "tools/loadgen/histogram.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/reply_scanner.h"

namespace basalt::loadgen {

uint64_t MonotonicNanos();

// A connected socket that sends at once, or -1 with *failure set.
int ConnectTo(const Options& options, std::string* failure);

// The part of `total` that the thread `index` of `parts` takes.
uint32_t ShareOf(uint64_t total, uint32_t parts, uint32_t index);

struct WorkerResult {
  Histogram latency;  // of the requests counted in `measured`
  ReplyStats replies;
  uint64_t measured = 0;    // requests answered within the measured time
  uint64_t answered = 0;    // requests answered at all
  uint64_t never_sent = 0;  // open loop: fell due but had found no free connection by the end
  uint64_t unanswered = 0;  // sent, but no reply came within the drain time
  uint64_t lost_connections = 0;
  uint64_t measured_from_ns = 0;
  uint64_t measured_to_ns = 0;
  std::string failure;  // could not run at all
};

// Made by the main thread, runs on a thread of its own, and is read again after that thread ended.
class LoadThread {
 public:
  virtual ~LoadThread() = default;
  // Opens the connections; false with result().failure set when the server does not take them.
  virtual bool Connect() = 0;
  virtual void Run(uint64_t start_ns) = 0;
  const WorkerResult& result() const { return result_; }

 protected:
  WorkerResult result_;
};

}  // namespace basalt::loadgen
