#include "core/base/crc.h"

#include <random>
#include <string>

#include "gtest/gtest.h"

namespace basalt {
namespace {

constexpr std::string_view kDigits = "123456789";

TEST(CrcTest, CheckValuesOfTheCatalogue) {
  EXPECT_EQ(Crc16(kDigits), 0x31c3);
  EXPECT_EQ(Crc64(0, kDigits), 0xe9c6d914c4b8d9caULL);
  EXPECT_EQ(Crc32c(0, kDigits), 0xe3069283u);
  EXPECT_EQ(Crc32cPortable(0, kDigits), 0xe3069283u);
}

TEST(CrcTest, EmptyInputChangesNothing) {
  EXPECT_EQ(Crc16(""), 0);
  EXPECT_EQ(Crc64(42, ""), 42u);
  EXPECT_EQ(Crc32c(42, ""), 42u);
}

TEST(CrcTest, PiecesGiveTheSameAsTheWholeAtEveryLengthAndSplit) {
  std::mt19937_64 random(1);
  std::string text;
  for (int i = 0; i < 70; ++i) text.push_back(static_cast<char>(random()));
  for (size_t length = 0; length <= text.size(); ++length) {
    const std::string_view whole = std::string_view(text).substr(0, length);
    EXPECT_EQ(Crc32c(0, whole), Crc32cPortable(0, whole));
    for (size_t split = 0; split <= length; ++split) {
      EXPECT_EQ(Crc32c(Crc32c(0, whole.substr(0, split)), whole.substr(split)), Crc32c(0, whole));
      EXPECT_EQ(Crc64(Crc64(0, whole.substr(0, split)), whole.substr(split)), Crc64(0, whole));
    }
  }
}

TEST(CrcTest, Crc16IsItsDefinitionBitByBitAtEveryLength) {
  std::mt19937_64 random(16);
  std::string data;
  for (size_t length = 0; length < 100; ++length) {
    uint32_t crc = 0;
    for (char c : data) {
      crc ^= static_cast<uint8_t>(c) << 8;
      for (int bit = 0; bit < 8; ++bit)
        crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
    EXPECT_EQ(Crc16(data), crc) << length;
    EXPECT_EQ(Crc16Portable(data), crc) << length;
    data.push_back(static_cast<char>(random()));
  }
}

// Slots that redis-server 7.0.15 answers to CLUSTER KEYSLOT.
TEST(CrcTest, SlotsAreThoseOfRedisCluster) {
  EXPECT_EQ(SlotOf("foo").value, 12182);
  EXPECT_EQ(SlotOf("bar").value, 5061);
  EXPECT_EQ(SlotOf("").value, 0);
  EXPECT_EQ(SlotOf("123456789").value, 12739);
}

TEST(CrcTest, OnlyTheFirstNonEmptyHashtagCounts) {
  EXPECT_EQ(SlotOf("{user1000}.following"), SlotOf("user1000"));
  EXPECT_EQ(SlotOf("a{user1000}b{other}"), SlotOf("user1000"));
  EXPECT_EQ(SlotOf("foo{{bar}}zap"), SlotOf("{bar"));
  EXPECT_EQ(SlotOf("foo{}{bar}").value, Crc16("foo{}{bar}") % kSlotCount);
  EXPECT_EQ(SlotOf("foo{bar").value, Crc16("foo{bar") % kSlotCount);
  EXPECT_EQ(SlotOf("foo}bar{").value, Crc16("foo}bar{") % kSlotCount);
}

TEST(CrcTest, AHashtagIsFoundAtEveryPlace) {
  for (size_t before = 0; before < 40; ++before) {
    for (size_t after = 0; after < 20; ++after) {
      // Bytes that differ from a brace in one bit, or are next to it, are none.
      const std::string key = std::string(before, 'z') + "{tag}" + std::string(after, '\xfb');
      EXPECT_EQ(SlotOf(key), SlotOf("tag")) << before << ' ' << after;
      const std::string none = std::string(before, '|') + "ztag}" + std::string(after, '\xfb');
      EXPECT_EQ(SlotOf(none).value, Crc16(none) % kSlotCount) << before << ' ' << after;
    }
  }
}

}  // namespace
}  // namespace basalt
