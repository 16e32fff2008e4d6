// The set type. Small and all integers: one intset, sorted. Otherwise (ValueLimits): a hash table
// with one allocation per member, as in Redis 7.0, which has no listpack sets. A set never turns
// back into an intset. Owned by one shard; one thread. Views and Elements are valid until the set
// changes; a visitor must not change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/ds/intset.h"
#include "core/ds/packed_element.h"

namespace basalt {

class MemberTable;
class Random;

class Set {
 public:
  using Visitor = absl::FunctionRef<void(std::string_view member)>;

  Set();
  ~Set();
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

  size_t Size() const;
  const char* EncodingName() const { return table_ ? "hashtable" : "intset"; }

  bool Add(std::string_view member);  // false: was there already
  bool Remove(std::string_view member);
  bool Contains(std::string_view member) const;

  // Every member (an intset in order of value), until `visit` returns false.
  void ForEach(absl::FunctionRef<bool(std::string_view member)> visit) const;
  // As Hash::Scan. An intset is visited whole, whatever the cursor.
  uint64_t Scan(uint64_t cursor, size_t count, Visitor visit) const;

  // A member at random; false when empty.
  bool RandomMember(Random& random, Element* member) const;
  // Removes a member at random into `*member`; false when empty.
  bool PopRandom(Random& random, std::string* member);
  // `count` different members at random (all of them when there are fewer), in no particular order.
  void RandomDistinct(Random& random, size_t count, Visitor visit) const;
  // `count` members at random, each chosen anew.
  void RandomRepeated(Random& random, size_t count, Visitor visit) const;

  // Memory held, by usable size; a table's members are extrapolated from `samples` of them (0:
  // counts all).
  size_t MemoryBytes(size_t samples = 5) const;
  std::unique_ptr<Set> Clone() const;
  // As Hash::FreeSome.
  size_t FreeSome(size_t max_elements);

  // For RDB. The intset while the set is one.
  bool is_packed() const { return table_ == nullptr; }
  std::string_view packed_bytes() const { return ints_.bytes(); }  // only while is_packed()
  // A set of an untrusted intset; becomes a table at once when it is over the limit. Null when it
  // is no valid intset.
  static std::unique_ptr<Set> FromIntset(std::string_view bytes);
  // Prepares for `members` members to come, when that number is known (loading). Above the intset
  // limit this makes the set a table at once.
  void Reserve(size_t members);

 private:
  void ConvertToTable();

  Intset ints_;  // empty of memory once table_ exists
  std::unique_ptr<MemberTable> table_;
};

}  // namespace basalt
