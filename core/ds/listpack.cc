// The listpack: walking and changing the block. listpack_entry.h knows the entries' encodings.
// Reading a listpack trusts it: whatever comes from outside passes Validate first.
#include "core/ds/listpack.h"

#include <cstring>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/check.h"
#include "core/ds/listpack_entry.h"

namespace basalt {

using namespace listpack_entry;

namespace {

constexpr size_t kEmptyBytes = Listpack::kHeaderBytes + 1;
constexpr uint16_t kCountUnknown = 0xFFFF;
const unsigned char kEmptyListpack[kEmptyBytes] = {kEmptyBytes, 0, 0, 0, 0, 0, kEnd};

}  // namespace

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
  const unsigned char* block = block_ ? block_ : kEmptyListpack;
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
  if (from == kNone) return kNone;
  int64_t number = 0;
  const bool numeric = AsInteger(value, &number);
  // The hot loop of small hashes: each entry is decoded once. A foreign listpack may hold a number
  // as a string, so strings are compared as text even when `value` is one.
  for (const unsigned char* entry = block_ + from; *entry != kEnd;) {
    const size_t body = BodyBytes(entry);
    const size_t head = HeadBytes(*entry);
    if (head > 0) {
      const std::string_view text(reinterpret_cast<const char*>(entry) + head, body - head);
      if (text == value) return static_cast<Pos>(entry - block_);
    } else if (numeric && IntegerAt(entry) == number) {
      return static_cast<Pos>(entry - block_);
    }
    entry += body + BackBytes(body);
    for (size_t i = 0; i < skip && *entry != kEnd; ++i) entry += EntrySize(entry);
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

Listpack::Pos Listpack::Insert(Pos before, std::string_view value) {
  return InsertEncoded(before, Encoded(value));
}
Listpack::Pos Listpack::Insert(Pos before, int64_t value) {
  return InsertEncoded(before, Encoded(value));
}
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
    std::memcpy(block_, kEmptyListpack, kEmptyBytes);
  } else if (wanted > total && wanted > UsableSize(block_)) {
    block_ = static_cast<unsigned char*>(Reallocate(block_, wanted));
  }
  std::memmove(block_ + at + new_bytes, block_ + at + old_bytes, total - at - old_bytes);
  // Give memory back once a quarter of it lies idle; not at every erase, since what shrinks often
  // grows again.
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
