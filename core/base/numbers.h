// Numbers to and from text, with exactly the acceptance rules and spellings that Redis clients see.
// Pure functions; any thread. Parsers leave *out untouched when they return false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace basalt {

// The one canonical decimal spelling only: no spaces, no '+', no leading zeros, no "-0". So a text
// accepted here equals FormatInt64 of its value, which is why a string value may be stored as an
// integer and come back unchanged.
[[nodiscard]] bool ParseInt64(std::string_view text, int64_t* out);

// Digits only, leading zeros allowed (cursors and stream ids are written that way), no sign, no
// overflow.
[[nodiscard]] bool ParseUint64(std::string_view text, uint64_t* out);

// Everything strtod takes ("1e3", "+.5", "0x1p4", "inf", "-Infinity") as long as it is the whole
// text, does not begin with white space, is not NaN, and neither overflows to infinity nor
// underflows to zero.
[[nodiscard]] bool ParseDouble(std::string_view text, double* out);
[[nodiscard]] bool ParseLongDouble(std::string_view text, long double* out);

// Writes the decimal text of `value` (at most 20 bytes, no terminating zero) and returns its
// length.
size_t FormatInt64(int64_t value, char out[24]);
size_t FormatUint64(uint64_t value, char out[24]);

// 17 significant digits ("%.17g"), "inf", "-inf", "nan": how scores and other doubles are sent. At
// most 24 bytes.
inline constexpr size_t kDoubleTextMax = 32;
size_t FormatDouble(double value, char out[kDoubleTextMax]);
std::string FormatDouble(double value);

// Fixed notation with up to 17 decimals, trailing zeros (and a bare point) cut, never "-0": what
// INCRBYFLOAT stores.
std::string FormatLongDouble(long double value);

}  // namespace basalt
