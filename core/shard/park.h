// Park: shards stand still between two commands and lend their keyspaces to one thread, the coordinator, which runs ordinary
// single-threaded code over all of them. One park at a time in the whole server, granted in order of asking, so nobody
// starves and two coordinators never wait for each other.
//
//   coordinator                         participant
//   Ask() … Granted(ticket)
//   Gather(shards): kPark messages ──▶  its drain reaches the message
//   waits for arrivals            ◀──   Stand(): arrived
//   runs                                waits
//   Sync() (fsync policy always)  ──▶   flushes its own log through its own ring, arrives again
//   Release()                     ──▶   goes on
//
// Why the coordinator may wait, spinning and then asleep: a participant never waits for anything but its own disk while
// it stands, and between two commands it holds no lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/ids.h"
#include "core/base/spsc_queue.h"
#include "core/shard/mailbox.h"

namespace basalt {

// A set of shards.
struct ShardSet {
  uint64_t word[kMaxShards / 64] = {};

  void Add(ShardId s) { word[s.value / 64] |= uint64_t{1} << (s.value % 64); }
  bool Has(ShardId s) const { return word[s.value / 64] >> (s.value % 64) & 1; }
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

  // --- coordinator
  // Stands in line. Every ticket taken must be used (Gather … Release) when it is granted.
  Ticket Ask() { return next_.fetch_add(1, std::memory_order_relaxed); }
  bool Granted(Ticket t) const { return serving_.load(std::memory_order_acquire) == t; }
  // Returns when every shard of `shards` but `self` stands still.
  void Gather(Mailboxes& mail, ShardId self, const ShardSet& shards, uint32_t shard_count);
  // Lets every participant run its flush; returns when all have.
  template <class Flush>
  void Sync(Flush&& own_flush) {
    Advance(kSync);
    own_flush();
    WaitFor(synced_);
  }
  // Lets everybody go, and the next ticket in.
  void Release();

  // --- participant
  // `round` is the park message's value. Returns when released; runs `flush` when the coordinator asks for it.
  template <class Flush>
  void Stand(uint64_t round, Flush&& flush) {
    Arrive(arrived_);
    if (WaitPast(round * kPhases + kGathering) == round * kPhases + kSync) {
      flush();
      Arrive(synced_);
      WaitPast(round * kPhases + kSync);
    }
  }

 private:
  enum Phase : uint64_t { kGathering, kSync, kReleased, kPhases };

  void Arrive(std::atomic<uint32_t>& counter);
  void WaitFor(std::atomic<uint32_t>& counter);
  void Advance(Phase phase);
  // Waits until the phase number is greater than `number`; returns it.
  uint64_t WaitPast(uint64_t number);

  alignas(kCacheLine) std::atomic<Ticket> next_{0};
  alignas(kCacheLine) std::atomic<Ticket> serving_{0};
  alignas(kCacheLine) std::atomic<uint64_t> phase_{kReleased};  // round * kPhases + Phase; only grows
  alignas(kCacheLine) std::atomic<uint32_t> arrived_{0};
  alignas(kCacheLine) std::atomic<uint32_t> synced_{0};
  uint32_t expected_ = 0;  // coordinator's
  uint64_t round_ = 0;     // coordinator's; handed on by serving_
};

}  // namespace basalt
