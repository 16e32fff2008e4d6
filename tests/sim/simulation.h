// The heart of the simulator: one OS thread, on which the shards' loops, the server's main thread
// and the snapshot's child are fibers, with time, a queue of events, and a scheduler that draws all
// its decisions from one seed.
//
// A fiber gives way where the product would enter the kernel or wait for another thread: in
// Ring::SubmitAndReap and in WaitHook::WaitUntil. Time stands still while a fiber runs, moves on a
// little with each turn of the scheduler, and jumps when everybody sleeps.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/base/strings.h"
#include "core/shard/wait_hook.h"
#include "tests/sim/fiber.h"

namespace basalt::sim {

class Simulation final : public WaitHook {
 public:
  // It is `unix_us` when it begins.
  Simulation(uint64_t seed, int64_t unix_us) : random_(seed), clock_(unix_us) {}
  ~Simulation() override = default;

  const ManualClock& clock() const { return clock_; }
  int64_t now() const { return clock_.MonotonicMicros(); }

  // --- events: what the disk and the network do
  void In(int64_t us, std::function<void()> event) {
    events_.emplace(std::make_pair(now() + us, next_event_++), std::move(event));
  }

  // --- fibers
  void Spawn(std::string name, std::function<void()> body);
  // Of the running fiber: lets others run, for at least one turn.
  void Yield();
  void WaitUntil(absl::FunctionRef<bool()> done) override { Sleep(kForever, done); }
  void MayPause() override;
  // Threads lose their cores more often: each time with this chance, 1 in so many.
  void set_pauses(uint64_t one_in) { pause_one_in_ = one_in; }
  // Until `woken`, or until that much time has passed.
  void Sleep(int64_t us, absl::FunctionRef<bool()> woken);

  // Runs until the last fiber has ended. `turn` is called before every turn of the scheduler.
  // False: they wait for each other, or never come to an end.
  bool Run(absl::FunctionRef<void()> turn);
  // Everybody who sleeps wakes up: the end is near.
  void WakeAll();
  // Drops what was to happen.
  void ClearEvents() { events_.clear(); }

  // --- what happened
  uint64_t turns() const { return turns_; }
  // Two runs from one seed have the same.
  uint64_t fingerprint() const { return fingerprint_; }
  void set_tracing(bool on) { tracing_ = on; }
  bool tracing() const { return tracing_; }
  template <class... Parts>
  void Trace(const Parts&... parts) {
    if (tracing_) Print(StrCat(parts...));
  }

 private:
  static constexpr int64_t kForever = INT64_MAX;

  struct Task {
    std::string name;
    std::unique_ptr<Fiber> fiber;
    const absl::FunctionRef<bool()>* woken = nullptr;  // null: ready
    int64_t until = 0;
    int64_t not_before = 0;  // the system runs somebody else on its core
  };

  int64_t Pause();
  void RunDueEvents();
  bool Ready(const Task& task) const;
  // Moves time to the next thing that happens. False: nothing ever will.
  bool SkipIdleTime();
  void Print(std::string_view text) const;
  void Fold(uint64_t value) { fingerprint_ = (fingerprint_ ^ value) * 0x9e3779b97f4a7c15; }

  Random random_;
  ManualClock clock_;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> events_;
  uint64_t next_event_ = 0;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Task*> ready_;
  Task* running_ = nullptr;
  uint64_t pause_one_in_ = 256;
  uint64_t turns_ = 0;
  uint64_t fingerprint_ = 1;
  bool tracing_ = false;
};

}  // namespace basalt::sim
