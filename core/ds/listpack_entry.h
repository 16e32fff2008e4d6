// One entry of a listpack: reading and writing its encodings. The first byte tells them apart:
//
//   0xxxxxxx                  integer 0..127            11110001 + 2 bytes   integer, little-endian
//   10xxxxxx + bytes          string of up to 63        11110010 + 3 bytes   integer
//   110xxxxx + 1 byte         integer of 13 bits        11110011 + 4 bytes   integer
//   1110xxxx + 1 byte + bytes string of up to 4095      11110100 + 8 bytes   integer
//   11110000 + u32 + bytes    string                    11111111             the end
//
// These functions trust the bytes, but for LengthBytes and ReadBack, which Listpack::Validate uses
// to look at foreign ones. For listpack.cc alone. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/base/check.h"
#include "core/base/numbers.h"
#include "core/ds/listpack.h"

namespace basalt::listpack_entry {

inline constexpr unsigned char kEnd = 0xFF;
inline constexpr size_t kMaxBackBytes = 5;

template <class T>
T Load(const unsigned char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
template <class T>
void Store(unsigned char* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

// Bytes of encoding and data of the entry at `entry`; 0 for a byte that begins no entry.
inline size_t BodyBytes(const unsigned char* entry) {
  const unsigned first = *entry;
  if ((first & 0xC0) == 0x80) [[likely]]
    return 1 + (first & 0x3F);
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 2 + ((first & 0x0F) << 8 | entry[1]);
  switch (first) {
    case 0xF0:
      return 5 + size_t{Load<uint32_t>(entry + 1)};
    case 0xF1:
      return 3;
    case 0xF2:
      return 4;
    case 0xF3:
      return 5;
    case 0xF4:
      return 9;
    default:
      return 0;
  }
}

// Bytes that must be readable at `entry` before BodyBytes may look at them; it never needs more
// than these.
inline size_t LengthBytes(unsigned first) {
  if (first >= 0xE0 && first < 0xF0) return 2;
  return first == 0xF0 ? 5 : 1;
}

// Bytes of the backward length of a body. The odd bounds are those of the format.
inline size_t BackBytes(size_t body) {
  if (body <= 127) [[likely]]
    return 1;
  if (body < 16383) return 2;
  if (body < 2097151) return 3;
  return body < 268435455 ? 4 : 5;
}

// Groups of 7 bits, highest first; all but the first are marked by their top bit, so that it reads
// from the right.
inline void WriteBack(unsigned char* to, size_t body) {
  const size_t n = BackBytes(body);
  for (size_t i = n; i-- > 0; body >>= 7)
    to[i] = static_cast<unsigned char>((body & 0x7F) | (i ? 0x80 : 0));
}

// Reads the length whose last byte is in front of `end`. Looks at no byte in front of `begin`;
// false when that is no length.
inline bool ReadBack(const unsigned char* begin, const unsigned char* end, size_t* body) {
  size_t value = 0;
  for (size_t i = 0; i < kMaxBackBytes && end > begin; ++i) {
    const unsigned char byte = *--end;
    value |= size_t{byte & 0x7Fu} << (7 * i);
    if (!(byte & 0x80)) {
      *body = value;
      return true;
    }
  }
  return false;
}

inline size_t EntrySize(const unsigned char* entry) {
  const size_t body = BodyBytes(entry);
  return body + BackBytes(body);
}

// Bytes in front of a string's own; 0 for an integer.
inline size_t HeadBytes(unsigned first) {
  if ((first & 0xC0) == 0x80) return 1;
  if ((first & 0xF0) == 0xE0) return 2;
  return first == 0xF0 ? 5 : 0;
}
inline bool IsString(unsigned first) { return HeadBytes(first) > 0; }

inline std::string_view StringAt(const unsigned char* entry) {
  const size_t head = HeadBytes(*entry);
  return {reinterpret_cast<const char*>(entry) + head, BodyBytes(entry) - head};
}

inline int64_t IntegerAt(const unsigned char* entry) {
  const unsigned first = *entry;
  if (first < 0x80) return first;
  if (first < 0xE0) return static_cast<int16_t>(((first & 0x1F) << 8 | entry[1]) << 3) >> 3;
  switch (first) {
    case 0xF1:
      return Load<int16_t>(entry + 1);
    case 0xF2:
      return static_cast<int32_t>(uint32_t{entry[1]} << 8 | uint32_t{entry[2]} << 16 |
                                  uint32_t{entry[3]} << 24) >>
             8;
    case 0xF3:
      return Load<int32_t>(entry + 1);
    default:
      return Load<int64_t>(entry + 1);
  }
}

// Whether the text is worth the call to the number parser.
inline bool LooksNumeric(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}
inline bool AsInteger(std::string_view text, int64_t* out) {
  return LooksNumeric(text) && ParseInt64(text, out);
}

// An entry ready to be written: the head (the encoding and, for an integer, the data), then the
// string's bytes.
struct Encoded {
  unsigned char head[9];
  size_t head_bytes;
  std::string_view data;

  explicit Encoded(std::string_view value) {
    int64_t number;
    if (AsInteger(value, &number)) {
      SetInteger(number);
      return;
    }
    data = value;
    if (value.size() < 64) {
      head[0] = static_cast<unsigned char>(0x80 | value.size());
      head_bytes = 1;
    } else if (value.size() < 4096) {
      head[0] = static_cast<unsigned char>(0xE0 | value.size() >> 8);
      head[1] = static_cast<unsigned char>(value.size());
      head_bytes = 2;
    } else {
      BASALT_CHECK(value.size() < Listpack::kMaxBytes);
      head[0] = 0xF0;
      Store(head + 1, static_cast<uint32_t>(value.size()));
      head_bytes = 5;
    }
  }
  explicit Encoded(int64_t value) { SetInteger(value); }

  void SetInteger(int64_t v) {
    if (v >= 0 && v <= 127) {
      head[0] = static_cast<unsigned char>(v);
      head_bytes = 1;
    } else if (v >= -4096 && v <= 4095) {
      head[0] = static_cast<unsigned char>(0xC0 | (v >> 8 & 0x1F));
      head[1] = static_cast<unsigned char>(v);
      head_bytes = 2;
    } else {
      const size_t width = v == static_cast<int16_t>(v)       ? 2
                           : v >= -(1 << 23) && v < (1 << 23) ? 3
                           : v == static_cast<int32_t>(v)     ? 4
                                                              : 8;
      head[0] = static_cast<unsigned char>(width == 8 ? 0xF4 : 0xF1 + (width - 2));
      std::memcpy(head + 1, &v, width);
      head_bytes = 1 + width;
    }
  }

  size_t body() const { return head_bytes + data.size(); }
  size_t size() const { return body() + BackBytes(body()); }
  void Write(unsigned char* to) const {
    std::memcpy(to, head, head_bytes);
    if (!data.empty()) std::memcpy(to + head_bytes, data.data(), data.size());
    WriteBack(to + body(), body());
  }
};

}  // namespace basalt::listpack_entry
