#include "core/base/glob.h"

#include <cstddef>
#include <utility>

namespace basalt {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool Same(char a, char b, bool nocase) { return a == b || (nocase && Lower(a) == Lower(b)); }

bool InRange(char c, char first, char last, bool nocase) {
  // Redis orders the ends before it folds their case, and compares as plain (signed) chars; so do
  // we.
  auto lo = static_cast<signed char>(first), hi = static_cast<signed char>(last);
  if (lo > hi) std::swap(lo, hi);
  auto value = static_cast<signed char>(c);
  if (nocase) {
    lo = static_cast<signed char>(Lower(static_cast<char>(lo)));
    hi = static_cast<signed char>(Lower(static_cast<char>(hi)));
    value = static_cast<signed char>(Lower(c));
  }
  return value >= lo && value <= hi;
}

// Matches `c` against the set whose '[' is at *at, and moves *at behind its ']'. A set that is
// never closed ends with the pattern; a ']' closes it even as its first member.
bool MatchSet(std::string_view pattern, size_t* at, char c, bool nocase) {
  size_t i = *at + 1;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      found |= pattern[i + 1] == c;  // an escaped member keeps its case
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      found |= InRange(c, pattern[i], pattern[i + 2], nocase);
      i += 3;
    } else {
      found |= Same(pattern[i], c, nocase);
      ++i;
    }
  }
  *at = i < pattern.size() ? i + 1 : i;
  return found != negated;
}

// Matches `c` against the element (anything but '*') at *at and moves *at behind it.
bool MatchOne(std::string_view pattern, size_t* at, char c, bool nocase) {
  switch (pattern[*at]) {
    case '?':
      ++*at;
      return true;
    case '[':
      return MatchSet(pattern, at, c, nocase);
    case '\\':
      if (*at + 1 < pattern.size()) ++*at;
      [[fallthrough]];
    default:
      return Same(pattern[(*at)++], c, nocase);
  }
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, bool nocase) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t p = 0, t = 0;
  size_t star = kNone, star_text = 0;  // behind the last '*', and the first byte it does not cover
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (++p == pattern.size()) return true;
      star = p, star_text = t;
    } else if (p < pattern.size() && MatchOne(pattern, &p, text[t], nocase)) {
      ++t;
    } else if (star != kNone) {
      // An earlier '*' never needs another try: whatever it could give up, the last one can cover
      // instead.
      p = star, t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool IsLiteralPattern(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") == std::string_view::npos;
}

}  // namespace basalt
