#include "core/value/rdb_sink.h"

#include <liblzf/lzf.h>

#include <algorithm>
#include <limits>

#include "core/base/numbers.h"
#include "core/value/rdb_format.h"

namespace basalt::rdb {
namespace {

constexpr size_t kScratchKept = 64 << 10;  // a larger compression buffer is given back after use
constexpr size_t kCompressMax =
    uint32_t{1} << 30;  // lzf takes 32-bit lengths; nothing that long is worth the time
constexpr size_t kIntegerTextMax = 11;  // "-2147483648"

}  // namespace

void Sink::Length(uint64_t n) {
  Need(9);
  auto* p = reinterpret_cast<uint8_t*>(cur_);
  if (n < 64) {
    p[0] = static_cast<uint8_t>(n);
    cur_ += 1;
  } else if (n < 16384) {
    p[0] = static_cast<uint8_t>(0x40 | (n >> 8));
    p[1] = static_cast<uint8_t>(n);
    cur_ += 2;
  } else if (n <= std::numeric_limits<uint32_t>::max()) {
    p[0] = 0x80;
    const uint32_t be = __builtin_bswap32(static_cast<uint32_t>(n));
    std::memcpy(p + 1, &be, 4);
    cur_ += 5;
  } else {
    p[0] = 0x81;
    const uint64_t be = __builtin_bswap64(n);
    std::memcpy(p + 1, &be, 8);
    cur_ += 9;
  }
}

// Writes `value` in the shortest integer encoding; false if it needs more than 32 bits.
bool Sink::Integer(int64_t value) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return false;
  }
  Need(5);
  const auto v = static_cast<int32_t>(value);
  size_t width = 4;
  uint8_t encoding = kEncInt32;
  if (v == static_cast<int8_t>(v)) {
    width = 1, encoding = kEncInt8;
  } else if (v == static_cast<int16_t>(v)) {
    width = 2, encoding = kEncInt16;
  }
  *cur_++ = static_cast<char>(0xC0 | encoding);
  std::memcpy(cur_, &v, width);
  cur_ += width;
  return true;
}

bool Sink::Compressed(std::string_view bytes) {
  if (!compress_ || bytes.size() <= kCompressAbove || bytes.size() > kCompressMax) return false;
  const size_t room = bytes.size() - 4;
  if (scratch_size_ < room) {
    scratch_size_ = std::max<size_t>(room, 4096);
    scratch_ = std::make_unique_for_overwrite<char[]>(scratch_size_);
  }
  const unsigned packed = lzf_compress(bytes.data(), static_cast<unsigned>(bytes.size()),
                                       scratch_.get(), static_cast<unsigned>(room));
  if (packed != 0) {
    Byte(0xC0 | kEncLzf);
    Length(packed);
    Length(bytes.size());
    Raw({scratch_.get(), packed});
  }
  if (scratch_size_ > kScratchKept) scratch_.reset(), scratch_size_ = 0;
  return packed != 0;
}

void Sink::Blob(std::string_view bytes) {
  if (Compressed(bytes)) return;
  Length(bytes.size());
  Raw(bytes);
}

void Sink::String(std::string_view text) {
  int64_t value;
  if (text.size() <= kIntegerTextMax && ParseInt64(text, &value) && Integer(value)) return;
  Blob(text);
}

void Sink::IntegerString(int64_t value) {
  if (Integer(value)) return;
  char text[24];
  Blob({text, FormatInt64(value, text)});
}

void StringSink::Grow(size_t more) {
  const size_t used = cur_ == nullptr ? 0 : static_cast<size_t>(cur_ - bytes_.data());
  bytes_.resize(std::max({used + more, bytes_.size() * 2, size_t{64}}));
  cur_ = bytes_.data() + used;
  end_ = bytes_.data() + bytes_.size();
}

void StringSink::Drain(size_t need) { Grow(need); }

void StringSink::RawSlow(std::string_view bytes) {
  Grow(bytes.size());
  std::memcpy(cur_, bytes.data(), bytes.size());
  cur_ += bytes.size();
}

std::string StringSink::Take() {
  bytes_.resize(cur_ == nullptr ? 0 : static_cast<size_t>(cur_ - bytes_.data()));
  cur_ = end_ = nullptr;
  return std::move(bytes_);
}

}  // namespace basalt::rdb
