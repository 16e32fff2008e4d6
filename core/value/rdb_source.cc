#include "core/value/rdb_source.h"

#include <liblzf/lzf.h>

#include <limits>

#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "core/value/rdb_format.h"

namespace basalt::rdb {
namespace {

// Three packed bytes yield at most 264: what claims to unpack to more is lying.
constexpr uint64_t kLzfRatioMax = 88;
constexpr size_t kPlainKept = 1 << 20;

}  // namespace

bool Source::FailWith(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
  cur_ = end_;
  return false;
}

bool Source::Fail(std::string_view what) {
  if (!status_.ok()) return false;
  return FailWith(absl::DataLossError(StrCat(what, " at offset ", offset())));
}

bool Source::Ensure(uint64_t n) {
  if (!status_.ok()) return false;
  if (n > remaining()) {
    return Fail(StrCat("unexpected end of data: ", n, " bytes wanted, ", remaining(), " left,"));
  }
  return Refill(n) || Fail("read failed");
}

bool Source::SpecialLength(uint8_t first, uint64_t* out) {
  if (first == 0x80) {
    uint32_t be;
    if (!Fixed(&be)) return false;
    *out = __builtin_bswap32(be);
    return true;
  }
  if (first == 0x81) {
    uint64_t be;
    if (!Fixed(&be)) return false;
    *out = __builtin_bswap64(be);
    return true;
  }
  return Fail("bad length encoding");
}

bool Source::Length(uint64_t* out) {
  uint8_t first;
  if (!Byte(&first)) return false;
  if (first < 0x40) {
    *out = first;
    return true;
  }
  if (first < 0x80) {
    uint8_t low;
    if (!Byte(&low)) return false;
    *out = (uint64_t{first} & 0x3F) << 8 | low;
    return true;
  }
  return SpecialLength(first, out);
}

bool Source::Count(uint64_t* out) {
  if (!Length(out)) return false;
  return *out <= remaining() ||
         Fail(StrCat("impossible element count ", *out, " with ", remaining(), " bytes left,"));
}

bool Source::Unpack(std::string_view* out) {
  uint64_t packed, plain;
  std::string_view bytes;
  if (!Length(&packed) || !Length(&plain)) return false;
  if (packed == 0 || packed > remaining() || plain / kLzfRatioMax > packed ||
      plain > std::numeric_limits<uint32_t>::max() ||
      packed > std::numeric_limits<uint32_t>::max()) {
    return Fail(StrCat("impossible compressed string, ", packed, " bytes for ", plain, ","));
  }
  if (!Take(packed, &bytes)) return false;
  if (scratch_.capacity() > kPlainKept && plain <= kPlainKept) std::string().swap(scratch_);
  scratch_.resize(plain);
  if (lzf_decompress(bytes.data(), static_cast<unsigned>(packed), scratch_.data(),
                     static_cast<unsigned>(plain)) != plain) {
    return Fail("bad compressed string");
  }
  *out = scratch_;
  return true;
}

bool Source::StringOrInteger(std::string_view* out, int64_t* integer, bool* is_integer) {
  *is_integer = false;
  if (cur_ == end_ && !Ensure(1)) return false;
  if (static_cast<uint8_t>(*cur_) < 0xC0) {
    uint64_t length;
    return Length(&length) && Take(length, out);
  }
  const uint8_t encoding = static_cast<uint8_t>(*cur_++) & 0x3F;
  if (encoding == kEncLzf) return Unpack(out);
  *is_integer = true;
  if (encoding == kEncInt8) {
    int8_t v;
    if (!Fixed(&v)) return false;
    *integer = v;
  } else if (encoding == kEncInt16) {
    int16_t v;
    if (!Fixed(&v)) return false;
    *integer = v;
  } else if (encoding == kEncInt32) {
    int32_t v;
    if (!Fixed(&v)) return false;
    *integer = v;
  } else {
    return Fail("unknown string encoding");
  }
  return true;
}

bool Source::String(std::string_view* out) {
  int64_t integer;
  bool is_integer;
  if (!StringOrInteger(out, &integer, &is_integer)) return false;
  if (is_integer) {
    char text[24];
    scratch_.assign(text, FormatInt64(integer, text));
    *out = scratch_;
  }
  return true;
}

bool Source::SkipString() {
  if (cur_ == end_ && !Ensure(1)) return false;
  uint64_t length = 0, plain;
  std::string_view ignored;
  if (static_cast<uint8_t>(*cur_) < 0xC0) return Length(&length) && Take(length, &ignored);
  switch (static_cast<uint8_t>(*cur_++) & 0x3F) {
    case kEncInt8:
      return Take(1, &ignored);
    case kEncInt16:
      return Take(2, &ignored);
    case kEncInt32:
      return Take(4, &ignored);
    case kEncLzf:
      return Length(&length) && Length(&plain) && Take(length, &ignored);
    default:
      return Fail("unknown string encoding");
  }
}

bool Source::TextDouble(double* out) {
  uint8_t length;
  if (!Byte(&length)) return false;
  if (length == 255) return *out = -std::numeric_limits<double>::infinity(), true;
  if (length == 254) return *out = std::numeric_limits<double>::infinity(), true;
  std::string_view text;
  if (length == 253) return Fail("score is not a number");
  if (!Take(length, &text)) return false;
  return ParseDouble(text, out) || Fail("bad score text");
}

}  // namespace basalt::rdb
