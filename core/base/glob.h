// Glob patterns of KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET and ACL. Pure function; any thread.
//   *  any bytes      ?  one byte      [abc] [a-z] [^a]  one byte of, or not of, a set      \x  the
//   byte x itself
// Bytes, not characters: UTF-8 text matches byte by byte.
#pragma once

#include <string_view>

namespace basalt {

// Does `pattern` match the whole of `text`? Time is at most pattern.size() * text.size() and the
// stack is constant, whatever the pattern: only the last '*' is ever tried again.
[[nodiscard]] bool GlobMatch(std::string_view pattern, std::string_view text, bool nocase = false);

// True when `pattern` has no special byte, so that it can match nothing but itself.
[[nodiscard]] bool IsLiteralPattern(std::string_view pattern);

}  // namespace basalt
