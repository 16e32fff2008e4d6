// What zero bytes do to the state of a CRC-32C, forward and backward, in the time of a few hundred
// instructions whatever their number. So checksums of parts give that of the whole and the other
// way round, without another look at the bytes:
//
//   State(a + b, from s)  == Crc32cAfterZeros(State(a, from s), |b|) ^ State(b, from 0)
//   Crc32cBeforeZeros(Crc32cAfterZeros(s, n), n) == s
//
// A state is a checksum without the inversion on the way in and out: ~Crc32c(~state, data) is the
// state after `data`. Pure functions, any thread.
#pragma once

#include <cstdint>

namespace basalt {

uint32_t Crc32cAfterZeros(uint32_t state, uint64_t bytes);
uint32_t Crc32cBeforeZeros(uint32_t state, uint64_t bytes);

}  // namespace basalt
