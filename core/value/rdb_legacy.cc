#include "core/value/rdb_legacy.h"

#include <cstdint>
#include <cstring>

#include "core/base/numbers.h"

namespace basalt::rdb {
namespace {

constexpr size_t kZiplistHeader = 10;
constexpr uint8_t kEnd = 0xFF;
constexpr uint16_t kCountUnknown = 0xFFFF;  // a ziplist too long for its 16-bit count
constexpr uint8_t kBigZipmap = 254;

// Little-endian loads from checked positions.
template <class T>
T Load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// What is left of a packed block, its end mark excluded.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : p_(bytes.data()), end_(p_ + bytes.size()) {}

  size_t left() const { return static_cast<size_t>(end_ - p_); }
  const char* position() const { return p_; }
  // The next `n` bytes, or null when there are not so many.
  const char* Take(size_t n) {
    if (n > left()) return nullptr;
    const char* at = p_;
    p_ += n;
    return at;
  }
  bool Byte(uint8_t* out) {
    const char* at = Take(1);
    if (at != nullptr) *out = static_cast<uint8_t>(*at);
    return at != nullptr;
  }
  bool Text(size_t n, std::string_view* out) {
    const char* at = Take(n);
    if (at != nullptr) *out = {at, n};
    return at != nullptr;
  }
  template <class T>
  bool Number(T* out) {
    const char* at = Take(sizeof(T));
    if (at != nullptr) *out = Load<T>(at);
    return at != nullptr;
  }

 private:
  const char* p_;
  const char* end_;
};

bool ReadPreviousLength(Cursor& in, uint32_t* out) {
  uint8_t first;
  if (!in.Byte(&first) || first == kEnd) return false;
  if (first < 254) return *out = first, true;
  return in.Number(out);
}

bool ReadText(Cursor& in, uint8_t first, std::string_view* out) {
  if (first < 0x40) return in.Text(first, out);
  if (first < 0x80) {
    uint8_t low;
    return in.Byte(&low) && in.Text((size_t{first} & 0x3F) << 8 | low, out);
  }
  uint32_t be;
  return first == 0x80 && in.Number(&be) && in.Text(__builtin_bswap32(be), out);
}

template <class T>
bool ReadInt(Cursor& in, int64_t* out) {
  T value;
  if (!in.Number(&value)) return false;
  *out = value;
  return true;
}

bool ReadInteger(Cursor& in, uint8_t first, int64_t* out) {
  switch (first) {
    case 0xC0:
      return ReadInt<int16_t>(in, out);
    case 0xD0:
      return ReadInt<int32_t>(in, out);
    case 0xE0:
      return ReadInt<int64_t>(in, out);
    case 0xFE:
      return ReadInt<int8_t>(in, out);
    case 0xF0: {
      const char* at = in.Take(3);
      if (at == nullptr) return false;
      uint32_t bits = 0;
      std::memcpy(&bits, at, 3);
      *out = static_cast<int32_t>(bits << 8) >> 8;
      return true;
    }
    default:
      if (first < 0xF1 || first > 0xFD) return false;
      *out = first - 0xF1;
      return true;
  }
}

bool ReadZipmapLength(Cursor& in, uint32_t* out) {
  uint8_t first;
  if (!in.Byte(&first) || first == kEnd) return false;
  if (first < kBigZipmap) return *out = first, true;
  return in.Number(out);
}

}  // namespace

bool ForEachInZiplist(std::string_view bytes, absl::FunctionRef<bool(std::string_view)> visit) {
  if (bytes.size() < kZiplistHeader + 1 || static_cast<uint8_t>(bytes.back()) != kEnd) return false;
  const auto total = Load<uint32_t>(bytes.data());
  const auto tail = Load<uint32_t>(bytes.data() + 4);
  const auto declared = Load<uint16_t>(bytes.data() + 8);
  if (total != bytes.size() || tail < kZiplistHeader || tail >= bytes.size()) return false;

  Cursor in(bytes.substr(kZiplistHeader, bytes.size() - kZiplistHeader - 1));
  size_t count = 0;
  uint32_t previous = 0;
  size_t last_at = kZiplistHeader;
  while (in.left() > 0) {
    const char* start = in.position();
    last_at = static_cast<size_t>(start - bytes.data());
    uint32_t claimed;
    uint8_t first;
    if (!ReadPreviousLength(in, &claimed) || claimed != previous || !in.Byte(&first)) return false;
    std::string_view text;
    int64_t number;
    char digits[24];
    if (first < 0xC0) {
      if (!ReadText(in, first, &text)) return false;
    } else {
      if (!ReadInteger(in, first, &number)) return false;
      text = {digits, FormatInt64(number, digits)};
    }
    previous = static_cast<uint32_t>(in.position() - start);
    ++count;
    if (!visit(text)) return false;
  }
  return tail == last_at && (declared == kCountUnknown || declared == count);
}

bool ForEachInZipmap(std::string_view bytes,
                     absl::FunctionRef<bool(std::string_view, std::string_view)> visit) {
  if (bytes.size() < 2 || static_cast<uint8_t>(bytes.back()) != kEnd) return false;
  const auto declared = static_cast<uint8_t>(bytes[0]);
  Cursor in(bytes.substr(1, bytes.size() - 2));
  size_t count = 0;
  while (in.left() > 0) {
    uint32_t field_length, value_length;
    uint8_t unused;
    std::string_view field, value;
    if (!ReadZipmapLength(in, &field_length) || !in.Text(field_length, &field)) return false;
    if (!ReadZipmapLength(in, &value_length) || !in.Byte(&unused)) return false;
    if (!in.Text(value_length, &value) || in.Take(unused) == nullptr) return false;
    ++count;
    if (!visit(field, value)) return false;
  }
  return declared >= kBigZipmap || declared == count;
}

}  // namespace basalt::rdb
