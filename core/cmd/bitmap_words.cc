#include "core/cmd/bitmap_words.h"

#include <bit>
#include <cstring>

#include "core/base/check.h"

namespace basalt::bits {
namespace {

uint64_t Word(const char* p) {
  uint64_t w;
  std::memcpy(&w, p, 8);
  return w;
}

uint8_t Byte(std::string_view bytes, uint64_t i) { return static_cast<uint8_t>(bytes[i]); }

// The bits of a byte from bit `first` on, and those up to bit `last`.
uint8_t FromMask(uint64_t first) { return static_cast<uint8_t>(0xff >> (first & 7)); }
uint8_t ToMask(uint64_t last) { return static_cast<uint8_t>(0xff << (7 - (last & 7))); }

uint64_t CountBytes(std::string_view bytes) {
  uint64_t count = 0;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8)
    count += static_cast<uint64_t>(std::popcount(Word(bytes.data() + i)));
  for (; i < bytes.size(); ++i) count += static_cast<uint64_t>(std::popcount(Byte(bytes, i)));
  return count;
}

// A field spans at most 9 bytes: this many from the one that holds its first bit.
size_t SpannedBytes(uint64_t offset, unsigned width) { return ((offset & 7) + width + 7) / 8; }

using Wide = unsigned __int128;

}  // namespace

uint64_t Count(std::string_view bytes, uint64_t first, uint64_t last) {
  uint64_t from = first / 8, to = last / 8;
  uint64_t count = CountBytes(bytes.substr(from, to - from + 1));
  count -= static_cast<uint64_t>(
      std::popcount(static_cast<uint8_t>(Byte(bytes, from) & ~FromMask(first))));
  count -=
      static_cast<uint64_t>(std::popcount(static_cast<uint8_t>(Byte(bytes, to) & ~ToMask(last))));
  return count;
}

uint64_t Find(std::string_view bytes, uint64_t first, uint64_t last, bool bit) {
  uint8_t flip = bit ? 0 : 0xff;  // so that the bit looked for is always a 1
  uint64_t boring = bit ? 0 : ~uint64_t{0};
  uint64_t i = first / 8, end = last / 8;
  while (i <= end) {
    bool edge = i == first / 8 || i == end;
    if (!edge && i + 8 < end && Word(bytes.data() + i) == boring) {
      i += 8;
      continue;
    }
    uint8_t b = Byte(bytes, i) ^ flip;
    if (i == first / 8) b &= FromMask(first);
    if (i == end) b &= ToMask(last);
    if (b != 0) return i * 8 + static_cast<uint64_t>(std::countl_zero(b));
    ++i;
  }
  return kNone;
}

uint64_t ReadField(std::string_view bytes, uint64_t offset, unsigned width) {
  size_t span = SpannedBytes(offset, width);
  Wide wide = 0;
  for (uint64_t i = offset / 8, end = i + span; i < end; ++i) {
    wide = wide << 8 | (i < bytes.size() ? Byte(bytes, i) : 0);
  }
  wide >>= span * 8 - (offset & 7) - width;
  uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  return static_cast<uint64_t>(wide) & mask;
}

void WriteField(char* bytes, size_t size, uint64_t offset, unsigned width, uint64_t value) {
  size_t span = SpannedBytes(offset, width);
  BASALT_CHECK(offset / 8 + span <= size);
  unsigned char* p = reinterpret_cast<unsigned char*>(bytes) + offset / 8;
  Wide wide = 0;
  for (size_t i = 0; i < span; ++i) wide = wide << 8 | p[i];
  size_t shift = span * 8 - (offset & 7) - width;
  Wide mask = ((Wide{1} << width) - 1) << shift;
  wide = (wide & ~mask) | ((Wide{value} << shift) & mask);
  for (size_t i = span; i-- > 0; wide >>= 8) p[i] = static_cast<unsigned char>(wide);
}

}  // namespace basalt::bits
