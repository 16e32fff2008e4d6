#include "core/base/crc32c_zeros.h"

#include <array>
#include <cstddef>

namespace basalt {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected

// A linear map of states: what each bit of a state becomes.
using Map = std::array<uint32_t, 32>;

constexpr uint32_t Apply(const Map& map, uint32_t state) {
  uint32_t result = 0;
  for (int i = 0; state != 0; ++i, state >>= 1) {
    if (state & 1) result ^= map[i];
  }
  return result;
}

constexpr uint32_t ZeroBit(uint32_t state) {
  return (state & 1) ? (state >> 1) ^ kPolynomial : state >> 1;
}
// The polynomial's highest bit is set, so the highest bit of a state tells whether it was added.
constexpr uint32_t ZeroBitUndone(uint32_t state) {
  return (state & 0x80000000) ? (state ^ kPolynomial) << 1 | 1 : state << 1;
}

// [k]: of 2^k bytes.
using Maps = std::array<Map, 64>;

constexpr Maps MakeMaps(uint32_t (*bit)(uint32_t)) {
  Maps maps{};
  for (int i = 0; i < 32; ++i) {
    uint32_t state = uint32_t{1} << i;
    for (int n = 0; n < 8; ++n) state = bit(state);
    maps[0][i] = state;
  }
  for (size_t k = 1; k < maps.size(); ++k) {
    for (int i = 0; i < 32; ++i) maps[k][i] = Apply(maps[k - 1], maps[k - 1][i]);
  }
  return maps;
}

constexpr Maps kAfter = MakeMaps(ZeroBit);
constexpr Maps kBefore = MakeMaps(ZeroBitUndone);

uint32_t ApplyAll(const Maps& maps, uint32_t state, uint64_t bytes) {
  for (size_t k = 0; bytes != 0; ++k, bytes >>= 1) {
    if (bytes & 1) state = Apply(maps[k], state);
  }
  return state;
}

}  // namespace

uint32_t Crc32cAfterZeros(uint32_t state, uint64_t bytes) { return ApplyAll(kAfter, state, bytes); }
uint32_t Crc32cBeforeZeros(uint32_t state, uint64_t bytes) {
  return ApplyAll(kBefore, state, bytes);
}

}  // namespace basalt
