// Which key comes next. One per worker thread; zipf draws come from a table that all workers share
// and only read.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "tools/loadgen/options.h"

namespace basalt::loadgen {

// Draws ranks 1..n with probability proportional to rank^-s, by rejection-inversion: W. Hörmann and
// G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
// 1996. No table of n entries.
class Zipf {
 public:
  Zipf(uint64_t n, double s) : n_(static_cast<double>(n)), s_(s) {
    low_ = Integral(1.5) - 1;
    high_ = Integral(n_ + 0.5);
    accept_ = 2 - InverseIntegral(Integral(2.5) - Density(2));
  }

  uint64_t Draw(std::mt19937_64& random) const {
    std::uniform_real_distribution<double> unit(0, 1);
    while (true) {
      const double u = high_ + unit(random) * (low_ - high_);
      const double x = InverseIntegral(u);
      const double k = std::min(std::max(std::floor(x + 0.5), 1.0), n_);
      if (k - x <= accept_ || u >= Integral(k + 0.5) - Density(k)) return static_cast<uint64_t>(k);
    }
  }

 private:
  double Density(double x) const { return std::exp(-s_ * std::log(x)); }
  // (x^(1-s) - 1) / (1-s), which tends to log(x) as s tends to 1.
  double Integral(double x) const {
    const double log_x = std::log(x), t = (1 - s_) * log_x;
    return log_x * (std::abs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2);
  }
  double InverseIntegral(double y) const {
    const double t = std::max(y * (1 - s_), -1.0);
    return std::exp(y * (std::abs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2));
  }

  double n_, s_, low_, high_, accept_;
};

// Drawing costs two logarithms, so it is done before the run; workers walk the table from different
// places.
inline std::vector<uint32_t> DrawZipfTable(const Options& options) {
  constexpr size_t kDraws = size_t{1} << 21;
  std::vector<uint32_t> table;
  if (options.distribution != Distribution::kZipf) return table;
  std::mt19937_64 random(options.seed);
  const Zipf zipf(options.keys, options.zipf_exponent);
  table.reserve(kDraws);
  for (size_t i = 0; i < kDraws; ++i) table.push_back(static_cast<uint32_t>(zipf.Draw(random) - 1));
  return table;
}

class KeyChooser {
 public:
  // Worker `index` of `workers`; sequential choosers together walk all keys once before any
  // repeats.
  KeyChooser(const Options& options, const std::vector<uint32_t>& zipf_table, uint32_t index)
      : distribution_(options.distribution),
        keys_(options.keys),
        table_(zipf_table),
        random_(options.seed * 1000 + index),
        next_(FirstOf(options, zipf_table, index)) {}

  uint64_t Next() {
    switch (distribution_) {
      case Distribution::kZipf: {
        const uint64_t key = table_[next_];
        if (++next_ == table_.size()) next_ = 0;
        return key;
      }
      case Distribution::kSequential: {
        const uint64_t key = next_;
        if (++next_ == keys_) next_ = 0;
        return key;
      }
      case Distribution::kUniform:
        break;
    }
    return static_cast<uint64_t>(static_cast<unsigned __int128>(random_()) * keys_ >> 64);
  }

 private:
  static uint64_t FirstOf(const Options& options, const std::vector<uint32_t>& table,
                          uint32_t index) {
    const uint64_t span = options.distribution == Distribution::kZipf ? table.size() : options.keys;
    return span * index / options.threads;
  }

  const Distribution distribution_;
  const uint64_t keys_;
  const std::vector<uint32_t>& table_;
  std::mt19937_64 random_;
  uint64_t next_;
};

}  // namespace basalt::loadgen
