// Values for tests of persistence: owned entries, random ones of every type, and a canonical text
// of what an entry holds, by which two are compared whatever their encodings. One thread.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/strings.h"
#include "core/value/entry.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/object.h"
#include "core/value/rdb_codec.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt {

struct EntryFree {
  void operator()(Entry* e) const {
    if (e->is(ValueType::kString)) return Entry::FreeString(e);
    DestroyObject(e->type(), e->object());
    Entry::FreeShell(e);
  }
};
using OwnedEntry = std::unique_ptr<Entry, EntryFree>;

inline OwnedEntry MakeEntry(std::string_view key, rdb::DecodedValue value,
                            int64_t expire_at_ms = kNoExpiry) {
  if (value.type != ValueType::kString) {
    return OwnedEntry(Entry::NewObject(key, value.type, value.ReleaseObject(), expire_at_ms));
  }
  if (value.is_integer) return OwnedEntry(Entry::NewInteger(key, value.integer, expire_at_ms));
  return OwnedEntry(Entry::NewString(key, value.text(), expire_at_ms));
}

// What the entry holds. Order counts in lists and sorted sets only.
inline std::string Describe(const Entry& entry) {
  std::vector<std::string> parts;
  auto add = [&parts](std::string_view text) {
    parts.push_back(StrCat(text.size(), ":", text, " "));
    return true;
  };
  switch (entry.type()) {
    case ValueType::kString:
      add(entry.StringCopy());
      break;
    case ValueType::kList:
      entry.list()->ForEach(add);
      break;
    case ValueType::kSet:
      entry.set()->ForEach(add);
      break;
    case ValueType::kZSet:
      entry.zset()->ForEach(
          [&](std::string_view member, double score) { return add(StrCat(score, " ", member)); });
      break;
    case ValueType::kHash:
      entry.hash()->ForEach([&](std::string_view field, std::string_view value) {
        return add(StrCat(field.size(), ":", field, " ", value));
      });
      break;
  }
  if (entry.is(ValueType::kSet) || entry.is(ValueType::kHash))
    std::sort(parts.begin(), parts.end());
  std::string text = StrCat(TypeName(entry.type()), " ");
  for (const std::string& part : parts) text += part;
  return text;
}

// A random value of `type` with up to `elements_max` elements (at least one), made of `text()`s.
template <class Text, class Below>
OwnedEntry RandomEntry(std::string_view key, ValueType type, size_t elements_max, Text text,
                       Below below, int64_t expire_at_ms = kNoExpiry) {
  const size_t elements = 1 + below(elements_max);
  rdb::DecodedValue value;
  value.type = type;
  value.list = std::make_unique<List>();
  value.set = std::make_unique<Set>();
  value.zset = std::make_unique<ZSet>();
  value.hash = std::make_unique<Hash>();
  if (type == ValueType::kString) {
    value.owns_text = true;
    value.owned = text();
  }
  for (size_t i = 0; i < elements; ++i) {
    switch (type) {
      case ValueType::kString:
        break;
      case ValueType::kList:
        value.list->PushBack(text());
        break;
      case ValueType::kSet:
        value.set->Add(text());
        break;
      case ValueType::kZSet:
        value.zset->Add(text(), (static_cast<double>(below(1000)) - 500) / 8);
        break;
      case ValueType::kHash:
        value.hash->Set(text(), text());
        break;
    }
  }
  return MakeEntry(key, std::move(value), expire_at_ms);
}

}  // namespace basalt
