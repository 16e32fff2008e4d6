#include "core/base/numbers.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace basalt {
namespace {

constexpr size_t kInt64TextMax = 20;  // "-9223372036854775808"
constexpr size_t kFloatTextMax =
    5 * 1024;  // longer texts are refused, as Redis does for long doubles

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A text that strtod would accept needs a terminating zero: copied to the stack, or to the heap
// when it is absurdly long. `parse` is strtod or strtold.
template <class Float, Float (*parse)(const char*, char**)>
bool ParseWithC(std::string_view text, Float* out) {
  if (text.empty() || text.size() >= kFloatTextMax || IsSpace(text[0])) return false;
  char copy[kFloatTextMax];
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  errno = 0;
  char* end = nullptr;
  const Float value = parse(copy, &end);
  if (end != copy + text.size() || std::isnan(value)) return false;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return false;
  *out = value;
  return true;
}

}  // namespace

bool ParseInt64(std::string_view text, int64_t* out) {
  if (text.empty() || text.size() > kInt64TextMax) return false;
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = *p == '-';
  if (negative && ++p == end) return false;
  if (*p == '0') {
    if (text.size() != 1) return false;
    *out = 0;
    return true;
  }
  // Nineteen digits cannot overflow 64 unsigned bits, so only the twentieth needs to be refused.
  if (end - p > 19) return false;
  uint64_t value = 0;
  for (; p != end; ++p) {
    if (!IsDigit(*p)) return false;
    value = value * 10 + static_cast<uint64_t>(*p - '0');
  }
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (value > kMax + (negative ? 1 : 0)) return false;
  *out = static_cast<int64_t>(negative ? 0 - value : value);
  return true;
}

bool ParseUint64(std::string_view text, uint64_t* out) {
  if (text.empty() || !IsDigit(text[0])) return false;
  uint64_t value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  *out = value;
  return true;
}

bool ParseDouble(std::string_view text, double* out) {
  // from_chars is several times faster and takes a subset of strtod's grammar (no '+', no "0x", no
  // denormal rules of its own); what it does not finish is left to strtod, so that the accepted
  // texts stay strtod's.
  double value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (std::isnan(value)) return false;
    *out = value;
    return true;
  }
  return ParseWithC<double, std::strtod>(text, out);
}

bool ParseLongDouble(std::string_view text, long double* out) {
  return ParseWithC<long double, std::strtold>(text, out);
}

size_t FormatInt64(int64_t value, char out[24]) {
  return static_cast<size_t>(std::to_chars(out, out + 24, value).ptr - out);
}

size_t FormatUint64(uint64_t value, char out[24]) {
  return static_cast<size_t>(std::to_chars(out, out + 24, value).ptr - out);
}

size_t FormatDouble(double value, char out[kDoubleTextMax]) {
  constexpr double kExact =
      9007199254740992.0;  // 2^53: whole doubles up to here have at most 16 digits
  if (std::isnan(value)) {
    std::memcpy(out, "nan", 3);
    return 3;
  }
  if (value > -kExact && value < kExact && value == std::trunc(value) &&
      !(value == 0 && std::signbit(value))) {
    return FormatInt64(static_cast<int64_t>(value), out);
  }
  const auto result =
      std::to_chars(out, out + kDoubleTextMax, value, std::chars_format::general, 17);
  return static_cast<size_t>(result.ptr - out);
}

std::string FormatDouble(double value) {
  char text[kDoubleTextMax];
  return std::string(text, FormatDouble(value, text));
}

std::string FormatLongDouble(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (std::isnan(value)) return "nan";
  char text[kFloatTextMax];  // the largest long double has 4933 digits before the point
  int length = std::snprintf(text, sizeof(text), "%.17Lf", value);
  while (text[length - 1] == '0') --length;  // there is always a point, so this stops
  if (text[length - 1] == '.') --length;
  if (length == 2 && text[0] == '-' && text[1] == '0') return "0";
  return std::string(text, static_cast<size_t>(length));
}

}  // namespace basalt
