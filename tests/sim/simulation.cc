#include "tests/sim/simulation.h"

#include <algorithm>
#include <cstdio>

#include "core/base/check.h"

namespace basalt::sim {
namespace {

// More than any run needs: beyond it somebody runs in circles.
constexpr uint64_t kTurnsMax = 3'000'000;

}  // namespace

void Simulation::Spawn(std::string name, std::function<void()> body) {
  auto task = std::make_unique<Task>();
  task->name = std::move(name);
  task->fiber = std::make_unique<Fiber>(std::move(body));
  tasks_.push_back(std::move(task));
}

void Simulation::Yield() {
  BASALT_CHECK(running_ != nullptr);
  running_->fiber->GiveWay();
}

void Simulation::Sleep(int64_t us, absl::FunctionRef<bool()> woken) {
  BASALT_CHECK(running_ != nullptr);
  running_->woken = &woken;
  running_->until = us == kForever ? kForever : now() + us;
  running_->fiber->GiveWay();
  running_->woken = nullptr;
}

int64_t Simulation::Pause() { return static_cast<int64_t>(random_.Below(1 << random_.Below(15))); }

void Simulation::MayPause() {
  if (random_.Below(pause_one_in_) != 0) return;
  running_->not_before = now() + Pause();
  Yield();
}

bool Simulation::Ready(const Task& task) const {
  if (task.not_before > now()) return false;
  return task.woken == nullptr || task.until <= now() || (*task.woken)();
}

void Simulation::RunDueEvents() {
  while (!events_.empty() && events_.begin()->first.first <= now()) {
    auto event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
}

bool Simulation::SkipIdleTime() {
  int64_t next = events_.empty() ? kForever : events_.begin()->first.first;
  for (const auto& task : tasks_) {
    // One that waits for its core as well as for something else is looked at when it has the core.
    const int64_t until = task->not_before > now() ? task->not_before : task->until;
    if (until > now()) next = std::min(next, until);
  }
  if (next == kForever) return false;
  clock_.AdvanceMicros(std::max<int64_t>(1, next - now()));
  return true;
}

bool Simulation::Run(absl::FunctionRef<void()> turn) {
  while (!tasks_.empty()) {
    if (++turns_ > kTurnsMax) return false;
    turn();
    RunDueEvents();
    ready_.clear();
    for (const auto& task : tasks_) {
      if (Ready(*task)) ready_.push_back(task.get());
    }
    if (ready_.empty()) {
      if (!SkipIdleTime()) return false;
      continue;
    }
    Task* task = ready_[random_.Below(ready_.size())];
    // Now and then a thread loses its core for a while.
    if (random_.Below(pause_one_in_) == 0) {
      task->not_before = now() + Pause();
      continue;
    }
    clock_.AdvanceMicros(1 + static_cast<int64_t>(random_.Below(20)));
    Fold(static_cast<uint64_t>(now()));
    running_ = task;
    task->fiber->Resume();
    running_ = nullptr;
    if (!task->fiber->ended()) continue;
    std::erase_if(tasks_, [&](const auto& t) { return t.get() == task; });
  }
  return true;
}

void Simulation::WakeAll() {
  for (const auto& task : tasks_) {
    task->not_before = 0;
    if (task->until != kForever) task->until = 0;
  }
}

void Simulation::Print(std::string_view text) const {
  std::printf("%10lld %-8s %.*s\n", static_cast<long long>(now()),
              running_ == nullptr ? "" : running_->name.c_str(), static_cast<int>(text.size()),
              text.data());
}

}  // namespace basalt::sim
