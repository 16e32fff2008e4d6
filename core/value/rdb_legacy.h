// Reads the packed encodings that only old RDB files hold: ziplist (before 7.0) and zipmap
// (before 2.6). Nothing writes them. The bytes are untrusted: everything is checked before it is
// touched. Pure functions; any thread.
//
//   ziplist = bytes(4) tail-offset(4) count(2) { previous-length(1 or 5) entry } 0xFF           all
//   little endian
//     entry = 00llllll text | 01llllll llllllll text (big endian) | 0x80 length(4, big endian) text
//           | 0xC0 int16 | 0xD0 int32 | 0xE0 int64 | 0xF0 int24 | 0xFE int8 | 0xF1..0xFD the
//           integers 0..12
//   zipmap  = count(1) { length field  length free(1) value  free bytes } 0xFF
//    length = 0..253 | 254 length(4, little endian)
#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"

namespace basalt::rdb {

// Visits the elements of a ziplist, integers as text. False when the bytes are no valid ziplist or
// `visit` returned false.
bool ForEachInZiplist(std::string_view bytes, absl::FunctionRef<bool(std::string_view)> visit);

// Visits the pairs of a zipmap. False when the bytes are no valid zipmap or `visit` returned false.
bool ForEachInZipmap(std::string_view bytes,
                     absl::FunctionRef<bool(std::string_view field, std::string_view value)> visit);

}  // namespace basalt::rdb
