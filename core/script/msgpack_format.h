// The first bytes of MessagePack values.
//
//   00..7f  the number 0..127             c0  nil    c2 c3  false, true
//   80..8f  map of 0..15 pairs            ca cb  float of 4, 8 bytes
//   90..9f  array of 0..15 values         cc..cf  unsigned of 1, 2, 4, 8 bytes
//   a0..bf  string of 0..31 bytes         d0..d3  signed of 1, 2, 4, 8 bytes
//   e0..ff  the number -32..-1            d9 da db  string, its length in 1, 2, 4 bytes
//                                         dc dd  array, de df  map: count in 2, 4 bytes
//
// Everything is big-endian.
#pragma once

#include <cstdint>

namespace basalt::msgpack {

inline constexpr uint8_t kMap = 0x80, kMapEnd = 0x8f;
inline constexpr uint8_t kArray = 0x90, kArrayEnd = 0x9f;
inline constexpr uint8_t kString = 0xa0, kStringEnd = 0xbf;
inline constexpr uint8_t kNil = 0xc0, kFalse = 0xc2, kTrue = 0xc3;
inline constexpr uint8_t kFloat = 0xca, kDouble = 0xcb;
inline constexpr uint8_t kUint8 = 0xcc, kUint16 = 0xcd, kUint32 = 0xce, kUint64 = 0xcf;
inline constexpr uint8_t kInt8 = 0xd0, kInt16 = 0xd1, kInt32 = 0xd2, kInt64 = 0xd3;
inline constexpr uint8_t kString8 = 0xd9, kString16 = 0xda, kString32 = 0xdb;
inline constexpr uint8_t kArray16 = 0xdc, kArray32 = 0xdd;
inline constexpr uint8_t kMap16 = 0xde, kMap32 = 0xdf;
inline constexpr uint8_t kNegative = 0xe0;  // this and all above

}  // namespace basalt::msgpack
