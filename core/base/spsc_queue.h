// Bounded queue between exactly one producing and one consuming thread.
//
// The two counters stand on cache lines of their own, and each side keeps a stale copy of the
// other's, so that an operation touches the other side's line only when the stale copy says full
// (or empty). After Lamport's ring buffer, with the cached indices of Giacomoni et al.,
// "FastForward" (PPoPP 2008).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace basalt {

inline constexpr size_t kCacheLine = 64;

template <class T, uint32_t kCapacity>
class SpscQueue {
  static_assert((kCapacity & (kCapacity - 1)) == 0, "capacity is a power of two");

 public:
  // Producer. False, and nothing happens, when fewer than `reserve` + 1 places are free.
  bool Push(const T& value, uint32_t reserve = 0) {
    uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - seen_head_ + reserve >= kCapacity) {
      seen_head_ = head_.load(std::memory_order_acquire);
      if (tail - seen_head_ + reserve >= kCapacity) return false;
    }
    items_[tail & (kCapacity - 1)] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Consumer. Calls f(item) for everything that was there at the call; returns how many.
  template <class F>
  uint32_t Drain(F&& f) {
    uint32_t head = head_.load(std::memory_order_relaxed);
    uint32_t tail = tail_.load(std::memory_order_acquire);
    uint32_t n = tail - head;
    for (; head != tail; ++head) f(items_[head & (kCapacity - 1)]);
    head_.store(head, std::memory_order_release);
    return n;
  }

  bool Empty() const {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  alignas(kCacheLine) std::atomic<uint32_t> tail_{0};
  uint32_t seen_head_ = 0;  // producer's
  alignas(kCacheLine) std::atomic<uint32_t> head_{0};
  alignas(kCacheLine) T items_[kCapacity];
};

}  // namespace basalt
