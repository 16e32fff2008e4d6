#include "core/base/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace basalt {
namespace {

TEST(Glob, Literals) {
  EXPECT_TRUE(GlobMatch("abc", "abc"));
  EXPECT_FALSE(GlobMatch("abc", "abcd"));
  EXPECT_FALSE(GlobMatch("abcd", "abc"));
  EXPECT_FALSE(GlobMatch("abc", "ABC"));
  EXPECT_TRUE(GlobMatch("abc", "ABC", true));
  EXPECT_TRUE(GlobMatch("", ""));
  EXPECT_FALSE(GlobMatch("", "a"));
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(GlobMatch("*", ""));
  EXPECT_TRUE(GlobMatch("***", "anything"));
  EXPECT_TRUE(GlobMatch("h?llo", "hello"));
  EXPECT_FALSE(GlobMatch("h?llo", "hllo"));
  EXPECT_FALSE(GlobMatch("?", ""));
  EXPECT_TRUE(GlobMatch("user:*:name", "user:1:2:name"));
  EXPECT_FALSE(GlobMatch("user:*:name", "user:1:names"));
  EXPECT_TRUE(GlobMatch("*a*b*c*", "xxaxxbxxcxx"));
  EXPECT_FALSE(GlobMatch("*a*b*c", "xxaxxbxxcxx"));
  EXPECT_TRUE(GlobMatch("*aab", "aaaab"));
}

TEST(Glob, Sets) {
  EXPECT_TRUE(GlobMatch("h[ae]llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h[ae]llo", "hillo"));
  EXPECT_TRUE(GlobMatch("h[^e]llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatch("[a-c]", "b"));
  EXPECT_TRUE(GlobMatch("[c-a]", "b"));
  EXPECT_FALSE(GlobMatch("[a-c]", "d"));
  EXPECT_TRUE(GlobMatch("[A-C]", "b", true));
  EXPECT_TRUE(GlobMatch("[\\]]", "]"));
  EXPECT_TRUE(GlobMatch("[\\-x]", "-"));
  EXPECT_TRUE(GlobMatch("[a-]", "a") == GlobMatch("[a-]", "]"));  // "a-]" is read as a range
  EXPECT_FALSE(GlobMatch("[]", "a"));
  EXPECT_TRUE(GlobMatch("[^]", "a"));
  EXPECT_TRUE(GlobMatch("[ab", "b"));  // never closed: ends with the pattern
}

TEST(Glob, Escapes) {
  EXPECT_TRUE(GlobMatch("\\*", "*"));
  EXPECT_FALSE(GlobMatch("\\*", "x"));
  EXPECT_TRUE(GlobMatch("a\\?b", "a?b"));
  EXPECT_TRUE(GlobMatch("a\\", "a\\"));
  EXPECT_TRUE(GlobMatch("\\a", "a"));
}

TEST(Glob, BytesBeyondAscii) {
  EXPECT_TRUE(GlobMatch("h\xc3\xa9llo*", "h\xc3\xa9llo w"));
  EXPECT_TRUE(GlobMatch(std::string_view("a\0*", 3), std::string_view("a\0b", 3)));
}

TEST(Glob, MaliciousPatternStaysCheap) {
  std::string pattern, text(20000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "a*";
  pattern += 'b';
  // Exponential in a naive matcher; here at most 1001 * 20000 steps.
  EXPECT_FALSE(GlobMatch(pattern, text));
}

// The definition, written as plainly (and slowly) as it can be, for patterns without sets.
bool Oracle(std::string_view p, std::string_view t) {
  if (p.empty()) return t.empty();
  if (p[0] == '*') return Oracle(p.substr(1), t) || (!t.empty() && Oracle(p, t.substr(1)));
  if (t.empty()) return false;
  if (p[0] == '?') return Oracle(p.substr(1), t.substr(1));
  if (p[0] == '\\' && p.size() > 1) p.remove_prefix(1);
  return p[0] == t[0] && Oracle(p.substr(1), t.substr(1));
}

TEST(Glob, AgreesWithTheDefinition) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto text = [&](const char* alphabet, size_t letters, size_t max) {
    std::string out(random() % (max + 1), ' ');
    for (char& c : out) c = alphabet[random() % letters];
    return out;
  };
  for (int i = 0; i < 100000; ++i) {
    const std::string pattern = text("ab*?\\", 5, 8), subject = text("ab*", 3, 8);
    ASSERT_EQ(GlobMatch(pattern, subject), Oracle(pattern, subject))
        << pattern << " on " << subject;
  }
}

TEST(Glob, LiteralPatterns) {
  EXPECT_TRUE(IsLiteralPattern("user:1"));
  for (const char* pattern : {"a*", "a?", "[a", "a\\b"}) EXPECT_FALSE(IsLiteralPattern(pattern));
}

}  // namespace
}  // namespace basalt
