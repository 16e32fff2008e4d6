// Set in both encodings, against std::set.
#include "core/value/set.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/base/random.h"
#include "core/value/value_limits.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

std::set<std::string> Contents(const Set& set) {
  std::set<std::string> out;
  size_t visited = 0;
  set.ForEach([&](std::string_view member) {
    out.emplace(member);
    ++visited;
    return true;
  });
  EXPECT_EQ(visited, out.size());
  return out;
}

TEST(SetTest, TurnsLargeAtTheFirstText) {
  Set set;
  EXPECT_TRUE(set.Add("1"));
  EXPECT_TRUE(set.Add("-5"));
  EXPECT_FALSE(set.Add("1"));
  EXPECT_STREQ(set.EncodingName(), "intset");
  EXPECT_FALSE(set.Contains("01"));
  EXPECT_TRUE(set.Add("01"));  // not the canonical spelling, so a text
  EXPECT_STREQ(set.EncodingName(), "hashtable");
  EXPECT_EQ(Contents(set), (std::set<std::string>{"-5", "01", "1"}));
}

TEST(SetTest, TurnsLargeBeyondTheLimit) {
  Set set;
  for (size_t i = 0; i < ValueLimits::set_max_intset_entries; ++i) set.Add(std::to_string(i));
  EXPECT_STREQ(set.EncodingName(), "intset");
  EXPECT_FALSE(set.Add("7"));
  EXPECT_STREQ(set.EncodingName(), "intset");
  EXPECT_TRUE(set.Add("9999"));
  EXPECT_STREQ(set.EncodingName(), "hashtable");
  EXPECT_EQ(set.Size(), ValueLimits::set_max_intset_entries + 1);
}

TEST(SetTest, LoadsIntsets) {
  Set set;
  for (int i = 0; i < 100; ++i) set.Add(std::to_string(i * 1000));
  const auto loaded = Set::FromIntset(set.packed_bytes());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(Contents(*loaded), Contents(set));
  EXPECT_FALSE(Set::FromIntset("junk"));
  EXPECT_FALSE(Set::FromIntset(Set().packed_bytes()));

  Intset large;
  for (int64_t i = 0; i < 1000; ++i) large.Add(i);
  const auto table = Set::FromIntset(large.bytes());
  ASSERT_TRUE(table);
  EXPECT_STREQ(table->EncodingName(), "hashtable");
  EXPECT_EQ(table->Size(), 1000u);
}

using SetRandomTest = SeededTest;

TEST_F(SetRandomTest, BehavesLikeASet) {
  for (bool numbers : {true, false}) {
    for (size_t range : {20, 400, 10000}) {
      Set set;
      std::set<std::string> model;
      for (int step = 0; step < 10000; ++step) {
        const std::string member = (numbers ? "" : "m") + std::to_string(Below(range));
        if (OneIn(3)) {
          ASSERT_EQ(set.Remove(member), model.erase(member) == 1);
        } else {
          ASSERT_EQ(set.Add(member), model.insert(member).second);
        }
        ASSERT_EQ(set.Contains(member), model.count(member) == 1);
        ASSERT_EQ(set.Size(), model.size());
      }
      EXPECT_EQ(Contents(set), model);
      EXPECT_EQ(Contents(*set.Clone()), model);
      EXPECT_GT(set.MemoryBytes(), sizeof(Set));
      size_t freed = 0;
      while (const size_t n = set.FreeSome(50)) freed += n;
      EXPECT_EQ(freed, model.size());
    }
  }
}

TEST_F(SetRandomTest, ScanSeesWhatStays) {
  Set set;
  std::set<std::string> staying;
  for (int i = 0; i < 5000; ++i) {
    set.Add("stay" + std::to_string(i));
    staying.insert("stay" + std::to_string(i));
  }
  uint64_t cursor = 0;
  do {
    cursor =
        set.Scan(cursor, 25, [&](std::string_view member) { staying.erase(std::string(member)); });
    for (int i = 0; i < 200; ++i) {
      const std::string member = "pass" + std::to_string(Below(10000));
      OneIn(2) ? set.Add(member) : set.Remove(member);
    }
  } while (cursor != 0);
  EXPECT_TRUE(staying.empty());
}

TEST_F(SetRandomTest, PopsEveryMemberOnceInAnyOrder) {
  Random random(seed());
  for (const char* prefix : {"", "m"}) {
    std::map<std::string, size_t> firsts;
    for (int round = 0; round < 4000; ++round) {
      Set set;
      for (int i = 0; i < 10; ++i) set.Add(prefix + std::to_string(i));
      std::set<std::string> popped;
      std::string member;
      while (set.PopRandom(random, &member)) {
        if (popped.empty()) ++firsts[member];
        EXPECT_TRUE(popped.insert(member).second);
      }
      EXPECT_EQ(popped.size(), 10u);
    }
    // 400 are expected of each, with a standard deviation of 19.
    EXPECT_EQ(firsts.size(), 10u);
    for (const auto& [member, n] : firsts) EXPECT_NEAR(static_cast<double>(n), 400, 150) << member;
  }
}

TEST_F(SetRandomTest, RandomDistinctIsDistinct) {
  Random random(seed());
  for (const char* prefix : {"", "m"}) {
    Set set;
    for (int i = 0; i < 500; ++i) set.Add(prefix + std::to_string(i));
    for (size_t count : {0, 1, 60, 300, 500, 900}) {
      std::set<std::string> distinct;
      set.RandomDistinct(random, count, [&](std::string_view member) {
        EXPECT_TRUE(set.Contains(member));
        EXPECT_TRUE(distinct.emplace(member).second);
      });
      EXPECT_EQ(distinct.size(), std::min<size_t>(count, 500));
    }
  }
}

TEST_F(SetRandomTest, DamagedIntsetsAreRefusedOrHarmless) {
  Set set;
  for (int i = 0; i < 30; ++i) set.Add(std::to_string(i * 3000));
  const std::string bytes(set.packed_bytes());
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = bytes;
    damaged[OneIn(2) ? Below(8) : Below(damaged.size())] = static_cast<char>(Below(256));
    if (OneIn(4)) damaged.resize(Below(damaged.size()) + 1);
    const auto loaded = Set::FromIntset(damaged);
    if (loaded) EXPECT_EQ(Contents(*loaded).size(), loaded->Size());
  }
}

}  // namespace
}  // namespace basalt
