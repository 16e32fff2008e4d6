#include "core/base/strings.h"

#include <gtest/gtest.h>

namespace basalt {
namespace {

TEST(StrCat, JoinsTextsAndNumbers) {
  const std::string text = "s";
  const std::string_view view = "v";
  EXPECT_EQ(StrCat("a", text, view, ' ', -5, size_t{7}, uint64_t{18446744073709551615u}, ' ', 0.5),
            "asv -5718446744073709551615 0.5");
  EXPECT_EQ(StrCat(std::string_view("a\0b", 3), "").size(), 3u);
}

TEST(StrAppend, KeepsWhatIsThere) {
  std::string out = "x";
  for (int i = 0; i < 1000; ++i) StrAppend(&out, i % 10);
  EXPECT_EQ(out.size(), 1001u);
  EXPECT_EQ(out.substr(0, 4), "x012");
}

TEST(Case, IsAsciiOnly) {
  EXPECT_EQ(ToLower("GeT\xc3\x89"), "get\xc3\x89");
  EXPECT_EQ(ToUpper("config|get1"), "CONFIG|GET1");
  EXPECT_TRUE(EqualsNoCase("KeepTTL", "KEEPTTL"));
  EXPECT_FALSE(EqualsNoCase("[", "{"));
  EXPECT_FALSE(EqualsNoCase("a", "ab"));
}

}  // namespace
}  // namespace basalt
