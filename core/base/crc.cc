#include "core/base/crc.h"

#include <array>
#include <cstddef>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace basalt {
namespace {

// Tables for eight bytes at a time: [k][b] is the effect of byte b with k more bytes behind it.
template <class Word>
using SliceTables = std::array<std::array<Word, 256>, 8>;

constexpr SliceTables<uint16_t> MakeCrc16Tables() {
  SliceTables<uint16_t> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint16_t crc = static_cast<uint16_t>(i << 8);
    for (size_t k = 0; k < 8; ++k) {
      for (int bit = 0; bit < 8; ++bit)
        crc = static_cast<uint16_t>((crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1);
      tables[k][i] = crc;
    }
  }
  return tables;
}

// Of a reflected CRC.
template <class Word>
constexpr SliceTables<Word> MakeSliceTables(Word reflected_polynomial) {
  SliceTables<Word> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    Word crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 1) ? (crc >> 1) ^ reflected_polynomial : crc >> 1;
    tables[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (size_t k = 1; k < 8; ++k) {
      tables[k][i] = tables[0][tables[k - 1][i] & 0xff] ^ (tables[k - 1][i] >> 8);
    }
  }
  return tables;
}

constexpr auto kCrc16Tables = MakeCrc16Tables();
constexpr auto kCrc64Tables = MakeSliceTables<uint64_t>(0x95ac9329ac4bc9b5);
constexpr auto kCrc32cTables = MakeSliceTables<uint32_t>(0x82f63b78);

uint64_t LoadWord(const char* p) {  // little endian, as every machine this runs on
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

template <class Word>
Word SliceBy8(const SliceTables<Word>& tables, Word crc, std::string_view data) {
  const char* p = data.data();
  size_t n = data.size();
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word = LoadWord(p) ^ crc;
    crc = tables[7][word & 0xff] ^ tables[6][(word >> 8) & 0xff] ^ tables[5][(word >> 16) & 0xff] ^
          tables[4][(word >> 24) & 0xff] ^ tables[3][(word >> 32) & 0xff] ^
          tables[2][(word >> 40) & 0xff] ^ tables[1][(word >> 48) & 0xff] ^ tables[0][word >> 56];
  }
  for (; n > 0; ++p, --n) {
    crc = tables[0][(crc ^ static_cast<uint8_t>(*p)) & 0xff] ^ (crc >> 8);
  }
  return crc;
}

// A call of memchr takes longer for keys of a usual length.
bool HasBrace(std::string_view text) {
#ifdef __SSE2__
  const __m128i brace = _mm_set1_epi8('{');
  const char* const p = text.data();
  const size_t n = text.size();
  const auto sixteen = [&](size_t at) {
    return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at)), brace);
  };
  const auto eight = [&](size_t at) {
    return _mm_cmpeq_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p + at)), brace);
  };
  if (n >= 16) {
    __m128i found = sixteen(n - 16);
    for (size_t i = 0; i + 16 < n; i += 16) found = _mm_or_si128(found, sixteen(i));
    return _mm_movemask_epi8(found) != 0;
  }
  if (n >= 8) return _mm_movemask_epi8(_mm_or_si128(eight(0), eight(n - 8))) != 0;
#endif
  return text.find('{') != std::string_view::npos;
}

// What decides about the slot: what is in the first pair of braces, unless that is nothing.
std::string_view HashedPart(std::string_view key) {
  const size_t open = key.find('{');
  const size_t close = open == std::string_view::npos ? open : key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

}  // namespace

uint16_t Crc16Portable(std::string_view data) {
  const auto& tables = kCrc16Tables;
  const char* p = data.data();
  uint16_t crc = 0;
  // The odd bytes go first: leading zeros change nothing, so no byte waits for the one before it.
  for (size_t k = data.size() % 8; k > 0; ++p) crc ^= tables[--k][static_cast<uint8_t>(*p)];
  for (const char* end = data.data() + data.size(); p != end; p += 8) {
    const uint64_t word = LoadWord(p);
    crc = tables[7][(word ^ crc >> 8) & 0xff] ^ tables[6][(word >> 8 ^ crc) & 0xff] ^
          tables[5][(word >> 16) & 0xff] ^ tables[4][(word >> 24) & 0xff] ^
          tables[3][(word >> 32) & 0xff] ^ tables[2][(word >> 40) & 0xff] ^
          tables[1][(word >> 48) & 0xff] ^ tables[0][word >> 56];
  }
  return crc;
}

#ifdef __x86_64__
namespace {

constexpr unsigned kCrc16Polynomial = 0x11021;  // x^16 + x^12 + x^5 + 1

// x^80 divided by the polynomial, without its highest bit, x^64.
constexpr uint64_t kCrc16Quotient = [] {
  unsigned __int128 rest = static_cast<unsigned __int128>(1) << 80;
  uint64_t quotient = 0;
  for (int bit = 80; bit >= 16; --bit) {
    if ((rest >> bit & 1) == 0) continue;
    rest ^= static_cast<unsigned __int128>(kCrc16Polynomial) << (bit - 16);
    if (bit < 80) quotient |= uint64_t{1} << (bit - 16);
  }
  return quotient;
}();

// Barrett's reduction of `word` times x^16: with all 64 bits of the quotient it is exact. After
// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009).
[[gnu::target("pclmul,sse4.1"), gnu::always_inline]] inline uint16_t Crc16OfWord(uint64_t word) {
  const __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(word)),
                           _mm_cvtsi64_si128(static_cast<int64_t>(kCrc16Quotient)), 0);
  const auto q = static_cast<uint32_t>(word ^ static_cast<uint64_t>(_mm_extract_epi64(product, 1)));
  return static_cast<uint16_t>(q ^ q << 5 ^ q << 12);
}

[[gnu::target("pclmul,sse4.1")]] uint16_t Crc16ByProducts(std::string_view data) {
  const char* p = data.data();
  const char* const end = p + data.size();
  uint64_t crc = 0;
  if (const size_t odd = data.size() % 8; odd > 0) {  // leading zeros change nothing
    uint64_t word = 0;
    for (const char* const begin = p; p != begin + odd; ++p)
      word = word << 8 | static_cast<uint8_t>(*p);
    crc = Crc16OfWord(word);
  }
  for (; p != end; p += 8) crc = Crc16OfWord(__builtin_bswap64(LoadWord(p)) ^ crc << 48);
  return static_cast<uint16_t>(crc);
}

const bool g_has_products = __builtin_cpu_supports("pclmul");

}  // namespace

uint16_t Crc16(std::string_view data) {
  return g_has_products ? Crc16ByProducts(data) : Crc16Portable(data);
}
#else
uint16_t Crc16(std::string_view data) { return Crc16Portable(data); }
#endif

namespace {

SlotId SlotOfWhole(std::string_view text) {
  return SlotId(static_cast<uint16_t>(Crc16(text) % kSlotCount));
}

[[gnu::noinline]] SlotId SlotOfTagged(std::string_view key) { return SlotOfWhole(HashedPart(key)); }

}  // namespace

SlotId SlotOf(std::string_view key) { return HasBrace(key) ? SlotOfTagged(key) : SlotOfWhole(key); }

uint64_t Crc64(uint64_t crc, std::string_view data) { return SliceBy8(kCrc64Tables, crc, data); }

uint32_t Crc32cPortable(uint32_t crc, std::string_view data) {
  return ~SliceBy8(kCrc32cTables, ~crc, data);
}

#ifdef __SSE4_2__
uint32_t Crc32c(uint32_t crc, std::string_view data) {
  const char* p = data.data();
  size_t n = data.size();
  uint64_t state = static_cast<uint32_t>(~crc);
  for (; n >= 32; p += 32, n -= 32) {
    state = _mm_crc32_u64(state, LoadWord(p));
    state = _mm_crc32_u64(state, LoadWord(p + 8));
    state = _mm_crc32_u64(state, LoadWord(p + 16));
    state = _mm_crc32_u64(state, LoadWord(p + 24));
  }
  for (; n >= 8; p += 8, n -= 8) state = _mm_crc32_u64(state, LoadWord(p));
  uint32_t state32 = static_cast<uint32_t>(state);
  for (; n > 0; ++p, --n) state32 = _mm_crc32_u8(state32, static_cast<uint8_t>(*p));
  return ~state32;
}
#else
uint32_t Crc32c(uint32_t crc, std::string_view data) { return Crc32cPortable(crc, data); }
#endif

}  // namespace basalt
