#include "core/base/clock.h"

#include <time.h>

namespace basalt {
namespace {

int64_t Read(clockid_t id) {
  timespec ts;
  clock_gettime(id, &ts);
  return ts.tv_sec * 1'000'000 + ts.tv_nsec / 1000;
}

class RealClock final : public Clock {
 public:
  int64_t UnixMicros() const override { return Read(CLOCK_REALTIME); }
  int64_t MonotonicMicros() const override { return Read(CLOCK_MONOTONIC); }
  int64_t ThreadCpuMicros() const override { return Read(CLOCK_THREAD_CPUTIME_ID); }
};

}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

}  // namespace basalt
