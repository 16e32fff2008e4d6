#include "core/script/sha1.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace basalt::script {
namespace {

constexpr size_t kBlock = 64;

void AddBlock(const unsigned char* block, uint32_t state[5]) {
  uint32_t w[80];
  for (int i = 0; i < 16; ++i) {
    uint32_t word;
    std::memcpy(&word, block + i * 4, 4);
    w[i] = __builtin_bswap32(word);
  }
  for (int i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; ++i) {
    uint32_t f, k;
    if (i < 20) {
      f = (b & c) | (~b & d), k = 0x5a827999;
    } else if (i < 40) {
      f = b ^ c ^ d, k = 0x6ed9eba1;
    } else if (i < 60) {
      f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    } else {
      f = b ^ c ^ d, k = 0xca62c1d6;
    }
    uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

}  // namespace

std::string Sha1Hex(std::string_view bytes) {
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= kBlock; left -= kBlock, data += kBlock) AddBlock(data, state);
  // The rest, a one bit, zeros, and the length in bits: one block or two.
  unsigned char tail[2 * kBlock] = {};
  if (left > 0) std::memcpy(tail, data, left);
  tail[left] = 0x80;
  size_t size = left + 9 <= kBlock ? kBlock : 2 * kBlock;
  uint64_t bits = __builtin_bswap64(static_cast<uint64_t>(bytes.size()) * 8);
  std::memcpy(tail + size - 8, &bits, 8);
  for (size_t at = 0; at < size; at += kBlock) AddBlock(tail + at, state);
  std::string hex(kShaHexBytes, '0');
  for (size_t i = 0; i < kShaHexBytes; ++i)
    hex[i] = "0123456789abcdef"[state[i / 8] >> (28 - i % 8 * 4) & 15];
  return hex;
}

}  // namespace basalt::script
