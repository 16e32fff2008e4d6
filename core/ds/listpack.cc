// The listpack's encodings. The first byte of an entry tells them apart:
//
//   0xxxxxxx                  integer 0..127            11110001 + 2 bytes   integer, little-endian
//   10xxxxxx + bytes          string of up to 63        11110010 + 3 bytes   integer
//   110xxxxx + 1 byte         integer of 13 bits        11110011 + 4 bytes   integer
//   1110xxxx + 1 byte + bytes string of up to 4095      11110100 + 8 bytes   integer
//   11110000 + u32 + bytes    string                    11111111             the end
//
// Reading a listpack trusts it: whatever comes from outside passes Validate first.
#include "core/ds/listpack.h"

#include <cstring>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/check.h"

namespace basalt {
namespace {

constexpr unsigned char kEnd = 0xFF;
constexpr size_t kEmptyBytes = Listpack::kHeaderBytes + 1;
constexpr uint16_t kCountUnknown = 0xFFFF;
constexpr size_t kMaxBackBytes = 5;
const unsigned char kEmptyBlock[kEmptyBytes] = {kEmptyBytes, 0, 0, 0, 0, 0, kEnd};

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
  if (first < 0x80) return 1;
  if (first < 0xC0) return 1 + (first & 0x3F);
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 2 + ((first & 0x0F) << 8 | entry[1]);
  switch (first) {
    case 0xF0: return 5 + size_t{Load<uint32_t>(entry + 1)};
    case 0xF1: return 3;
    case 0xF2: return 4;
    case 0xF3: return 5;
    case 0xF4: return 9;
    default: return 0;
  }
}

// Bytes that must be readable at `entry` before BodyBytes may look at them; it never needs more than these.
inline size_t LengthBytes(unsigned first) {
  if (first >= 0xE0 && first < 0xF0) return 2;
  return first == 0xF0 ? 5 : 1;
}

// Bytes of the backward length of a body. The odd bounds are those of the format.
inline size_t BackBytes(size_t body) {
  if (body <= 127) return 1;
  if (body < 16383) return 2;
  if (body < 2097151) return 3;
  return body < 268435455 ? 4 : 5;
}

// Groups of 7 bits, highest first; all but the first are marked by their top bit, so that it reads from the right.
inline void WriteBack(unsigned char* to, size_t body) {
  const size_t n = BackBytes(body);
  for (size_t i = n; i-- > 0; body >>= 7) to[i] = static_cast<unsigned char>((body & 0x7F) | (i ? 0x80 : 0));
}

// Reads the length whose last byte is in front of `end`. Looks at no byte in front of `begin`; false when that is no length.
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

inline bool IsString(unsigned first) {
  return (first & 0xC0) == 0x80 || (first & 0xF0) == 0xE0 || first == 0xF0;
}

inline std::string_view StringAt(const unsigned char* entry) {
  const size_t head = *entry < 0xC0 ? 1 : *entry < 0xF0 ? 2 : 5;
  return {reinterpret_cast<const char*>(entry) + head, BodyBytes(entry) - head};
}

inline int64_t IntegerAt(const unsigned char* entry) {
  const unsigned first = *entry;
  if (first < 0x80) return first;
  if (first < 0xE0) return static_cast<int16_t>(((first & 0x1F) << 8 | entry[1]) << 3) >> 3;
  switch (first) {
    case 0xF1: return Load<int16_t>(entry + 1);
    case 0xF2: return static_cast<int32_t>(uint32_t{entry[1]} << 8 | uint32_t{entry[2]} << 16 | uint32_t{entry[3]} << 24) >> 8;
    case 0xF3: return Load<int32_t>(entry + 1);
    default: return Load<int64_t>(entry + 1);
  }
}

// Whether the text is worth the call to the number parser.
inline bool LooksNumeric(std::string_view text) {
  return !text.empty() && text.size() <= 20 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}
inline bool AsInteger(std::string_view text, int64_t* out) { return LooksNumeric(text) && ParseInt64(text, out); }

}  // namespace

// An entry ready to be written: the head (the encoding and, for an integer, the data), then the string's bytes.
struct Listpack::Encoded {
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
      BASALT_CHECK(value.size() < kMaxBytes);
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
      const size_t width = v == static_cast<int16_t>(v)           ? 2
                           : v >= -(1 << 23) && v < (1 << 23)     ? 3
                           : v == static_cast<int32_t>(v)         ? 4
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

Listpack& Listpack::operator=(Listpack&& other) noexcept {
  std::swap(block_, other.block_);
  if (this != &other) other.Clear();
  return *this;
}

void Listpack::Clear() {
  if (block_) Free(block_);
  block_ = nullptr;
}

Listpack Listpack::CopyOf(std::string_view bytes) {
  Listpack copy;
  if (bytes.size() > kEmptyBytes) {
    copy.block_ = static_cast<unsigned char*>(Allocate(bytes.size()));
    std::memcpy(copy.block_, bytes.data(), bytes.size());
  }
  return copy;
}

bool Listpack::Validate(std::string_view bytes, bool deep) {
  if (bytes.size() < kEmptyBytes || bytes.size() > kMaxBytes) return false;
  const auto* block = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* end = block + bytes.size() - 1;
  if (Load<uint32_t>(block) != bytes.size() || *end != kEnd) return false;
  if (!deep) return true;

  size_t count = 0;
  const unsigned char* entry = block + kHeaderBytes;
  while (entry < end) {
    const size_t left = static_cast<size_t>(end - entry);
    if (LengthBytes(*entry) > left) return false;
    const size_t body = BodyBytes(entry);
    if (body == 0 || body + BackBytes(body) > left) return false;
    const unsigned char* next = entry + body + BackBytes(body);
    size_t back;
    if (!ReadBack(entry + body, next, &back) || back != body) return false;
    entry = next;
    ++count;
  }
  const uint16_t stated = Load<uint16_t>(block + 4);
  return stated == kCountUnknown || stated == count;
}

size_t Listpack::total_bytes() const { return block_ ? Load<uint32_t>(block_) : kEmptyBytes; }

std::string_view Listpack::bytes() const {
  const unsigned char* block = block_ ? block_ : kEmptyBlock;
  return {reinterpret_cast<const char*>(block), total_bytes()};
}

size_t Listpack::MemoryBytes() const { return block_ ? UsableSize(block_) : 0; }

size_t Listpack::size() const {
  if (!block_) return 0;
  const uint16_t stated = Load<uint16_t>(block_ + 4);
  return stated != kCountUnknown ? stated : CountFrom(First());
}

size_t Listpack::CountFrom(Pos pos) const {
  size_t count = 0;
  for (; pos != kNone; pos = Next(pos)) ++count;
  return count;
}

size_t Listpack::EntryBytes(std::string_view value) { return Encoded(value).size(); }

Listpack::Pos Listpack::First() const {
  return block_ && block_[kHeaderBytes] != kEnd ? Pos{kHeaderBytes} : kNone;
}

Listpack::Pos Listpack::Last() const {
  return block_ ? Prev(static_cast<Pos>(total_bytes() - 1)) : kNone;
}

Listpack::Pos Listpack::Next(Pos pos) const {
  const size_t next = pos + EntrySize(block_ + pos);
  return block_[next] == kEnd ? kNone : static_cast<Pos>(next);
}

Listpack::Pos Listpack::Prev(Pos pos) const {
  if (pos <= kHeaderBytes) return kNone;
  size_t body = 0;
  BASALT_CHECK(ReadBack(block_ + kHeaderBytes, block_ + pos, &body));
  return static_cast<Pos>(pos - body - BackBytes(body));
}

Listpack::Pos Listpack::At(size_t index) const {
  const size_t count = size();
  if (index >= count) return kNone;
  Pos pos;
  if (index < count / 2) {
    for (pos = First(); index > 0; --index) pos = Next(pos);
  } else {
    for (pos = Last(), index = count - 1 - index; index > 0; --index) pos = Prev(pos);
  }
  return pos;
}

Element Listpack::Get(Pos pos) const {
  const unsigned char* entry = block_ + pos;
  return IsString(*entry) ? Element(StringAt(entry)) : Element(IntegerAt(entry));
}

bool Listpack::Equals(Pos pos, std::string_view value) const {
  const unsigned char* entry = block_ + pos;
  if (IsString(*entry)) return StringAt(entry) == value;
  int64_t number;
  return AsInteger(value, &number) && IntegerAt(entry) == number;
}

Listpack::Pos Listpack::Find(std::string_view value, Pos from, size_t skip) const {
  int64_t number = 0;
  const bool numeric = AsInteger(value, &number);
  // A foreign listpack may hold a number as a string, so strings are compared as text even then.
  for (Pos pos = from; pos != kNone; pos = Next(pos)) {
    const unsigned char* entry = block_ + pos;
    if (IsString(*entry)) {
      if (StringAt(entry) == value) return pos;
    } else if (numeric && IntegerAt(entry) == number) {
      return pos;
    }
    for (size_t i = 0; i < skip && pos != kNone; ++i) pos = Next(pos);
    if (pos == kNone) break;
  }
  return kNone;
}

bool Listpack::HasTwins(size_t stride) const {
  for (Pos pos = First(); pos != kNone;) {
    Pos next = pos;
    for (size_t i = 0; i < stride && next != kNone; ++i) next = Next(next);
    if (Find(Get(pos).text(), next, stride - 1) != kNone) return true;
    pos = next;
  }
  return false;
}

Listpack::Pos Listpack::Insert(Pos before, std::string_view value) { return InsertEncoded(before, Encoded(value)); }
Listpack::Pos Listpack::Insert(Pos before, int64_t value) { return InsertEncoded(before, Encoded(value)); }
void Listpack::Replace(Pos pos, std::string_view value) { ReplaceEncoded(pos, Encoded(value)); }
void Listpack::Replace(Pos pos, int64_t value) { ReplaceEncoded(pos, Encoded(value)); }

Listpack::Pos Listpack::InsertEncoded(Pos before, const Encoded& entry) {
  const Pos at = before != kNone ? before : static_cast<Pos>(total_bytes() - 1);
  entry.Write(Splice(at, 0, entry.size()));
  AddCount(1);
  return at;
}

void Listpack::ReplaceEncoded(Pos pos, const Encoded& entry) {
  entry.Write(Splice(pos, EntrySize(block_ + pos), entry.size()));
}

Listpack::Pos Listpack::Erase(Pos pos, size_t count) {
  size_t end = pos;
  size_t erased = 0;
  for (; erased < count && block_[end] != kEnd; ++erased) end += EntrySize(block_ + end);
  Splice(pos, end - pos, 0);
  AddCount(-static_cast<int64_t>(erased));
  return block_[pos] == kEnd ? kNone : pos;
}

void Listpack::AppendAll(const Listpack& other) {
  if (other.empty()) return;
  const size_t added = other.total_bytes() - kEmptyBytes;
  unsigned char* place = Splice(static_cast<Pos>(total_bytes() - 1), 0, added);
  std::memcpy(place, other.block_ + kHeaderBytes, added);
  AddCount(static_cast<int64_t>(other.size()));
}

Listpack Listpack::SplitOff(Pos pos) {
  Listpack tail;
  const size_t moved = total_bytes() - 1 - pos;
  const size_t count = CountFrom(pos);
  std::memcpy(tail.Splice(kHeaderBytes, 0, moved), block_ + pos, moved);
  tail.AddCount(static_cast<int64_t>(count));
  Splice(pos, moved, 0);
  AddCount(-static_cast<int64_t>(count));
  return tail;
}

unsigned char* Listpack::Splice(Pos at, size_t old_bytes, size_t new_bytes) {
  const size_t total = total_bytes();
  const size_t wanted = total - old_bytes + new_bytes;
  BASALT_CHECK(wanted <= kMaxBytes);
  if (!block_) {
    block_ = static_cast<unsigned char*>(Allocate(wanted));
    std::memcpy(block_, kEmptyBlock, kEmptyBytes);
  } else if (wanted > total && wanted > UsableSize(block_)) {
    block_ = static_cast<unsigned char*>(Reallocate(block_, wanted));
  }
  std::memmove(block_ + at + new_bytes, block_ + at + old_bytes, total - at - old_bytes);
  // Give memory back once a quarter of it lies idle; not at every erase, since what shrinks often grows again.
  if (wanted < total && wanted + wanted / 4 + 32 < UsableSize(block_)) {
    block_ = static_cast<unsigned char*>(Reallocate(block_, wanted));
  }
  Store(block_, static_cast<uint32_t>(wanted));
  return block_ + at;
}

void Listpack::AddCount(int64_t change) {
  const uint16_t stated = Load<uint16_t>(block_ + 4);
  int64_t count = stated;
  if (stated != kCountUnknown) {
    count += change;
  } else if (change < 0) {
    count = static_cast<int64_t>(CountFrom(First()));
  }
  Store(block_ + 4, count < kCountUnknown ? static_cast<uint16_t>(count) : kCountUnknown);
}

}  // namespace basalt
