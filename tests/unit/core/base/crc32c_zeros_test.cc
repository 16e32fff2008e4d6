#include "core/base/crc32c_zeros.h"

#include <random>
#include <string>

#include "core/base/crc.h"
#include "gtest/gtest.h"

namespace basalt {
namespace {

uint32_t State(uint32_t before, std::string_view data) { return ~Crc32c(~before, data); }

TEST(Crc32cZerosTest, AreWhatZeroBytesDo) {
  std::mt19937 random(1);
  for (size_t n : {0, 1, 2, 3, 4, 7, 8, 91, 1000, 65536, 1'000'003}) {
    const auto state = static_cast<uint32_t>(random());
    const uint32_t after = State(state, std::string(n, '\0'));
    EXPECT_EQ(Crc32cAfterZeros(state, n), after) << n;
    EXPECT_EQ(Crc32cBeforeZeros(after, n), state) << n;
  }
}

TEST(Crc32cZerosTest, PartsGiveTheWholeAndTheWholeGivesParts) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 100; ++round) {
    std::string a(random() % 300, '\0'), b(random() % 300, '\0');
    for (char& c : a) c = static_cast<char>(random());
    for (char& c : b) c = static_cast<char>(random());
    const auto from = static_cast<uint32_t>(random());
    const uint32_t whole = State(from, a + b);
    EXPECT_EQ(whole, Crc32cAfterZeros(State(from, a), b.size()) ^ State(0, b));
    EXPECT_EQ(State(from, a), Crc32cBeforeZeros(whole ^ State(0, b), b.size()));
  }
}

TEST(Crc32cZerosTest, LargeNumbersGoForwardAndBack) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 100; ++round) {
    const uint64_t n = random() >> (round % 64);
    const auto state = static_cast<uint32_t>(random());
    EXPECT_EQ(Crc32cBeforeZeros(Crc32cAfterZeros(state, n), n), state) << n;
  }
}

}  // namespace
}  // namespace basalt
