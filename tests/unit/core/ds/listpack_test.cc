// Listpack against std::vector, against bytes that redis-server 7.0.15 wrote (DUMP), and against
// bytes gone wrong.
#include "core/ds/listpack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

std::vector<std::string> Forward(const Listpack& pack) {
  std::vector<std::string> out;
  for (auto pos = pack.First(); pos != Listpack::kNone; pos = pack.Next(pos))
    out.push_back(pack.Get(pos).ToString());
  return out;
}

std::vector<std::string> Backward(const Listpack& pack) {
  std::vector<std::string> out;
  for (auto pos = pack.Last(); pos != Listpack::kNone; pos = pack.Prev(pos))
    out.push_back(pack.Get(pos).ToString());
  return out;
}

Listpack Of(const std::vector<std::string>& values) {
  Listpack pack;
  for (const std::string& value : values) pack.Append(value);
  return pack;
}

std::string FromHex(const char* hex) { return std::string(absl::HexStringToBytes(hex)); }

const std::vector<std::string> kIntegers = {"0",
                                            "1",
                                            "127",
                                            "128",
                                            "-1",
                                            "-4096",
                                            "4095",
                                            "4096",
                                            "-4097",
                                            "32767",
                                            "-32768",
                                            "32768",
                                            "-32769",
                                            "8388607",
                                            "-8388608",
                                            "8388608",
                                            "-8388609",
                                            "2147483647",
                                            "-2147483648",
                                            "2147483648",
                                            "-2147483649",
                                            "9223372036854775807",
                                            "-9223372036854775808"};
const char* kIntegersInRedis =
    "7d0000001700000101017f01c08002dfff02d00002cfff02f1001003f1ffef03f1ff7f03f1008003f200800004f2ff"
    "7fff04f2ffff7f04f2000080"
    "04f30000800005f3ffff7fff05f3ffffff7f05f30000008005f4000000800000000009f4ffffff7fffffffff09f4ff"
    "ffffffffffff7f09f4000000"
    "000000008009ff";

const std::vector<std::string> kStrings = {"",
                                           "a",
                                           "hello",
                                           "007",
                                           "-0",
                                           "+5",
                                           "9223372036854775808",
                                           std::string(63, 'x'),
                                           std::string(64, 'y')};
const char* kStringsInRedis =
    "b9000000090080018161028568656c6c6f068330303704822d3003822b350393393232333337323033363835343737"
    "3538303814bf787878787878"
    "7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
    "78787878787840e04079"
    "7979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
    "7979797979797979797979"
    "79797979797942ff";

TEST(ListpackTest, WritesIntegersAsRedisDoes) {
  const Listpack pack = Of(kIntegers);
  EXPECT_EQ(absl::BytesToHexString({pack.bytes().data(), pack.bytes().size()}), kIntegersInRedis);
}

TEST(ListpackTest, ReadsIntegersOfRedis) {
  const std::string bytes = FromHex(kIntegersInRedis);
  ASSERT_TRUE(Listpack::Validate(bytes));
  const Listpack pack = Listpack::CopyOf(bytes);
  EXPECT_EQ(Forward(pack), kIntegers);
  for (auto pos = pack.First(); pos != Listpack::kNone; pos = pack.Next(pos))
    EXPECT_TRUE(pack.Get(pos).is_integer());
}

TEST(ListpackTest, WritesStringsAsRedisDoes) {
  const Listpack pack = Of(kStrings);
  EXPECT_EQ(pack.bytes().size(), 0xb9u);
  EXPECT_EQ(absl::BytesToHexString({pack.bytes().data(), pack.bytes().size()}).substr(0, 118),
            std::string(kStringsInRedis).substr(0, 118));
  EXPECT_EQ(Forward(pack), kStrings);
}

// One string of n bytes: total size and last bytes (backward length, end) as redis-server wrote
// them.
TEST(ListpackTest, BackwardLengthsHaveRedissBounds) {
  const struct {
    size_t n;
    size_t total;
    const char* tail;
  } kCases[] = {{125, 135, "7a7fff"},      {126, 137, "0180ff"},       {127, 138, "0181ff"},
                {4093, 4104, "1fffff"},    {4095, 4106, "2081ff"},     {4096, 4110, "2085ff"},
                {16377, 16391, "7ffeff"},  {16378, 16393, "00ffffff"}, {16379, 16394, "018080ff"},
                {16380, 16395, "018081ff"}};
  for (const auto& c : kCases) {
    const Listpack pack = Of({std::string(c.n, 'z')});
    const std::string bytes(pack.bytes());
    EXPECT_EQ(bytes.size(), c.total) << c.n;
    const std::string tail = FromHex(c.tail);
    EXPECT_EQ(bytes.substr(bytes.size() - tail.size()), tail) << c.n;
    EXPECT_TRUE(Listpack::Validate(bytes));
    EXPECT_EQ(Backward(pack), Forward(pack));
  }
}

TEST(ListpackTest, EmptyOneOwnsNothingAndReadsAsEmpty) {
  const Listpack pack;
  EXPECT_EQ(pack.MemoryBytes(), 0u);
  EXPECT_EQ(pack.size(), 0u);
  EXPECT_EQ(pack.First(), Listpack::kNone);
  EXPECT_EQ(pack.Last(), Listpack::kNone);
  EXPECT_TRUE(Listpack::Validate(pack.bytes()));
}

TEST(ListpackTest, FindSkipsValuesOfPairs) {
  const Listpack pack = Of({"a", "b", "b", "7", "7", "c"});
  EXPECT_EQ(pack.Get(pack.Next(pack.Find("b", pack.First(), 1))).ToString(), "7");
  EXPECT_EQ(pack.Get(pack.Next(pack.Find("7", pack.First(), 1))).ToString(), "c");
  EXPECT_EQ(pack.Find("c", pack.First(), 1), Listpack::kNone);
  EXPECT_NE(pack.Find("c", pack.First()), Listpack::kNone);
}

// Other writers may store "5" as text or in more bytes than needed.
TEST(ListpackTest, FindsForeignSpellingsOfNumbers) {
  const std::string bytes = FromHex(
      "0e0000000200"
      "813502"
      "f1050003"
      "ff");
  ASSERT_TRUE(Listpack::Validate(bytes));
  const Listpack pack = Listpack::CopyOf(bytes);
  EXPECT_EQ(pack.Find("5", pack.First()), pack.First());
  EXPECT_EQ(pack.Find("5", pack.Next(pack.First())), pack.Last());
}

TEST(ListpackTest, CountsBeyondTheHeader) {
  Listpack pack;
  for (int64_t i = 0; i < 65600; ++i) pack.Append(i & 63);
  EXPECT_EQ(pack.size(), 65600u);
  EXPECT_TRUE(Listpack::Validate(pack.bytes()));
  EXPECT_EQ(pack.Get(pack.At(65537)).integer(), 65537 & 63);
  pack.Erase(pack.First(), 100);
  EXPECT_EQ(pack.size(), 65500u);
  EXPECT_TRUE(Listpack::Validate(pack.bytes()));
}

using ListpackRandomTest = SeededTest;

TEST_F(ListpackRandomTest, BehavesLikeAVector) {
  Listpack pack;
  std::vector<std::string> model;
  for (int step = 0; step < 6000; ++step) {
    const std::string value = OneIn(50) ? RandomBytes(Below(20000)) : RandomValue();
    const size_t at = Below(model.size() + 1);
    switch (model.size() > 60 ? 3 + Below(2) : Below(6)) {
      case 0:
      case 1: {
        const auto pos = pack.Insert(at == model.size() ? Listpack::kNone : pack.At(at), value);
        EXPECT_TRUE(pack.Equals(pos, value));
        model.insert(model.begin() + at, value);
        break;
      }
      case 2:
        if (at == model.size()) break;
        pack.Replace(pack.At(at), value);
        model[at] = value;
        break;
      case 3: {
        if (at == model.size()) break;
        const size_t count = 1 + Below(10);
        const auto next = pack.Erase(pack.At(at), count);
        model.erase(model.begin() + at, model.begin() + std::min(model.size(), at + count));
        EXPECT_EQ(next, pack.At(at));
        break;
      }
      case 4: {
        if (at == model.size()) break;
        Listpack tail = pack.SplitOff(pack.At(at));
        EXPECT_TRUE(Listpack::Validate(tail.bytes()));
        EXPECT_EQ(Forward(tail), std::vector<std::string>(model.begin() + at, model.end()));
        if (OneIn(2)) {
          pack.AppendAll(tail);
        } else {
          model.resize(at);
        }
        break;
      }
      default: {
        const auto found = std::find(model.begin(), model.end(), value);
        const auto pos = pack.Find(value, pack.First());
        ASSERT_EQ(pos == Listpack::kNone, found == model.end());
        if (found != model.end()) EXPECT_EQ(pos, pack.At(found - model.begin()));
      }
    }
    ASSERT_EQ(pack.size(), model.size());
    ASSERT_TRUE(Listpack::Validate(pack.bytes()));
    if (step % 16 == 0) {
      ASSERT_EQ(Forward(pack), model);
      std::vector<std::string> back = Backward(pack);
      std::reverse(back.begin(), back.end());
      ASSERT_EQ(back, model);
    }
  }
}

// Whatever passes validation can be read, edited and walked in both directions without touching
// foreign memory (ASAN).
TEST_F(ListpackRandomTest, DamagedBytesAreRefusedOrHarmless) {
  size_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    Listpack pack;
    for (size_t i = 0, n = Below(8); i < n; ++i) pack.Append(RandomValue(80));
    std::string bytes(pack.bytes());
    for (size_t i = 0, n = 1 + Below(3); i < n; ++i) {
      const size_t at = Below(bytes.size());
      switch (Below(4)) {
        case 0:
          bytes[at] = static_cast<char>(Below(256));
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8)));
          break;
        case 2:
          bytes.erase(at, 1 + Below(4));
          break;
        default:
          bytes.insert(at, RandomBytes(1 + Below(4)));
      }
      if (bytes.empty()) bytes = "x";
    }
    // Let the size agree half of the time, so that the damage inside is reached.
    if (bytes.size() >= 4 && OneIn(2)) {
      const auto size = static_cast<uint32_t>(bytes.size());
      bytes.replace(0, 4, reinterpret_cast<const char*>(&size), 4);
    }
    const std::vector<char> exact(bytes.begin(), bytes.end());  // no slack behind the end
    const std::string_view view(exact.data(), exact.size());
    if (!Listpack::Validate(view)) continue;
    ++accepted;
    Listpack copy = Listpack::CopyOf(view);
    const auto forward = Forward(copy);
    auto backward = Backward(copy);
    std::reverse(backward.begin(), backward.end());
    EXPECT_EQ(forward, backward);
    EXPECT_EQ(forward.size(), copy.size());
    copy.Append("tail");
    copy.Erase(copy.First());
    EXPECT_TRUE(Listpack::Validate(copy.bytes()));
  }
  EXPECT_GT(accepted, 100u);
}

TEST(ListpackTest, RefusesWhatIsNoListpack) {
  EXPECT_FALSE(Listpack::Validate(""));
  EXPECT_FALSE(Listpack::Validate(FromHex("060000000000")));      // no end mark
  EXPECT_FALSE(Listpack::Validate(FromHex("07000000000000")));    // the same, with the size of one
  EXPECT_FALSE(Listpack::Validate(FromHex("08000000000000ff")));  // a byte between header and end
  EXPECT_FALSE(
      Listpack::Validate(FromHex("07000000010"
                                 "0ff")));                          // counts one, holds none
  EXPECT_FALSE(Listpack::Validate(FromHex("0900000001008502ff")));  // string runs past the end
  EXPECT_FALSE(Listpack::Validate(FromHex("0900000001000502ff")));  // wrong backward length
  EXPECT_FALSE(
      Listpack::Validate(FromHex("0900000001"
                                 "00f001ff")));  // length cut off
  EXPECT_FALSE(
      Listpack::Validate(FromHex("0d00000001"
                                 "00f0ffffffff01ff")));  // length of 4 GB
  EXPECT_TRUE(Listpack::Validate(FromHex("0900000001000501ff")));
  EXPECT_TRUE(Listpack::Validate(FromHex("090000000500"
                                         "0501ff"),
                                 /*deep=*/false));
}

}  // namespace
}  // namespace basalt
