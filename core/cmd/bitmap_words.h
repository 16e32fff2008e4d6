// Bits of a string, numbered as Redis does: bit 0 is the highest bit of byte 0. Pure functions; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace basalt::bits {

// How many of the bits `first` to `last` (inclusive, within the string) are set.
uint64_t Count(std::string_view bytes, uint64_t first, uint64_t last);

inline constexpr uint64_t kNone = UINT64_MAX;
// The first bit of `first` to `last` (inclusive, within the string) that equals `bit`, or kNone.
uint64_t Find(std::string_view bytes, uint64_t first, uint64_t last, bool bit);

// The number of `width` (1 to 64) bits from bit `offset` on; beyond the string there are zeros.
uint64_t ReadField(std::string_view bytes, uint64_t offset, unsigned width);
// Writes the lowest `width` bits of `value`; all of them must lie within `size` bytes.
void WriteField(char* bytes, size_t size, uint64_t offset, unsigned width, uint64_t value);

}  // namespace basalt::bits
