// Entry: one key of the keyspace in one allocation: header, optional expiry, key bytes and, when
// small, the value.
//
//   byte 0      type (low 4 bits), encoding (high 4 bits)
//   byte 1      flags
//   bytes 2-4   access bits: LRU clock, or LFU minutes and counter (core/value/access.h)
//   byte 5      key length, unless kLongKey
//   bytes 6-7   length of an embedded value
//   [8]         expiry, absolute milliseconds           if kHasExpiry
//   [8]         int64 value, or pointer to the value    unless embedded
//   [8]         key length                              if kLongKey
//   key bytes, then the embedded value
//
// Encodings: kEmbedded (string inside the entry), kInt (string that is a canonical int64), kBuffer
// (string in a StringBuffer of its own), kObject (List, Hash, Set or ZSet).
//
// An Entry belongs to the Db that holds it, and to that Db's thread. What changes the layout
// returns the entry's new address; the old one is gone. Only Db calls those (they must also update
// its table): commands go through Db.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/value/type.h"

namespace basalt {

class List;
class Hash;
class Set;
class ZSet;

inline constexpr int64_t kNoExpiry = -1;    // no expiry; as an argument: clear it
inline constexpr int64_t kKeepExpiry = -2;  // as an argument: leave the expiry as it is
inline constexpr size_t kMaxStringBytes = size_t{512} << 20;
inline constexpr size_t kMaxEmbeddedBytes = 256;  // longer strings live in a StringBuffer
inline constexpr size_t kMaxEmbstrBytes = 44;     // OBJECT ENCODING's border between embstr and raw

enum class Encoding : uint8_t { kEmbedded = 0, kInt = 1, kBuffer = 2, kObject = 3 };

// A long string: its bytes follow the struct.
struct StringBuffer {
  uint32_t length;
  uint32_t capacity;
  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
};
static_assert(sizeof(StringBuffer) == 8);

class Entry {
 public:
  // Scratch space that StringView needs for the text of an int.
  static constexpr size_t kIntTextBytes = 24;

  ValueType type() const { return static_cast<ValueType>(kind_ & 15); }
  Encoding encoding() const { return static_cast<Encoding>(kind_ >> 4); }
  bool is(ValueType t) const { return type() == t; }

  std::string_view key() const {
    const char* p = body() + WordsBeforeKey() * 8;
    if (flags_ & kLongKey) {
      uint64_t length;
      std::memcpy(&length, p - 8, 8);
      return {p, length};
    }
    return {p, key_length_};
  }

  bool has_expiry() const { return flags_ & kHasExpiry; }
  int64_t expire_at_ms() const { return has_expiry() ? Word(0) : kNoExpiry; }
  // As in Redis, a key still lives in the very millisecond it expires at.
  bool ExpiredAt(int64_t now_ms) const { return has_expiry() && Word(0) < now_ms; }

  // 24 bits of LRU clock or LFU state.
  uint32_t access_bits() const { return access_[0] | access_[1] << 8 | access_[2] << 16; }
  void set_access_bits(uint32_t bits) {
    access_[0] = static_cast<uint8_t>(bits);
    access_[1] = static_cast<uint8_t>(bits >> 8);
    access_[2] = static_cast<uint8_t>(bits >> 16);
  }

  // --- strings ---
  bool is_int() const { return encoding() == Encoding::kInt; }
  int64_t int_value() const { return ValueWord(); }
  void set_int_value(int64_t v) { SetValueWord(v); }  // only if is_int()
  size_t StringLength() const;                        // of an int: of its text
  // The string's bytes; an int's text is written to `scratch`. Valid until the entry changes.
  std::string_view StringView(char (&scratch)[kIntTextBytes]) const;
  std::string StringCopy() const;
  // The string's bytes in place, never of an int. Writing through it makes the string `raw`
  // (MarkModified).
  char* StringData();
  const char* StringData() const { return const_cast<Entry*>(this)->StringData(); }
  void MarkModified() { flags_ |= kModified; }
  void ClearModified() {
    flags_ &= static_cast<uint8_t>(~kModified);
  }  // the string was written as a whole
  bool modified() const { return flags_ & kModified; }
  // What OBJECT ENCODING says of a string: int, embstr or raw.
  const char* StringEncodingName() const;

  // --- collections ---
  void* object() const { return reinterpret_cast<void*>(ValueWord()); }
  List* list() const { return Object<List>(ValueType::kList); }
  Hash* hash() const { return Object<Hash>(ValueType::kHash); }
  Set* set() const { return Object<Set>(ValueType::kSet); }
  ZSet* zset() const { return Object<ZSet>(ValueType::kZSet); }
  // A collection's pointer changed (the new value replaces the old one, which the caller owns
  // again).
  void set_object(void* object) { SetValueWord(reinterpret_cast<int64_t>(object)); }

  // The last byte that is in use of the entry itself: what reads ahead touches it, as the first may
  // be on another cache line.
  const char* LastByte() const {
    const std::string_view k = key();
    return k.data() + k.size() + embedded_length_ - 1;  // the header is before the key
  }
  // Bytes of the entry itself and of a long string; collections not included.
  size_t MemoryBytes() const;

  // --- life; for Db ---
  // A new entry; expire_at_ms may be kNoExpiry. NewString finds canonical integers by itself.
  static Entry* NewString(std::string_view key, std::string_view value, int64_t expire_at_ms);
  static Entry* NewInteger(std::string_view key, int64_t value, int64_t expire_at_ms);
  static Entry* NewObject(std::string_view key, ValueType type, void* object, int64_t expire_at_ms);
  // An entry with the same value, expiry and access bits under another key; `e` is freed, its value
  // is not.
  static Entry* Rename(Entry* e, std::string_view new_key);
  // A string entry's copy under another key.
  static Entry* CopyString(const Entry* e, std::string_view new_key, int64_t expire_at_ms);
  // Sets, changes or clears (kNoExpiry) the expiry.
  static Entry* WithExpiry(Entry* e, int64_t expire_at_ms);
  // Replaces the value of the string `e`, in place where it fits; a canonical integer becomes an
  // int. Keeps the expiry. `value` may be part of the old value.
  static Entry* AssignString(Entry* e, std::string_view value);
  static Entry* AssignInteger(Entry* e, int64_t value);
  // Makes the string `new_length` long, raw, zero-filled where it grew. Repeated growth costs
  // amortised constant time.
  static Entry* Resize(Entry* e, size_t new_length);
  // Frees the entry but not what it points to.
  static void FreeShell(Entry* e);
  // Frees the entry and a long string; a collection must have been taken before.
  static void FreeString(Entry* e);
  StringBuffer* buffer() const {
    return reinterpret_cast<StringBuffer*>(ValueWord());
  }  // only if kBuffer
  // Whether a string of that length goes where the old one is, and leaves at most half of that
  // empty.
  bool BufferFits(size_t length) const {
    return length <= buffer()->capacity && length * 2 >= buffer()->capacity;
  }

 private:
  // kHeap: the block is not from a slab (core/base/slab.h), but from Allocate.
  enum Flags : uint8_t { kHasExpiry = 1, kLongKey = 2, kModified = 4, kHeap = 8 };
  static constexpr size_t kShortKeyMax = 255;
  static constexpr size_t kHeaderBytes = 8;

  Entry() = default;

  char* body() { return reinterpret_cast<char*>(this) + kHeaderBytes; }
  const char* body() const { return reinterpret_cast<const char*>(this) + kHeaderBytes; }
  int64_t Word(size_t i) const {
    int64_t w;
    std::memcpy(&w, body() + i * 8, 8);
    return w;
  }
  void SetWord(size_t i, int64_t w) { std::memcpy(body() + i * 8, &w, 8); }
  int64_t ValueWord() const { return Word(has_expiry()); }
  void SetValueWord(int64_t w) { SetWord(has_expiry(), w); }
  size_t WordsBeforeKey() const {
    return size_t{has_expiry()} + (encoding() != Encoding::kEmbedded) + ((flags_ & kLongKey) != 0);
  }
  template <class T>
  T* Object(ValueType t) const {
    BASALT_DCHECK(type() == t);
    return static_cast<T*>(object());
  }

  // Bytes that an entry needs.
  static size_t BytesFor(size_t key_length, size_t embedded, bool expiry, Encoding encoding);
  // An entry with header, expiry and key written; the value is not.
  static Entry* Make(std::string_view key, ValueType type, Encoding encoding, size_t embedded,
                     int64_t expire_at_ms);
  static Entry* Remake(Entry* e, std::string_view key, int64_t expire_at_ms);
  static Entry* Recode(Entry* e, Encoding encoding, size_t embedded);
  static Entry* ToBuffer(Entry* e, size_t capacity);
  bool FitsInPlace(size_t bytes) const;
  size_t BlockBytes() const;  // that the block has, used or not
  char* EmbeddedData() { return const_cast<char*>(key().data()) + key().size(); }

  uint8_t kind_;
  uint8_t flags_;
  uint8_t access_[3];
  uint8_t key_length_;
  uint16_t embedded_length_;
};
static_assert(sizeof(Entry) == 8);

}  // namespace basalt
