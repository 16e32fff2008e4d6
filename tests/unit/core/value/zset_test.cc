// ZSet in both encodings, against std::set of (score, member).
#include "core/value/zset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "core/base/random.h"
#include "core/value/value_limits.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Pairs = std::vector<std::pair<double, std::string>>;

Pairs Contents(const ZSet& zset) {
  Pairs out;
  zset.ForEach([&](std::string_view member, double score) {
    out.emplace_back(score, member);
    return true;
  });
  return out;
}

Pairs InSpan(const ZSet& zset, RankSpan span, bool reverse = false) {
  Pairs out;
  zset.Range(span, reverse,
             [&](std::string_view member, double score) { out.emplace_back(score, member); });
  return out;
}

TEST(ZSetTest, TurnsLargeBeyondTheLimits) {
  ZSet zset;
  for (size_t i = 0; i < ValueLimits::zset_max_listpack_entries; ++i)
    EXPECT_TRUE(zset.Add("m" + std::to_string(i), 1.5));
  EXPECT_FALSE(zset.Add("m0", 7));
  EXPECT_STREQ(zset.EncodingName(), "listpack");
  EXPECT_TRUE(zset.Add("one more", 2));
  EXPECT_STREQ(zset.EncodingName(), "skiplist");
  EXPECT_EQ(zset.Size(), ValueLimits::zset_max_listpack_entries + 1);
  EXPECT_EQ(zset.Rank("m0", false), zset.Size() - 1);

  ZSet long_member;
  long_member.Add(std::string(ValueLimits::zset_max_listpack_value, 'x'), 1);
  EXPECT_STREQ(long_member.EncodingName(), "listpack");
  long_member.Add(std::string(ValueLimits::zset_max_listpack_value + 1, 'x'), 1);
  EXPECT_STREQ(long_member.EncodingName(), "skiplist");
}

TEST(ZSetTest, WritesAndReadsTheListpackOfRedis) {
  const std::string redis = std::string(
      absl::HexStringToBytes("7c0000001200836c6f7704842d696e6605866e6f756768740700018574656e7468069"
                             "3302e313030303030303030303030303030303114836f6e65"
                             "0401018e74776f2d616e642d612d68616c660f83322e3504857468726565060301847"
                             "472656505030183626967048531652b323006846869676805"
                             "83696e6604ff"));
  ZSet zset;
  for (const auto& [member, score] :
       std::vector<std::pair<const char*, double>>{{"one", 1},
                                                   {"two-and-a-half", 2.5},
                                                   {"low", -kInfinity},
                                                   {"high", kInfinity},
                                                   {"three", 3},
                                                   {"tree", 3},
                                                   {"nought", -0.0},
                                                   {"big", 1e20},
                                                   {"tenth", 0.1}}) {
    zset.Add(member, score);
  }
  EXPECT_EQ(absl::BytesToHexString({zset.packed_bytes().data(), zset.packed_bytes().size()}),
            absl::BytesToHexString(redis));
  const auto loaded = ZSet::FromListpack(redis);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(Contents(*loaded), Contents(zset));
}

TEST(ZSetTest, LoadsUnsortedAndRefusesBadListpacks) {
  Listpack pack;
  for (const char* text : {"b", "2", "a", "1.5", "7", "-inf"}) pack.Append(std::string_view(text));
  const auto sorted = ZSet::FromListpack(pack.bytes());
  ASSERT_TRUE(sorted);
  EXPECT_EQ(Contents(*sorted), (Pairs{{-kInfinity, "7"}, {1.5, "a"}, {2, "b"}}));
  EXPECT_STREQ(sorted->EncodingName(), "listpack");

  pack.Append("odd");
  EXPECT_FALSE(ZSet::FromListpack(pack.bytes()));
  pack.Append("no number");
  EXPECT_FALSE(ZSet::FromListpack(pack.bytes()));
  pack.Replace(pack.Last(), "nan");
  EXPECT_FALSE(ZSet::FromListpack(pack.bytes()));
  pack.Replace(pack.Last(), "3");
  EXPECT_TRUE(ZSet::FromListpack(pack.bytes()));
  pack.Append("a");
  pack.Append("9");
  EXPECT_FALSE(ZSet::FromListpack(pack.bytes()));  // "a" twice

  for (int members : {100, 1000}) {
    Listpack many;
    for (int i = 0; i < members; ++i)
      many.Append("m" + std::to_string(i)), many.Append(int64_t{members - i});
    const auto zset = ZSet::FromListpack(many.bytes());
    ASSERT_TRUE(zset);
    EXPECT_EQ(zset->is_packed(), members <= 128);
    EXPECT_EQ(zset->Rank("m0", true), 0u);
    many.Append("m3"), many.Append(int64_t{5000});
    EXPECT_FALSE(ZSet::FromListpack(many.bytes()));
  }
  EXPECT_FALSE(ZSet::FromListpack("junk"));
}

TEST(ZSetTest, KeepsScoresExactly) {
  for (const bool large : {false, true}) {
    ZSet zset;
    if (large) zset.Reserve(1000);
    std::map<std::string, double> scores;
    for (double score :
         {0.1, -0.1, 1e300, -1e-300, 4.9e-324, 9007199254740993.0, 1e18, -1e18, 1e19,
          123456789.123456789, kInfinity, -kInfinity, std::numeric_limits<double>::max(),
          std::numeric_limits<double>::lowest()}) {
      const std::string member = "m" + std::to_string(scores.size());
      scores[member] = score;
      zset.Add(member, score);
    }
    for (const auto& [member, score] : scores) {
      double got;
      ASSERT_TRUE(zset.Score(member, &got));
      EXPECT_EQ(got, score) << member;
    }
  }
}

class ZSetRandomTest : public SeededTest {
 protected:
  using Model = std::set<std::pair<double, std::string>>;

  void Set(const std::string& member, double score) {
    const auto it = scores_.find(member);
    if (it != scores_.end()) model_.erase({it->second, member});
    ASSERT_EQ(zset_.Add(member, score), it == scores_.end());
    scores_[member] = score;
    model_.insert({score, member});
  }

  void Remove(const std::string& member) {
    const auto it = scores_.find(member);
    ASSERT_EQ(zset_.Remove(member), it != scores_.end());
    if (it == scores_.end()) return;
    model_.erase({it->second, member});
    scores_.erase(it);
  }

  void RemoveSpan(RankSpan span) {
    const Pairs sorted(model_.begin(), model_.end());
    const size_t first = std::min(span.first, sorted.size());
    const size_t end = std::min(sorted.size(), first + span.count);
    ASSERT_EQ(zset_.RemoveRange(span), end - first);
    for (size_t i = first; i < end; ++i) {
      model_.erase(sorted[i]);
      scores_.erase(sorted[i].second);
    }
  }

  void Pop(bool lowest) {
    std::string member;
    double score;
    ASSERT_EQ(lowest ? zset_.PopMin(&member, &score) : zset_.PopMax(&member, &score),
              !model_.empty());
    if (model_.empty()) return;
    const auto it = lowest ? model_.begin() : std::prev(model_.end());
    ASSERT_EQ(std::pair(score, member), *it);
    scores_.erase(member);
    model_.erase(it);
  }

  void ExpectSame() {
    const Pairs sorted(model_.begin(), model_.end());
    ASSERT_EQ(zset_.Size(), sorted.size());
    ASSERT_EQ(Contents(zset_), sorted);
    for (int i = 0; i < 20 && !sorted.empty(); ++i) {
      const size_t rank = Below(sorted.size());
      double score = 0;
      ASSERT_EQ(zset_.Rank(sorted[rank].second, false, &score), rank);
      ASSERT_EQ(score, sorted[rank].first);
      ASSERT_EQ(zset_.Rank(sorted[rank].second, true), sorted.size() - 1 - rank);
      ExpectSpans(sorted);
    }
    ASSERT_EQ(zset_.Rank("no such member", false), std::nullopt);
  }

  void ExpectSpans(const Pairs& sorted) {
    const size_t first = Below(sorted.size() + 3);
    const size_t count = Below(sorted.size() + 3);
    const size_t from = std::min(first, sorted.size());
    Pairs expected(sorted.begin() + from, sorted.begin() + std::min(sorted.size(), from + count));
    ASSERT_EQ(InSpan(zset_, {first, count}), expected);
    std::reverse(expected.begin(), expected.end());
    ASSERT_EQ(InSpan(zset_, {first, count}, true), expected);

    const ScoreRange range{RandomScore(), RandomScore(), OneIn(2), OneIn(2)};
    Pairs in_range;
    for (const auto& pair : sorted) {
      if (range.MeetsMin(pair.first) && range.MeetsMax(pair.first)) in_range.push_back(pair);
    }
    ASSERT_EQ(InSpan(zset_, zset_.SpanOfScores(range)), in_range);
    ASSERT_EQ(zset_.CountByScore(range), in_range.size());
  }

  double RandomScore() {
    if (OneIn(30)) return OneIn(2) ? kInfinity : -kInfinity;
    return static_cast<double>(Below(scores_range_)) / 2 - static_cast<double>(scores_range_) / 4;
  }

  uint64_t scores_range_ = 40;
  ZSet zset_;
  Model model_;
  std::map<std::string, double> scores_;
};

TEST_F(ZSetRandomTest, BehavesLikeASortedSet) {
  for (size_t members : {30, 110, 3000}) {
    for (uint64_t range : {2, 40, 1000000}) {
      scores_range_ = range;
      RemoveSpan({0, SIZE_MAX});
      for (int step = 0; step < 6000; ++step) {
        const std::string member =
            OneIn(3) ? std::to_string(Below(members)) : "m" + std::to_string(Below(members));
        switch (Below(12)) {
          case 0:
          case 1:
          case 2:
            Remove(member);
            break;
          case 3:
            if (OneIn(20)) RemoveSpan({Below(members), Below(members / 4)});
            break;
          case 4:
            Pop(OneIn(2));
            break;
          default:
            Set(member, RandomScore());
        }
        if (HasFatalFailure()) return;
        if (step % 300 == 0) ExpectSame();
      }
      ExpectSame();
      EXPECT_EQ(Contents(*zset_.Clone()), Contents(zset_));
    }
  }
  EXPECT_STREQ(zset_.EncodingName(), "skiplist");
  while (zset_.FreeSome(100) > 0) {
  }
}

TEST_F(ZSetRandomTest, RandomMembersAreUniform) {
  Random random(seed());
  for (const size_t members : {size_t{40}, size_t{1000}}) {
    ZSet zset;
    for (size_t i = 0; i < members; ++i) zset.Add("m" + std::to_string(i), static_cast<double>(i));
    std::map<std::string, size_t> drawn;
    zset.RandomRepeated(random, members * 400,
                        [&](std::string_view member, double) { ++drawn[std::string(member)]; });
    EXPECT_EQ(drawn.size(), members);
    for (const auto& [member, n] : drawn) EXPECT_NEAR(static_cast<double>(n), 400, 160) << member;
    for (size_t count : {size_t{0}, size_t{1}, members / 10, members / 2, members, members * 2}) {
      std::set<std::string> distinct;
      zset.RandomDistinct(random, count, [&](std::string_view member, double score) {
        EXPECT_EQ("m" + std::to_string(static_cast<int>(score)), member);
        EXPECT_TRUE(distinct.emplace(member).second);
      });
      EXPECT_EQ(distinct.size(), std::min(count, members));
    }
  }
}

TEST_F(ZSetRandomTest, RangesByNameInBothEncodings) {
  for (const bool large : {false, true}) {
    ZSet zset;
    std::set<std::string> names;
    if (large) zset.Reserve(1000);
    for (int i = 0; i < 100; ++i) {
      std::string name(1 + Below(3), 'a');
      for (char& c : name) c = static_cast<char>('a' + Below(4));
      zset.Add(name, 0);
      names.insert(name);
    }
    for (int i = 0; i < 2000; ++i) {
      const std::string low(Below(3), static_cast<char>('a' + Below(4)));
      const std::string high(Below(3), static_cast<char>('a' + Below(4)));
      const LexRange range{{static_cast<LexBound::Kind>(Below(4)), low},
                           {static_cast<LexBound::Kind>(Below(4)), high}};
      std::vector<std::string> expected;
      for (const std::string& name : names) {
        if (range.MeetsMin(name) && range.MeetsMax(name)) expected.push_back(name);
      }
      std::vector<std::string> got;
      zset.Range(zset.SpanOfNames(range), false,
                 [&](std::string_view member, double) { got.emplace_back(member); });
      ASSERT_EQ(got, expected);
      ASSERT_EQ(zset.CountByName(range), expected.size());
    }
  }
}

TEST_F(ZSetRandomTest, ScanSeesWhatStays) {
  ZSet zset;
  std::set<std::string> staying;
  for (int i = 0; i < 3000; ++i) {
    zset.Add("stay" + std::to_string(i), i);
    staying.insert("stay" + std::to_string(i));
  }
  uint64_t cursor = 0;
  do {
    cursor = zset.Scan(
        cursor, 10, [&](std::string_view member, double) { staying.erase(std::string(member)); });
    for (int i = 0; i < 100; ++i) {
      const std::string member = "pass" + std::to_string(Below(5000));
      OneIn(2) ? zset.Add(member, static_cast<double>(Below(100))) : zset.Remove(member);
    }
  } while (cursor != 0);
  EXPECT_TRUE(staying.empty());
}

TEST_F(ZSetRandomTest, DamagedListpacksAreRefusedOrHarmless) {
  ZSet zset;
  for (int i = 0; i < 20; ++i) zset.Add("m" + std::to_string(i), OneIn(2) ? i : i + 0.25);
  const std::string bytes(zset.packed_bytes());
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = bytes;
    for (size_t n = 1 + Below(2); n > 0; --n)
      damaged[Below(damaged.size())] = static_cast<char>(Below(256));
    const auto loaded = ZSet::FromListpack(damaged);
    if (!loaded) continue;
    const Pairs contents = Contents(*loaded);
    EXPECT_EQ(contents.size(), loaded->Size());
    EXPECT_TRUE(std::is_sorted(contents.begin(), contents.end()));
  }
}

}  // namespace
}  // namespace basalt
