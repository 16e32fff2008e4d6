// The small sorted set.
#include "core/value/packed_zset.h"

#include <charconv>
#include <cmath>

#include "core/base/check.h"
#include "core/base/numbers.h"

namespace basalt {
namespace {

// The usual spellings by the quick way, the rest ("0x10", "+inf") as arguments are parsed.
bool ParseScore(std::string_view text, double* score) {
  double value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && !std::isnan(value)) {
    *score = value;
    return true;
  }
  return ParseDouble(text, score);
}

bool ScoreOf(const Element& element, double* score) {
  if (!element.is_integer()) return ParseScore(element.text(), score);
  *score = static_cast<double>(element.integer());
  return true;
}

// Whether the score is an integer that a double and an int64 both hold exactly; minus zero counts
// as zero.
bool IsIntegral(double score) {
  constexpr double kBound = 4611686018427387904.0;  // 2^62
  return score >= -kBound && score <= kBound && score == std::floor(score);
}

}  // namespace

PackedZSet::Pos PackedZSet::Find(std::string_view member, double* score, size_t* rank) const {
  Pos found = Listpack::kNone;
  if (!rank) {
    found = pack_.Find(member, pack_.First(), 1);
  } else {
    *rank = 0;
    for (found = pack_.First(); found != Listpack::kNone && !pack_.Equals(found, member);
         found = Next(found))
      ++*rank;
  }
  if (found != Listpack::kNone && score) *score = Score(found);
  return found;
}

PackedZSet::Pos PackedZSet::Prev(Pos pos) const {
  const Pos score = pack_.Prev(pos);
  return score == Listpack::kNone ? score : pack_.Prev(score);
}

double PackedZSet::Score(Pos pos) const {
  double score = 0;
  BASALT_CHECK(ScoreOf(pack_.Get(pack_.Next(pos)), &score));
  return score;
}

void PackedZSet::Insert(std::string_view member, double score) {
  // From the back: members often arrive in order.
  Pos before = Listpack::kNone;
  const Pos last = pack_.Last();
  for (Pos pos = last == Listpack::kNone ? last : pack_.Prev(last); pos != Listpack::kNone;
       pos = Prev(pos)) {
    const double other = Score(pos);
    if (other < score || (other == score && Member(pos).text() < member)) break;
    before = pos;
  }
  const Pos at = pack_.Insert(before, member);
  const Pos behind = pack_.Next(at);
  if (IsIntegral(score)) {
    pack_.Insert(behind, static_cast<int64_t>(score));
  } else {
    char text[kDoubleTextMax];
    pack_.Insert(behind, std::string_view(text, FormatDouble(score, text)));
  }
}

RankSpan PackedZSet::SpanOf(const ScoreRange& range) const {
  RankSpan span;
  Pos pos = pack_.First();
  for (; pos != Listpack::kNone && !range.MeetsMin(Score(pos)); pos = Next(pos)) ++span.first;
  for (; pos != Listpack::kNone && range.MeetsMax(Score(pos)); pos = Next(pos)) ++span.count;
  return span;
}

RankSpan PackedZSet::SpanOf(const LexRange& range) const {
  RankSpan span;
  Pos pos = pack_.First();
  for (; pos != Listpack::kNone && !range.MeetsMin(Member(pos).text()); pos = Next(pos))
    ++span.first;
  for (; pos != Listpack::kNone && range.MeetsMax(Member(pos).text()); pos = Next(pos))
    ++span.count;
  return span;
}

bool PackedZSet::HoldsPairs(const Listpack& pack) {
  for (Pos pos = pack.First(); pos != Listpack::kNone; pos = pack.Next(pos)) {
    pos = pack.Next(pos);
    double score;
    if (pos == Listpack::kNone || !ScoreOf(pack.Get(pos), &score)) return false;
  }
  return true;
}

bool PackedZSet::IsSorted() const {
  Pos pos = pack_.First();
  if (pos == Listpack::kNone) return true;
  for (Pos next = Next(pos); next != Listpack::kNone; pos = next, next = Next(next)) {
    const double a = Score(pos);
    const double b = Score(next);
    if (a > b || (a == b && Member(pos).text() >= Member(next).text())) return false;
  }
  return true;
}

}  // namespace basalt
