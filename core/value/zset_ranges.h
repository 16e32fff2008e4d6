// Intervals of a sorted set as the commands state them: by score, by name, and by rank.
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace basalt {

// An interval of scores, as ZRANGEBYSCORE's "(1 5" means it.
struct ScoreRange {
  double min = 0;
  double max = 0;
  bool min_exclusive = false;
  bool max_exclusive = false;

  bool MeetsMin(double score) const { return min_exclusive ? score > min : score >= min; }
  bool MeetsMax(double score) const { return max_exclusive ? score < max : score <= max; }
};

// One end of an interval of names: "-", "+", "[name" or "(name".
struct LexBound {
  enum Kind : uint8_t { kLowest, kHighest, kInclusive, kExclusive };
  Kind kind = kLowest;
  std::string_view name;
};

// An interval of names, as ZRANGEBYLEX means it. Defined for sets whose scores are all equal.
struct LexRange {
  LexBound min;
  LexBound max;

  bool MeetsMin(std::string_view member) const {
    switch (min.kind) {
      case LexBound::kLowest:
        return true;
      case LexBound::kHighest:
        return false;
      case LexBound::kInclusive:
        return member >= min.name;
      default:
        return member > min.name;
    }
  }
  bool MeetsMax(std::string_view member) const {
    switch (max.kind) {
      case LexBound::kLowest:
        return false;
      case LexBound::kHighest:
        return true;
      case LexBound::kInclusive:
        return member <= max.name;
      default:
        return member < max.name;
    }
  }
};

// `count` members from rank `first` upwards.
struct RankSpan {
  size_t first = 0;
  size_t count = 0;

  // The part of it that a set of `size` members has.
  RankSpan ClippedTo(size_t size) const {
    if (first >= size) return {size, 0};
    return {first, count < size - first ? count : size - first};
  }
};

}  // namespace basalt
