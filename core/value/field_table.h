// The table behind a large Hash. A field is one allocation:
//
//   | field length u32 | value length u32 | field | value |
//
// Owned by one shard; one thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/base/check.h"
#include "core/base/hash.h"
#include "core/base/slab.h"
#include "core/value/owning_table.h"

namespace basalt {

class FieldElement {
 public:
  static FieldElement* Create(std::string_view field, std::string_view value) {
    BASALT_CHECK(field.size() <= kMaxLength && value.size() <= kMaxLength);
    auto* element = static_cast<FieldElement*>(AllocateBlock(BytesFor(field.size(), value.size())));
    element->field_size_ = static_cast<uint32_t>(field.size());
    if (!field.empty()) std::memcpy(element->bytes_, field.data(), field.size());
    element->SetValue(value);
    return element;
  }
  static void Destroy(FieldElement* element) { FreeBlock(element, element->Bytes()); }

  // The element with another value, in place when its block suits that, else a new one; the old one
  // is gone then.
  static FieldElement* WithValue(FieldElement* element, std::string_view value) {
    const size_t needed = BytesFor(element->field_size_, value.size());
    const size_t usable = element->MemoryBytes();
    if (needed > usable || needed < usable / 2 || InSlab(needed) != InSlab(element->Bytes())) {
      FieldElement* fresh = Create(element->field(), value);
      Destroy(element);
      return fresh;
    }
    element->SetValue(value);
    return element;
  }

  std::string_view field() const { return {bytes_, field_size_}; }
  std::string_view value() const { return {bytes_ + field_size_, value_size_}; }
  size_t MemoryBytes() const { return BlockUsableSize(this, Bytes()); }

 private:
  static constexpr size_t kMaxLength = std::numeric_limits<uint32_t>::max();

  static size_t BytesFor(size_t field, size_t value) {
    return sizeof(FieldElement) + field + value;
  }
  size_t Bytes() const { return BytesFor(field_size_, value_size_); }  // in use
  void SetValue(std::string_view value) {
    value_size_ = static_cast<uint32_t>(value.size());
    if (!value.empty()) std::memcpy(bytes_ + field_size_, value.data(), value.size());
  }

  uint32_t field_size_;
  uint32_t value_size_;
  char bytes_[];
};

struct FieldTraits {
  using Element = FieldElement;
  using Key = std::string_view;
  static uint64_t Hash(const FieldElement* element) { return HashKey(element->field()); }
  static bool Equal(const FieldElement* element, std::string_view field) {
    return element->field() == field;
  }
  static void Destroy(FieldElement* element) { FieldElement::Destroy(element); }
};

class FieldTable : public OwningTable<FieldTraits> {
 public:
  // Sets a field; true when it is new.
  bool Set(std::string_view field, std::string_view value) {
    const HashedKey key(field);
    FieldElement* element = Find(key);
    if (!element) {
      Insert(key.hash, FieldElement::Create(field, value));
      return true;
    }
    FieldElement* moved = FieldElement::WithValue(element, value);
    if (moved != element) Moved(key.hash, element, moved);
    return false;
  }
};

}  // namespace basalt
