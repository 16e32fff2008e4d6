// A checksum as 16 hexadecimal digits, and back. Pure functions; any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace basalt::rdb {

inline std::string FormatHex64(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// Exactly 16 lower-case digits.
[[nodiscard]] inline bool ParseHex64(std::string_view text, uint64_t* out) {
  const char* end = text.data() + text.size();
  uint64_t value;
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (text.size() != 16 || error != std::errc() || stop != end || FormatHex64(value) != text)
    return false;
  *out = value;
  return true;
}

}  // namespace basalt::rdb
