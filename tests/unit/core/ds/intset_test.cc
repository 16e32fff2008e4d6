// Intset against std::set, against bytes that redis-server 7.0.15 wrote (DUMP), and against bytes
// gone wrong.
#include "core/ds/intset.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

std::vector<int64_t> Members(const Intset& set) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < set.size(); ++i) out.push_back(set.At(i));
  return out;
}

std::string Hex(const Intset& set) {
  return absl::BytesToHexString({set.bytes().data(), set.bytes().size()});
}
std::string IntsetFromHex(const char* hex) { return std::string(absl::HexStringToBytes(hex)); }

TEST(IntsetTest, WritesWhatRedisWrites) {
  Intset narrow;
  for (int64_t v : {5, -7, 300, -30000}) narrow.Add(v);
  EXPECT_EQ(Hex(narrow), "0200000004000000d08af9ff05002c01");
  Intset middle;
  for (int64_t v : {5, -7, 300, 70000}) middle.Add(v);
  EXPECT_EQ(Hex(middle), "0400000004000000f9ffffff050000002c01000070110100");
  Intset wide;
  for (int64_t v : {int64_t{5}, int64_t{-7}, int64_t{300}, int64_t{-3000000000}}) wide.Add(v);
  EXPECT_EQ(Hex(wide),
            "080000000400000000a22f4dfffffffff9ffffffffffffff05000000000000002c01000000000000");
}

TEST(IntsetTest, HoldsTheExtremesOfEveryWidth) {
  Intset set;
  std::set<int64_t> model;
  for (int64_t v : {int64_t{0}, int64_t{INT16_MIN}, int64_t{INT16_MAX}, int64_t{INT16_MIN} - 1,
                    int64_t{INT16_MAX} + 1, int64_t{INT32_MIN}, int64_t{INT32_MAX},
                    int64_t{INT32_MIN} - 1, int64_t{INT32_MAX} + 1,
                    std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    EXPECT_FALSE(set.Contains(v));
    EXPECT_TRUE(set.Add(v));
    EXPECT_FALSE(set.Add(v));
    model.insert(v);
    EXPECT_EQ(Members(set), std::vector<int64_t>(model.begin(), model.end()));
  }
  EXPECT_TRUE(Intset::Validate(set.bytes()));
}

using IntsetRandomTest = SeededTest;

TEST_F(IntsetRandomTest, BehavesLikeASet) {
  for (int round = 0; round < 20; ++round) {
    Intset set;
    std::set<int64_t> model;
    for (int step = 0; step < 1500; ++step) {
      const int64_t value =
          static_cast<int64_t>(Below(400)) - 200 + (OneIn(200) ? int64_t{1} << Below(63) : 0);
      if (OneIn(3)) {
        EXPECT_EQ(set.Remove(value), model.erase(value) == 1);
      } else {
        EXPECT_EQ(set.Add(value), model.insert(value).second);
      }
      EXPECT_EQ(set.Contains(value), model.count(value) == 1);
      ASSERT_EQ(set.size(), model.size());
    }
    EXPECT_EQ(Members(set), std::vector<int64_t>(model.begin(), model.end()));
    EXPECT_TRUE(model.empty() || Intset::Validate(set.bytes()));
    EXPECT_EQ(Members(Intset::CopyOf(set.bytes())), Members(set));
  }
}

TEST(IntsetTest, RefusesWhatIsNoIntset) {
  EXPECT_FALSE(Intset::Validate(""));
  EXPECT_FALSE(Intset::Validate(IntsetFromHex("0200000000000000")));          // empty
  EXPECT_FALSE(Intset::Validate(IntsetFromHex("03000000010000000500")));      // no such width
  EXPECT_FALSE(Intset::Validate(IntsetFromHex("02000000020000000500")));      // too short
  EXPECT_FALSE(Intset::Validate(IntsetFromHex("020000000100000005000600")));  // too long
  EXPECT_FALSE(Intset::Validate(IntsetFromHex("020000000200000005000500")));  // twice the same
  EXPECT_FALSE(Intset::Validate(IntsetFromHex("020000000200000006000500")));  // not ascending
  EXPECT_FALSE(
      Intset::Validate(IntsetFromHex("08000000ffffffff0500")));  // count far beyond the bytes
  EXPECT_TRUE(Intset::Validate(IntsetFromHex("020000000200000005000600")));
}

}  // namespace
}  // namespace basalt
