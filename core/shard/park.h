// Park: shards stand still between two commands and lend their keyspaces to one thread, the
// coordinator, which runs ordinary single-threaded code over all of them. One park at a time in the
// whole server, granted in order of asking, so nobody starves and two coordinators never wait for
// each other.
//
//   coordinator                         shards of the park's set
//   Ask() ... Granted(ticket)
//   Announce(set)
//   ticks on until AllQuiet()
//   Gather(): kPark              --->   the drain reaches the message
//   waits for arrivals           <---   Stand(): arrived
//   runs                                waits
//   Sync() (fsync policy always) --->   flushes its own log, arrives again
//   Release()                    --->   goes on
//
// A shard that stands cannot play its part in a transaction that holds locks on another: that would
// stay half done under the coordinator's eyes, or for ever. So from Announce to Release no shard
// begins one (EnterFanOut), and the coordinator waits until those that are under way have ended;
// all go on serving meanwhile. Each shard counts its own, on a line of its own: whoever begins one
// counts first and then looks for an announcement, who announces does so first and then looks at
// the counts, so one of the two sees the other.
//
// Why the coordinator may wait for arrivals, spinning and then asleep: a participant never waits
// for anything but its own disk while it stands, and between two commands it holds no lock. The one
// thing that can take long is a script, in the section or on a shard that is to stand. When that
// becomes busy (busy-reply-threshold) it raises the alarm: those who wait do so with an eye on
// their clients, who are told.
#pragma once

#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>

#include "absl/functional/function_ref.h"
#include "core/base/ids.h"
#include "core/base/spsc_queue.h"
#include "core/shard/mailbox.h"
#include "core/shard/wait_hook.h"

namespace basalt {

// A set of shards.
struct ShardSet {
  uint64_t word[kMaxShards / 64] = {};

  void Add(ShardId s) { word[s.value / 64] |= uint64_t{1} << (s.value % 64); }
  bool Has(ShardId s) const { return word[s.value / 64] >> (s.value % 64) & 1; }
  bool Intersects(const ShardSet& other) const {
    for (size_t i = 0; i < std::size(word); ++i) {
      if (word[i] & other.word[i]) return true;
    }
    return false;
  }
  bool Covers(const ShardSet& other) const {
    for (size_t i = 0; i < std::size(word); ++i) {
      if (other.word[i] & ~word[i]) return false;
    }
    return true;
  }
  uint32_t Count() const {
    uint32_t n = 0;
    for (uint64_t w : word) n += static_cast<uint32_t>(__builtin_popcountll(w));
    return n;
  }
  void Add(const ShardSet& other) {
    for (size_t i = 0; i < std::size(word); ++i) word[i] |= other.word[i];
  }
  static ShardSet FirstN(uint32_t n) {
    ShardSet set;
    for (uint32_t i = 0; i < n; ++i) set.Add(ShardId(static_cast<uint16_t>(i)));
    return set;
  }
};

class Park {
 public:
  using Ticket = uint64_t;

  explicit Park(uint32_t shards) : fan_outs_(new Count[shards]), shards_(shards) {}

  void set_wait_hook(WaitHook* hook) { wait_hook_ = hook; }  // before the shards run

  // --- coordinator
  // Stands in line. Every ticket taken must be used (Announce ... Release) when it is granted.
  Ticket Ask() { return next_.fetch_add(1, std::memory_order_relaxed); }
  bool Granted(Ticket t) const { return serving_.load(std::memory_order_acquire) == t; }
  // From here on no transaction with locks begins. The shards of `set` are to stand.
  void Announce(const ShardSet& set);
  // Those that had begun have ended.
  bool AllQuiet() const;
  // Returns when every announced shard but `self` stands still. Calls `meanwhile` now and then
  // while there is an alarm.
  void Gather(Mailboxes& mail, ShardId self, absl::FunctionRef<void()> meanwhile);
  // Lets every participant run its flush; returns when all have. At most twice in a park.
  template <class Flush>
  void Sync(Flush&& own_flush) {
    synced_.store(0, std::memory_order_relaxed);
    Advance(syncs_++ == 0 ? kSync : kSyncAgain);
    own_flush();
    WaitFor(synced_, [] {});
  }
  // Lets everybody go, and the next ticket in.
  void Release();

  // What was announced. The coordinator.
  const ShardSet& set() const { return set_; }

  // --- every shard, for itself
  // Begins a transaction with locks on several shards, unless a park has been announced. Pair with
  // LeaveFanOut.
  bool EnterFanOut(ShardId self);
  void LeaveFanOut(ShardId self) {
    fan_outs_[self.value].n.fetch_sub(1, std::memory_order_release);
  }
  bool announced() const { return announced_.load(std::memory_order_seq_cst); }

  // --- participant
  // `round` is the park message's value. Returns when released; runs `flush` when the coordinator
  // asks for it, and `meanwhile` now and then while there is an alarm.
  template <class Flush>
  void Stand(uint64_t round, Flush&& flush, absl::FunctionRef<void()> meanwhile) {
    Arrive(arrived_);
    uint64_t phase = WaitPast(round * kPhases + kGathering, meanwhile);
    while (phase < round * kPhases + kReleased) {
      flush();
      Arrive(synced_);
      phase = WaitPast(phase, meanwhile);
    }
  }

  // --- a shard on which a script has become busy, and when that has ended
  void RaiseAlarm();
  void EndAlarm() { alarms_.fetch_sub(1, std::memory_order_acq_rel); }

 private:
  enum Phase : uint64_t { kGathering, kSync, kSyncAgain, kReleased, kPhases };

  void Arrive(std::atomic<uint32_t>& counter);
  void WaitFor(std::atomic<uint32_t>& counter, absl::FunctionRef<void()> meanwhile);
  void Advance(Phase phase);
  // Waits until the phase number is greater than `number`; returns it.
  uint64_t WaitPast(uint64_t number, absl::FunctionRef<void()> meanwhile);
  // Until `done`: looks for a moment, then sleeps until `bell` is rung.
  template <class Done>
  void Await(std::atomic<uint32_t>& bell, Done&& done, absl::FunctionRef<void()> meanwhile);
  static void Ring(std::atomic<uint32_t>& bell);

  alignas(kCacheLine) std::atomic<Ticket> next_{0};
  alignas(kCacheLine) std::atomic<Ticket> serving_{0};
  alignas(kCacheLine) std::atomic<uint64_t> phase_{
      kReleased};  // round * kPhases + Phase; only grows
  alignas(kCacheLine) std::atomic<uint32_t> arrived_{0};
  alignas(kCacheLine) std::atomic<uint32_t> synced_{0};
  alignas(kCacheLine) std::atomic<bool> announced_{false};
  // What sleepers sleep on: the coordinator's rings when somebody arrives, the others' when the
  // phase changes, both at an alarm.
  alignas(kCacheLine) std::atomic<uint32_t> coordinator_bell_{0};
  alignas(kCacheLine) std::atomic<uint32_t> participant_bell_{0};
  alignas(kCacheLine) std::atomic<uint32_t> alarms_{0};
  struct alignas(kCacheLine) Count {
    std::atomic<uint32_t> n{0};
  };
  const std::unique_ptr<Count[]> fan_outs_;  // by shard: transactions with locks under way
  const uint32_t shards_;
  // The coordinator's, handed on by serving_.
  ShardSet set_;
  uint32_t expected_ = 0;
  uint32_t syncs_ = 0;  // in this round
  uint64_t round_ = 0;
  WaitHook* wait_hook_ = nullptr;
};

}  // namespace basalt
