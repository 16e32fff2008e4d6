// The sorted set type: members ordered by (score, member bytes). Small: one listpack of member,
// score, member, score ... in that order. Larger (ValueLimits): a hash table member -> element that
// owns the elements, plus an order-statistic tree over the same elements; Redis calls that encoding
// "skiplist". It never turns small again.
//
// A rank counts from 0 at the lowest. Ranges by score or by name are first turned into a Span of
// ranks (logarithmic in the large encoding); visiting, counting and removing all work on Spans.
// Owned by one shard; one thread. Views and Elements are valid until the set changes; a visitor
// must not change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/ds/packed_element.h"
#include "core/value/packed_zset.h"
#include "core/value/zset_ranges.h"

namespace basalt {

class Random;
class ScoredTable;

class ZSet {
 public:
  using Visitor = absl::FunctionRef<void(std::string_view member, double score)>;

  using Span = RankSpan;  // {first rank, count}

  ZSet();
  ~ZSet();
  ZSet(const ZSet&) = delete;
  ZSet& operator=(const ZSet&) = delete;

  size_t Size() const;
  const char* EncodingName() const { return table_ ? "skiplist" : "listpack"; }

  bool Score(std::string_view member, double* score) const;  // false: no such member
  // Adds the member or changes its score (not NaN). Returns true when it is new. `changed`, when
  // given, is set to whether it is new or its score was another.
  bool Add(std::string_view member, double score, bool* changed = nullptr);
  bool Remove(std::string_view member);
  // Rank from the lowest, or from the highest when `reverse`. `score`, when given, receives the
  // score.
  std::optional<size_t> Rank(std::string_view member, bool reverse, double* score = nullptr) const;

  Span SpanOfScores(const ScoreRange& range) const;
  Span SpanOfNames(const LexRange& range) const;
  size_t CountByScore(const ScoreRange& range) const { return SpanOfScores(range).count; }
  size_t CountByName(const LexRange& range) const { return SpanOfNames(range).count; }

  // Visits the members of `span` (clipped to the set) from its lowest rank upwards, or from its
  // highest downwards.
  void Range(Span span, bool reverse, Visitor visit) const;
  // Removes the members of `span` (clipped). Returns how many.
  size_t RemoveRange(Span span);
  // Every member in order, until `visit` returns false.
  void ForEach(absl::FunctionRef<bool(std::string_view member, double score)> visit) const;
  // The member at `rank`; false when out of range.
  bool At(size_t rank, Element* member, double* score) const;
  // Takes off the lowest (highest) member; false when empty. `member` and `score` may be null.
  bool PopMin(std::string* member, double* score);
  bool PopMax(std::string* member, double* score);

  // As Hash::Scan.
  uint64_t Scan(uint64_t cursor, size_t count, Visitor visit) const;

  // A member at random, exactly uniform; false when empty. `score` may be null.
  bool RandomMember(Random& random, Element* member, double* score) const;
  // `count` different members at random (all of them when there are fewer), in no particular order.
  void RandomDistinct(Random& random, size_t count, Visitor visit) const;
  // `count` members at random, each chosen anew.
  void RandomRepeated(Random& random, size_t count, Visitor visit) const;

  // Memory held, by usable size; a table's members are extrapolated from `samples` of them (0:
  // counts all).
  size_t MemoryBytes(size_t samples = 5) const;
  std::unique_ptr<ZSet> Clone() const;
  // As Hash::FreeSome; a large set's members count twice, since they leave the order first and the
  // table then.
  size_t FreeSome(size_t max_elements);

  // For RDB. The listpack while the set is small.
  bool is_packed() const { return table_ == nullptr; }
  std::string_view packed_bytes() const {
    return packed_.pack().bytes();
  }  // only while is_packed()
  // A sorted set of an untrusted listpack; becomes large at once when over the limits, and is
  // sorted when it was not. Null when the bytes are no valid listpack, a score is missing or no
  // number, or a member occurs twice. May be empty.
  static std::unique_ptr<ZSet> FromListpack(std::string_view bytes);
  // Prepares for `members` members to come, when that number is known (loading). Above the limit
  // this makes the set large.
  void Reserve(size_t members);

 private:
  void ConvertToTable();
  bool Pop(size_t rank, std::string* member, double* score);

  PackedZSet packed_;  // empty of memory once table_ exists
  std::unique_ptr<ScoredTable> table_;
};

}  // namespace basalt
