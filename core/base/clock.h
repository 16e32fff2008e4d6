// Time comes from here, never from the system directly, so that a test can move it. A shard reads
// the clock once per tick; everything the tick runs sees the same instant.
#pragma once

#include <cstdint>

namespace basalt {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t UnixMicros() const = 0;       // wall clock, microseconds since 1970; may jump
  virtual int64_t MonotonicMicros() const = 0;  // microseconds since some start; never goes back
  // What the calling thread has used of a core, kernel included. Costs a system call.
  virtual int64_t ThreadCpuMicros() const { return 0; }

  int64_t UnixMillis() const { return UnixMicros() / 1000; }
};

// The machine's clocks. Any thread.
const Clock& SystemClock();

// A clock that stands still until told otherwise. One thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t unix_micros = 1'700'000'000'000'000) : unix_(unix_micros) {}
  int64_t UnixMicros() const override { return unix_; }
  int64_t MonotonicMicros() const override { return mono_; }
  void AdvanceMicros(int64_t us) { unix_ += us, mono_ += us; }
  void AdvanceMillis(int64_t ms) { AdvanceMicros(ms * 1000); }

 private:
  int64_t unix_;
  int64_t mono_ = 0;
};

}  // namespace basalt
