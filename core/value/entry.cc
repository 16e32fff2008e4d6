#include "core/value/entry.h"

#include <algorithm>

#include "core/base/alloc.h"
#include "core/base/numbers.h"
#include "core/base/slab.h"

namespace basalt {
namespace {

StringBuffer* NewBuffer(std::string_view value, size_t capacity) {
  auto* buffer = static_cast<StringBuffer*>(Allocate(sizeof(StringBuffer) + capacity));
  buffer->length = static_cast<uint32_t>(value.size());
  buffer->capacity = static_cast<uint32_t>(UsableSize(buffer) - sizeof(StringBuffer));
  std::memcpy(buffer->data(), value.data(), value.size());
  return buffer;
}

// What a string that grows to `length` gets, so that growing byte by byte costs constant time per
// byte.
size_t GrownCapacity(size_t length) {
  constexpr size_t kMaxSpare = 1 << 20;
  return length + std::min(length, kMaxSpare);
}

}  // namespace

size_t Entry::BytesFor(size_t key_length, size_t embedded, bool expiry, Encoding encoding) {
  return kHeaderBytes + 8 * expiry + 8 * (encoding != Encoding::kEmbedded) +
         8 * (key_length > kShortKeyMax) + key_length + embedded;
}

Entry* Entry::Make(std::string_view key, ValueType type, Encoding encoding, size_t embedded,
                   int64_t expire_at_ms) {
  bool expires = expire_at_ms != kNoExpiry;
  bool long_key = key.size() > kShortKeyMax;
  const size_t bytes = BytesFor(key.size(), embedded, expires, encoding);
  const bool heap = !InSlab(bytes);
  auto* e = static_cast<Entry*>(AllocateBlock(bytes));
  e->kind_ = static_cast<uint8_t>(static_cast<uint8_t>(type) | static_cast<uint8_t>(encoding) << 4);
  e->flags_ = static_cast<uint8_t>((expires ? kHasExpiry : 0) | (long_key ? kLongKey : 0) |
                                   (heap ? kHeap : 0));
  e->set_access_bits(0);
  e->key_length_ = long_key ? 0 : static_cast<uint8_t>(key.size());
  e->embedded_length_ = static_cast<uint16_t>(embedded);
  if (expires) e->SetWord(0, expire_at_ms);
  size_t words = e->WordsBeforeKey();
  if (long_key) e->SetWord(words - 1, static_cast<int64_t>(key.size()));
  std::memcpy(e->body() + words * 8, key.data(), key.size());
  return e;
}

Entry* Entry::NewString(std::string_view key, std::string_view value, int64_t expire_at_ms) {
  int64_t number;
  if (value.size() <= 20 && ParseInt64(value, &number))
    return NewInteger(key, number, expire_at_ms);
  if (value.size() <= kMaxEmbeddedBytes) {
    Entry* e = Make(key, ValueType::kString, Encoding::kEmbedded, value.size(), expire_at_ms);
    std::memcpy(e->EmbeddedData(), value.data(), value.size());
    return e;
  }
  Entry* e = Make(key, ValueType::kString, Encoding::kBuffer, 0, expire_at_ms);
  e->SetValueWord(reinterpret_cast<int64_t>(NewBuffer(value, value.size())));
  return e;
}

Entry* Entry::NewInteger(std::string_view key, int64_t value, int64_t expire_at_ms) {
  Entry* e = Make(key, ValueType::kString, Encoding::kInt, 0, expire_at_ms);
  e->SetValueWord(value);
  return e;
}

Entry* Entry::NewObject(std::string_view key, ValueType type, void* object, int64_t expire_at_ms) {
  Entry* e = Make(key, type, Encoding::kObject, 0, expire_at_ms);
  e->set_object(object);
  return e;
}

// The same entry with another key or expiry; the value is copied if embedded, else its word moves
// over.
Entry* Entry::Remake(Entry* e, std::string_view key, int64_t expire_at_ms) {
  bool embedded = e->encoding() == Encoding::kEmbedded;
  size_t length = embedded ? e->embedded_length_ : 0;
  Entry* fresh = Make(key, e->type(), e->encoding(), length, expire_at_ms);
  fresh->set_access_bits(e->access_bits());
  fresh->flags_ |= e->flags_ & kModified;
  if (embedded) {
    std::memcpy(fresh->EmbeddedData(), e->EmbeddedData(), length);
  } else {
    fresh->SetValueWord(e->ValueWord());
  }
  FreeShell(e);
  return fresh;
}

Entry* Entry::Rename(Entry* e, std::string_view new_key) {
  return Remake(e, new_key, e->expire_at_ms());
}

Entry* Entry::WithExpiry(Entry* e, int64_t expire_at_ms) {
  if (e->has_expiry() != (expire_at_ms != kNoExpiry)) return Remake(e, e->key(), expire_at_ms);
  if (e->has_expiry()) e->SetWord(0, expire_at_ms);
  return e;
}

Entry* Entry::CopyString(const Entry* e, std::string_view new_key, int64_t expire_at_ms) {
  if (e->is_int()) return NewInteger(new_key, e->int_value(), expire_at_ms);
  bool embedded = e->encoding() == Encoding::kEmbedded;
  size_t length = e->StringLength();
  Entry* copy =
      Make(new_key, ValueType::kString, e->encoding(), embedded ? length : 0, expire_at_ms);
  copy->flags_ |= e->flags_ & kModified;
  if (embedded) {
    std::memcpy(copy->EmbeddedData(), e->StringData(), length);
  } else {
    copy->SetValueWord(reinterpret_cast<int64_t>(NewBuffer({e->StringData(), length}, length)));
  }
  return copy;
}

// Changes the encoding, dropping the old value's bytes or word but not what a word pointed to.
Entry* Entry::Recode(Entry* e, Encoding encoding, size_t embedded) {
  Entry* fresh = Make(e->key(), ValueType::kString, encoding, embedded, e->expire_at_ms());
  fresh->set_access_bits(e->access_bits());
  FreeShell(e);
  return fresh;
}

// An entry of `bytes` stays where it is if its block has room for that, and is not more than half
// empty then.
bool Entry::FitsInPlace(size_t bytes) const {
  size_t usable = BlockBytes();
  return bytes <= usable && bytes * 2 >= usable;
}

Entry* Entry::AssignString(Entry* e, std::string_view value) {
  int64_t number;
  if (value.size() <= 20 && ParseInt64(value, &number)) return AssignInteger(e, number);
  if (value.size() > kMaxEmbeddedBytes) {
    StringBuffer* buffer = e->encoding() == Encoding::kBuffer ? e->buffer() : nullptr;
    if (buffer != nullptr && e->BufferFits(value.size())) {
      std::memmove(buffer->data(), value.data(), value.size());
      buffer->length = static_cast<uint32_t>(value.size());
    } else {
      // The new bytes may be part of the old ones: copy before freeing.
      StringBuffer* fresh = NewBuffer(value, value.size());
      if (buffer == nullptr) e = Recode(e, Encoding::kBuffer, 0);
      Free(buffer);
      e->SetValueWord(reinterpret_cast<int64_t>(fresh));
    }
    e->flags_ &= ~kModified;
    return e;
  }
  size_t bytes = BytesFor(e->key().size(), value.size(), e->has_expiry(), Encoding::kEmbedded);
  if (e->encoding() == Encoding::kEmbedded && e->FitsInPlace(bytes)) {
    std::memmove(e->EmbeddedData(), value.data(), value.size());
    e->embedded_length_ = static_cast<uint16_t>(value.size());
    e->flags_ &= ~kModified;
    return e;
  }
  Entry* fresh =
      Make(e->key(), ValueType::kString, Encoding::kEmbedded, value.size(), e->expire_at_ms());
  fresh->set_access_bits(e->access_bits());
  std::memcpy(fresh->EmbeddedData(), value.data(), value.size());
  FreeString(e);
  return fresh;
}

Entry* Entry::AssignInteger(Entry* e, int64_t value) {
  if (e->encoding() != Encoding::kInt) {
    StringBuffer* buffer = e->encoding() == Encoding::kBuffer ? e->buffer() : nullptr;
    e = Recode(e, Encoding::kInt, 0);
    Free(buffer);
  }
  e->SetValueWord(value);
  e->flags_ &= ~kModified;
  return e;
}

// An embedded or int string becomes one in a buffer of at least `capacity`.
Entry* Entry::ToBuffer(Entry* e, size_t capacity) {
  char scratch[kIntTextBytes];
  std::string_view value = e->StringView(scratch);
  StringBuffer* buffer = NewBuffer(value, std::max(capacity, value.size()));
  e = Recode(e, Encoding::kBuffer, 0);
  e->SetValueWord(reinterpret_cast<int64_t>(buffer));
  return e;
}

Entry* Entry::Resize(Entry* e, size_t new_length) {
  BASALT_CHECK(new_length <= kMaxStringBytes);
  if (e->encoding() == Encoding::kEmbedded) {
    size_t old_length = e->embedded_length_;
    size_t bytes = BytesFor(e->key().size(), new_length, e->has_expiry(), Encoding::kEmbedded);
    if (new_length <= kMaxEmbeddedBytes && bytes <= e->BlockBytes()) {
      if (new_length > old_length)
        std::memset(e->EmbeddedData() + old_length, 0, new_length - old_length);
      e->embedded_length_ = static_cast<uint16_t>(new_length);
      e->flags_ |= kModified;
      return e;
    }
  }
  if (e->encoding() != Encoding::kBuffer) e = ToBuffer(e, GrownCapacity(new_length));
  StringBuffer* buffer = e->buffer();
  if (new_length > buffer->capacity) {
    buffer = static_cast<StringBuffer*>(
        Reallocate(buffer, sizeof(StringBuffer) + GrownCapacity(new_length)));
    buffer->capacity = static_cast<uint32_t>(UsableSize(buffer) - sizeof(StringBuffer));
    e->SetValueWord(reinterpret_cast<int64_t>(buffer));
  }
  if (new_length > buffer->length) {
    std::memset(buffer->data() + buffer->length, 0, new_length - buffer->length);
  }
  buffer->length = static_cast<uint32_t>(new_length);
  e->flags_ |= kModified;
  return e;
}

size_t Entry::BlockBytes() const {
  return flags_ & kHeap ? UsableSize(this) : SlabUsableSize(this);
}

void Entry::FreeShell(Entry* e) {
  if (e->flags_ & kHeap) {
    Free(e);
  } else {
    SlabFree(e);
  }
}

void Entry::FreeString(Entry* e) {
  if (e->encoding() == Encoding::kBuffer) Free(e->buffer());
  FreeShell(e);
}

size_t Entry::StringLength() const {
  switch (encoding()) {
    case Encoding::kEmbedded:
      return embedded_length_;
    case Encoding::kBuffer:
      return buffer()->length;
    default:
      break;
  }
  char text[kIntTextBytes];
  return FormatInt64(int_value(), text);
}

std::string_view Entry::StringView(char (&scratch)[kIntTextBytes]) const {
  switch (encoding()) {
    case Encoding::kEmbedded: {
      std::string_view k = key();
      return {k.data() + k.size(), embedded_length_};
    }
    case Encoding::kBuffer:
      return {buffer()->data(), buffer()->length};
    default:
      return {scratch, FormatInt64(int_value(), scratch)};
  }
}

std::string Entry::StringCopy() const {
  char scratch[kIntTextBytes];
  return std::string(StringView(scratch));
}

char* Entry::StringData() {
  BASALT_DCHECK(encoding() == Encoding::kEmbedded || encoding() == Encoding::kBuffer);
  return encoding() == Encoding::kBuffer ? buffer()->data() : EmbeddedData();
}

const char* Entry::StringEncodingName() const {
  if (is_int()) return "int";
  return !modified() && StringLength() <= kMaxEmbstrBytes ? "embstr" : "raw";
}

size_t Entry::MemoryBytes() const {
  return BlockBytes() + (encoding() == Encoding::kBuffer ? UsableSize(buffer()) : 0);
}

}  // namespace basalt
