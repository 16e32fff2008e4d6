// KeyTable: the hash table of a database's entries.
#pragma once

#include <string_view>

#include "core/base/hash.h"
#include "core/ds/hash_table.h"
#include "core/value/entry.h"

namespace basalt {

struct EntryTraits {
  using Element = Entry;
  using Key = std::string_view;
  static uint64_t Hash(const Entry* e) { return HashKey(e->key()); }
  static bool Equal(const Entry* e, std::string_view key) { return e->key() == key; }
};

using KeyTable = HashTable<EntryTraits>;

}  // namespace basalt
