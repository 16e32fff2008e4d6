#include "core/base/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

namespace basalt {
namespace {

bool Takes(std::string_view text, int64_t expected) {
  int64_t value = 77;
  return ParseInt64(text, &value) && value == expected;
}

bool Refuses(std::string_view text) {
  int64_t value = 77;
  return !ParseInt64(text, &value) && value == 77;
}

TEST(ParseInt64, TakesTheCanonicalSpellingOnly) {
  EXPECT_TRUE(Takes("0", 0));
  EXPECT_TRUE(Takes("7", 7));
  EXPECT_TRUE(Takes("-1", -1));
  EXPECT_TRUE(Takes("9223372036854775807", INT64_MAX));
  EXPECT_TRUE(Takes("-9223372036854775808", INT64_MIN));
  for (const char* text :
       {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1a", "a", "0x1", "1.0",
        "9223372036854775808", "-9223372036854775809", "18446744073709551616",
        "99999999999999999999", "-99999999999999999999", "123456789012345678901"}) {
    EXPECT_TRUE(Refuses(text)) << text;
  }
  EXPECT_TRUE(Refuses(std::string_view("1\0", 2)));
}

TEST(ParseInt64, ReadsBackWhatFormatWrites) {
  std::mt19937_64 random(20261122);
  for (int i = 0; i < 100000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    char text[24];
    const size_t length = FormatInt64(value, text);
    ASSERT_EQ(std::string(text, length), std::to_string(value));
    ASSERT_TRUE(Takes({text, length}, value)) << value;
  }
}

TEST(ParseUint64, TakesDigitsWithLeadingZeros) {
  uint64_t value = 0;
  EXPECT_TRUE(ParseUint64("18446744073709551615", &value) && value == UINT64_MAX);
  EXPECT_TRUE(ParseUint64("007", &value) && value == 7);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "x"}) {
    EXPECT_FALSE(ParseUint64(text, &value)) << text;
  }
}

TEST(ParseDouble, TakesWhatStrtodTakesInFull) {
  struct Case {
    const char* text;
    double value;
  };
  for (const Case& c : {Case{"1", 1},
                        {"-1.5", -1.5},
                        {"+2", 2},
                        {".5", .5},
                        {"5.", 5},
                        {"1e3", 1000},
                        {"0x1p4", 16},
                        {"-0X10", -16},
                        {"inf", INFINITY},
                        {"+inf", INFINITY},
                        {"-Infinity", -INFINITY},
                        {"1E-2", .01},
                        {"00012", 12},
                        {"5e-324", 5e-324}}) {
    double value = 77;
    EXPECT_TRUE(ParseDouble(c.text, &value)) << c.text;
    EXPECT_EQ(value, c.value) << c.text;
    long double wide = 77;
    EXPECT_TRUE(ParseLongDouble(c.text, &wide)) << c.text;
  }
}

TEST(ParseDouble, RefusesTheRest) {
  for (const char* text : {"", " 1", "1 ", "nan", "-nan", "nan(1)", "1x", "x", "1e999", "-1e999",
                           "1e-999", "--1", "1,5", "0x", "e5", "\t1", "."}) {
    double value = 77;
    EXPECT_FALSE(ParseDouble(text, &value)) << text;
    EXPECT_EQ(value, 77);
  }
  double value;
  EXPECT_FALSE(ParseDouble(std::string_view("1\0", 2), &value));
  EXPECT_FALSE(ParseDouble(std::string(6000, '1'), &value) && std::isfinite(value));
  long double wide;
  EXPECT_FALSE(ParseLongDouble("nan", &wide));
  EXPECT_FALSE(ParseLongDouble(" 1", &wide));
  EXPECT_FALSE(ParseLongDouble("1e9999", &wide));
}

TEST(FormatDouble, IsPercentDot17g) {
  EXPECT_EQ(FormatDouble(0.0), "0");
  EXPECT_EQ(FormatDouble(-0.0), "-0");
  EXPECT_EQ(FormatDouble(3.0), "3");
  EXPECT_EQ(FormatDouble(0.1), "0.10000000000000001");
  EXPECT_EQ(FormatDouble(1e20), "1e+20");
  EXPECT_EQ(FormatDouble(INFINITY), "inf");
  EXPECT_EQ(FormatDouble(-INFINITY), "-inf");
  EXPECT_EQ(FormatDouble(NAN), "nan");
  std::mt19937_64 random(20261122);
  for (int i = 0; i < 100000; ++i) {
    double value;
    const uint64_t bits = random();
    if (i % 3 == 0) {
      value = static_cast<double>(static_cast<int64_t>(bits) >> (bits % 64));
    } else if (i % 3 == 1) {
      value = static_cast<double>(static_cast<int64_t>(bits) >> (bits % 64)) / 1000;
    } else {
      static_assert(sizeof(value) == sizeof(bits));
      __builtin_memcpy(&value, &bits, sizeof(value));
    }
    if (!std::isfinite(value)) continue;
    char expected[64];
    std::snprintf(expected, sizeof(expected), "%.17g", value);
    ASSERT_EQ(FormatDouble(value), expected);
    double back;
    // Denormals come back too; only an underflow to zero is refused.
    ASSERT_TRUE(ParseDouble(expected, &back)) << expected;
    ASSERT_EQ(back, value);
  }
}

TEST(FormatLongDouble, IsFixedAndTrimmed) {
  EXPECT_EQ(FormatLongDouble(0), "0");
  EXPECT_EQ(FormatLongDouble(-0.0L), "0");
  EXPECT_EQ(FormatLongDouble(-1e-30L), "0");
  EXPECT_EQ(FormatLongDouble(10), "10");
  EXPECT_EQ(FormatLongDouble(10.5L), "10.5");
  EXPECT_EQ(FormatLongDouble(-3.75L), "-3.75");
  EXPECT_EQ(FormatLongDouble(5.0e3L), "5000");
  EXPECT_EQ(FormatLongDouble(1e20L), "100000000000000000000");
  EXPECT_EQ(FormatLongDouble(INFINITY), "inf");
  EXPECT_EQ(FormatLongDouble(-INFINITY), "-inf");
  long double tenth = 0;
  ASSERT_TRUE(ParseLongDouble("0.1", &tenth));
  EXPECT_EQ(FormatLongDouble(tenth), "0.1");
  EXPECT_EQ(FormatLongDouble(std::numeric_limits<long double>::max()).size(), 4933u);
}

}  // namespace
}  // namespace basalt
