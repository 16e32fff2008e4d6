// Messages between shards: one bounded single-producer single-consumer queue per ordered pair of
// shards.
//
// A shard that has messages waiting is found by a bitmap of senders, so that a drain costs what
// arrived, not how many shards there are. A sender wakes the receiver only when that sleeps in the
// kernel.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/ids.h"
#include "core/base/spsc_queue.h"

namespace basalt {

struct Message {
  enum class Kind : uint32_t {
    kRequests,      // HopBatch*: commands to run here
    kReplies,       // HopBatch*: one of ours, answered
    kTransactions,  // TxMail*: about transactions over several shards (core/tx)
    kPark,          // value: a park's round; stand still (core/shard/park.h)
    kConnection,    // value: a socket that this shard shall serve
    kClient,        // Client*: a connection that moves here (net/conn)
    kDurable,       // the sender's log has become durable further than before
    kCloseEpoch,    // value: mark this epoch in your log once it is complete
    kSyncEpoch,     // value: the same, and make it durable soon
  };
  Kind kind;
  ShardId from;
  union {
    void* pointer;
    uint64_t value;
  };
};

class Mailboxes {
 public:
  // Places that only control messages (kPark, kReplies ...) may take, so that a flood of requests
  // never keeps them out.
  static constexpr uint32_t kControlReserve = 64;
  static constexpr uint32_t kCapacity = 256;

  explicit Mailboxes(uint32_t shards);
  ~Mailboxes();

  // Thread of `from`. False when the mailbox is full; the caller keeps the message and tries again
  // in a later tick.
  bool Send(ShardId to, const Message& message, uint32_t reserve = 0);

  // Thread of `to`. Calls f(message) in order per sender.
  template <class F>
  uint32_t Drain(ShardId to, F&& f) {
    Inbox& inbox = inboxes_[to.value];
    uint32_t n = 0;
    for (uint32_t word = 0; word < words_; ++word) {
      if (inbox.senders[word].load(std::memory_order_relaxed) == 0) continue;
      uint64_t senders = inbox.senders[word].exchange(0, std::memory_order_acquire);
      for (; senders != 0; senders &= senders - 1) {
        uint32_t from = word * 64 + static_cast<uint32_t>(__builtin_ctzll(senders));
        n += QueueOf(from, to.value).Drain(f);
      }
    }
    return n;
  }

  bool AnyFor(ShardId to) const;

  // The event counter that wakes `shard` when it sleeps; its ring polls it.
  int wake_fd(ShardId shard) const { return inboxes_[shard.value].wake_fd; }
  // Thread of `shard`: about to sleep. False when a message came in between; then it must not.
  bool PrepareToSleep(ShardId shard);
  // Whether it sleeps and nobody has woken it.
  bool Asleep(ShardId shard) const {
    return inboxes_[shard.value].sleeping.load(std::memory_order_relaxed);
  }
  void Awake(ShardId shard) {
    inboxes_[shard.value].sleeping.store(false, std::memory_order_relaxed);
  }
  // Wakes `shard` if it sleeps. Any thread.
  void Wake(ShardId shard);

 private:
  using Queue = SpscQueue<Message, kCapacity>;
  struct alignas(kCacheLine) Inbox {
    std::atomic<uint64_t> senders[kMaxShards / 64] = {};
    alignas(kCacheLine) std::atomic<bool> sleeping{false};
    int wake_fd = -1;
  };

  Queue& QueueOf(uint32_t from, uint32_t to) { return queues_[from * shards_ + to]; }

  const uint32_t shards_;
  const uint32_t words_;
  std::unique_ptr<Queue[]> queues_;  // [from][to]
  std::unique_ptr<Inbox[]> inboxes_;
};

}  // namespace basalt
