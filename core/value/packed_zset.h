// A small sorted set: a listpack of member, score, member, score ... in the order of (score, member
// bytes), laid out as in Redis, so that RDB files can carry it. Everything is a walk. Integral
// scores are stored as integers, others as text. Owned by one shard; one thread. Views and Elements
// are valid until the set changes.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/ds/listpack.h"
#include "core/ds/packed_element.h"
#include "core/value/zset_ranges.h"

namespace basalt {

class PackedZSet {
 public:
  using Pos = Listpack::Pos;  // of a member; its score follows

  size_t size() const { return pack_.size() / 2; }
  const Listpack& pack() const { return pack_; }
  void Clear() { pack_.Clear(); }
  void Assign(std::string_view valid_bytes) { pack_ = Listpack::CopyOf(valid_bytes); }

  // kNone: no such member. `rank` may be null.
  Pos Find(std::string_view member, double* score, size_t* rank = nullptr) const;
  Pos At(size_t rank) const { return pack_.At(2 * rank); }
  Pos Next(Pos pos) const { return pack_.Next(pack_.Next(pos)); }
  Pos Prev(Pos pos) const;
  Element Member(Pos pos) const { return pack_.Get(pos); }
  double Score(Pos pos) const;

  void Insert(std::string_view member, double score);  // not in the set yet
  void Erase(Pos pos, size_t count = 1) { pack_.Erase(pos, 2 * count); }

  // The members from the first that meets the minimum up to the first that does not meet the
  // maximum.
  RankSpan SpanOf(const ScoreRange& range) const;
  RankSpan SpanOf(const LexRange& range) const;

  // Whether the bytes, a valid listpack, are pairs of a member and a score.
  static bool HoldsPairs(const Listpack& pack);
  bool IsSorted() const;

 private:
  Listpack pack_;
};

}  // namespace basalt
