#include "core/shard/park.h"

#include <unistd.h>

#include "core/base/check.h"

namespace basalt {
namespace {

// About two microseconds of looking before the thread goes to sleep: a busy shard arrives within a
// tick.
constexpr int kSpins = 200;
// How often those who wait look after their clients while there is an alarm.
constexpr int kAlarmMicros = 1000;

void Relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Park::Announce(const ShardSet& set) {
  set_ = set;
  announced_.store(true, std::memory_order_seq_cst);
}

bool Park::AllQuiet() const {
  for (uint32_t i = 0; i < shards_; ++i) {
    if (fan_outs_[i].n.load(std::memory_order_seq_cst) != 0) return false;
  }
  return true;
}

bool Park::EnterFanOut(ShardId self) {
  fan_outs_[self.value].n.fetch_add(1, std::memory_order_seq_cst);
  if (!announced()) return true;
  LeaveFanOut(self);
  return false;
}

void Park::Gather(Mailboxes& mail, ShardId self, absl::FunctionRef<void()> meanwhile) {
  arrived_.store(0, std::memory_order_relaxed);
  expected_ = syncs_ = 0;
  ++round_;
  Advance(kGathering);
  for (uint32_t i = 0; i < shards_; ++i) {
    ShardId shard(static_cast<uint16_t>(i));
    if (shard == self || !set_.Has(shard)) continue;
    BASALT_CHECK(mail.Send(
        shard,
        {.kind = Message::Kind::kPark, .from = self, .value = round_}));  // places are reserved
    ++expected_;
  }
  WaitFor(arrived_, meanwhile);
}

void Park::Release() {
  Advance(kReleased);
  announced_.store(false, std::memory_order_release);
  serving_.fetch_add(1, std::memory_order_release);
}

void Park::Ring(std::atomic<uint32_t>& bell) {
  bell.fetch_add(1, std::memory_order_acq_rel);
  bell.notify_all();
}

void Park::RaiseAlarm() {
  alarms_.fetch_add(1, std::memory_order_acq_rel);
  Ring(coordinator_bell_);
  Ring(participant_bell_);
}

template <class Done>
void Park::Await(std::atomic<uint32_t>& bell, Done&& done, absl::FunctionRef<void()> meanwhile) {
  if (wait_hook_ != nullptr) return wait_hook_->WaitUntil(done);
  for (int i = 0; i < kSpins; ++i) {
    if (done()) return;
    Relax();
  }
  for (;;) {
    // Whoever makes it done, or raises an alarm, rings afterwards: then this number is old, and the
    // sleep does not begin.
    const uint32_t rung = bell.load(std::memory_order_acquire);
    if (done()) return;
    if (alarms_.load(std::memory_order_acquire) > 0) {
      meanwhile();
      usleep(kAlarmMicros);
    } else {
      bell.wait(rung, std::memory_order_acquire);
    }
  }
}

void Park::Arrive(std::atomic<uint32_t>& counter) {
  counter.fetch_add(1, std::memory_order_acq_rel);
  Ring(coordinator_bell_);
}

void Park::WaitFor(std::atomic<uint32_t>& counter, absl::FunctionRef<void()> meanwhile) {
  Await(
      coordinator_bell_, [&] { return counter.load(std::memory_order_acquire) == expected_; },
      meanwhile);
}

void Park::Advance(Phase phase) {
  phase_.store(round_ * kPhases + phase, std::memory_order_release);
  Ring(participant_bell_);
}

uint64_t Park::WaitPast(uint64_t number, absl::FunctionRef<void()> meanwhile) {
  uint64_t now = 0;
  Await(
      participant_bell_, [&] { return (now = phase_.load(std::memory_order_acquire)) > number; },
      meanwhile);
  return now;
}

}  // namespace basalt
