#include "core/shard/park.h"

#include "core/base/check.h"

namespace basalt {
namespace {

// About two microseconds of looking before the thread goes to sleep: a busy shard arrives within a tick.
constexpr int kSpins = 200;

void Relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Park::Announce(Mailboxes& mail, ShardId self, const ShardSet& set, uint32_t shard_count) {
  set_ = set;
  quiet_.store(0, std::memory_order_relaxed);
  others_ = shard_count - 1;
  ++round_;
  Advance(kQuieting);
  for (uint32_t i = 0; i < shard_count; ++i) {
    ShardId shard(static_cast<uint16_t>(i));
    if (shard == self) continue;
    BASALT_CHECK(mail.Send(shard, {.kind = Message::Kind::kQuiesce, .from = self, .value = round_}));  // places are reserved
  }
}

void Park::Gather(Mailboxes& mail, ShardId self, uint32_t shard_count) {
  arrived_.store(0, std::memory_order_relaxed);
  synced_.store(0, std::memory_order_relaxed);
  expected_ = 0;
  Advance(kGathering);
  for (uint32_t i = 0; i < shard_count; ++i) {
    ShardId shard(static_cast<uint16_t>(i));
    if (shard == self || !set_.Has(shard)) continue;
    BASALT_CHECK(mail.Send(shard, {.kind = Message::Kind::kPark, .from = self, .value = round_}));
    ++expected_;
  }
  WaitFor(arrived_);
}

void Park::Release() {
  Advance(kReleased);
  serving_.fetch_add(1, std::memory_order_release);
}

void Park::Arrive(std::atomic<uint32_t>& counter) {
  counter.fetch_add(1, std::memory_order_acq_rel);
  counter.notify_one();
}

void Park::WaitFor(std::atomic<uint32_t>& counter) {
  for (int i = 0; i < kSpins; ++i) {
    if (counter.load(std::memory_order_acquire) == expected_) return;
    Relax();
  }
  for (;;) {
    uint32_t now = counter.load(std::memory_order_acquire);
    if (now == expected_) return;
    counter.wait(now, std::memory_order_acquire);
  }
}

void Park::Advance(Phase phase) {
  phase_.store(round_ * kPhases + phase, std::memory_order_release);
  phase_.notify_all();
}

uint64_t Park::WaitPast(uint64_t number) {
  for (int i = 0; i < kSpins; ++i) {
    uint64_t now = phase_.load(std::memory_order_acquire);
    if (now > number) return now;
    Relax();
  }
  for (;;) {
    uint64_t now = phase_.load(std::memory_order_acquire);
    if (now > number) return now;
    phase_.wait(now, std::memory_order_acquire);
  }
}

}  // namespace basalt
