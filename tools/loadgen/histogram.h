// Latencies in buckets that are at most 1.6 % wide, from 1 ns to the end of time. One writer;
// merged when all have stopped.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace basalt::loadgen {

class Histogram {
 public:
  void Record(uint64_t ns, uint64_t times = 1) {
    counts_[IndexOf(ns)] += times;
    total_ += times, sum_ns_ += static_cast<double>(ns) * static_cast<double>(times);
    max_ns_ = std::max(max_ns_, ns);
  }

  void Merge(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_, sum_ns_ += other.sum_ns_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }

  // The value below which `fraction` of all lie, 0 when there are none.
  uint64_t Quantile(double fraction) const {
    const double target = fraction * static_cast<double>(total_);
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (counts_[i] > 0 && static_cast<double>(seen) >= target)
        return std::min(UpperBound(i), max_ns_);
    }
    return max_ns_;
  }

  uint64_t total() const { return total_; }
  uint64_t max_ns() const { return max_ns_; }
  double mean_ns() const { return total_ == 0 ? 0 : sum_ns_ / static_cast<double>(total_); }

 private:
  // Values below 128 have a bucket each; above, every power of two is cut into 64.
  static constexpr size_t kBuckets = 64 * 59;

  static size_t IndexOf(uint64_t v) {
    if (v < 128) return v;
    const size_t shift = std::bit_width(v) - 7;
    return shift * 64 + (v >> shift);
  }
  static uint64_t UpperBound(size_t index) {
    if (index < 128) return index;
    const size_t shift = index / 64 - 1;
    return ((index - shift * 64 + 1) << shift) - 1;
  }

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ns_ = 0;
  double sum_ns_ = 0;
};

}  // namespace basalt::loadgen
