// Checksums: CRC16 gives a key's slot, CRC64 guards RDB files, CRC32C guards log batches.
// Pure functions over immutable tables; any thread. All of them may be fed piece by piece.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/ids.h"

namespace basalt {

// CRC-16/XMODEM (polynomial 0x1021, initial value 0), the hash of Redis Cluster.
uint16_t Crc16(std::string_view data);

// The same without carry-less products; for tests, and what Crc16 uses where there are none.
uint16_t Crc16Portable(std::string_view data);

// The slot of a key. Only the text between the first '{' and the first '}' after it counts, unless
// that text is empty.
SlotId SlotOf(std::string_view key);

// CRC-64 with Jones's polynomial, reflected, no final inversion: the trailer of an RDB file. Start
// with 0.
uint64_t Crc64(uint64_t crc, std::string_view data);

// CRC-32C (Castagnoli), inverted on the way in and out, so Crc32c(Crc32c(0, a), b) == Crc32c(0, a +
// b).
uint32_t Crc32c(uint32_t crc, std::string_view data);

// The same without the processor's instruction; for tests, and what Crc32c uses where there is
// none.
uint32_t Crc32cPortable(uint32_t crc, std::string_view data);

}  // namespace basalt
