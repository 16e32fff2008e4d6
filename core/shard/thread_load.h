// How much of a core a thread has used since a moment, kernel included. Costs the thread nothing:
// who wants to know asks the kernel. Started by the thread itself; read and reset by any thread
// while it lives, one at a time.
#pragma once

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

namespace basalt {

class ThreadLoad {
 public:
  void Start(int64_t now_us) {
    known_ = pthread_getcpuclockid(pthread_self(), &clock_) == 0;
    Reset(now_us);
  }
  void Reset(int64_t now_us) {
    since_us_ = now_us;
    before_us_ = TotalMicros();
  }
  // Time on a core since the reset.
  int64_t CpuMicros() const { return TotalMicros() - before_us_; }
  // The same in percent of the time that has passed, 0 to 100.
  double Percent(int64_t now_us) const {
    if (now_us <= since_us_) return 0;
    const double share =
        static_cast<double>(CpuMicros()) / static_cast<double>(now_us - since_us_) * 100;
    return std::clamp(share, 0.0, 100.0);
  }

 private:
  int64_t TotalMicros() const {
    timespec t{};
    if (!known_ || clock_gettime(clock_, &t) != 0) return 0;
    return int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
  }

  clockid_t clock_{};
  bool known_ = false;
  int64_t since_us_ = 0;
  int64_t before_us_ = 0;  // used until then
};

}  // namespace basalt
