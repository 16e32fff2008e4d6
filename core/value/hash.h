// The hash type: field -> value. Small: one listpack of field, value, field, value ... in order of
// insertion. Larger (ValueLimits): a hash table with one allocation per field. A hash never turns
// small again. Owned by one shard; one thread. Views and Elements are valid until the hash changes;
// a visitor must not change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/ds/listpack.h"
#include "core/ds/packed_element.h"

namespace basalt {

class FieldTable;
class Random;

class Hash {
 public:
  using Visitor = absl::FunctionRef<void(std::string_view field, std::string_view value)>;

  Hash();
  ~Hash();
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  size_t Size() const;
  const char* EncodingName() const { return table_ ? "hashtable" : "listpack"; }

  bool Get(std::string_view field, Element* value) const;  // false: no such field
  bool Exists(std::string_view field) const;
  // Sets the field and returns true when it is new. `value` must not be a view into this hash.
  bool Set(std::string_view field, std::string_view value);
  bool Delete(std::string_view field);

  // Every field, until `visit` returns false.
  void ForEach(absl::FunctionRef<bool(std::string_view field, std::string_view value)> visit) const;
  // One step of a scan: visits about `count` fields and returns the next cursor, 0 at the end. A
  // field present from the first step to the last is visited at least once. A listpack is visited
  // whole, whatever the cursor.
  uint64_t Scan(uint64_t cursor, size_t count, Visitor visit) const;

  // A field at random; false when empty. `value` may be null.
  bool RandomField(Random& random, Element* field, Element* value) const;
  // `count` different fields at random (all of them when there are fewer), in no particular order.
  void RandomDistinct(Random& random, size_t count, Visitor visit) const;
  // `count` fields at random, each chosen anew.
  void RandomRepeated(Random& random, size_t count, Visitor visit) const;

  // Memory held, by usable size; a table's fields are extrapolated from `samples` of them (0:
  // counts all).
  size_t MemoryBytes(size_t samples = 5) const;
  std::unique_ptr<Hash> Clone() const;
  // Frees up to about `max_elements` fields and returns how many; 0 when nothing is left. Nothing
  // but FreeSome and the destructor may be called afterwards.
  size_t FreeSome(size_t max_elements);

  // For RDB. The listpack while the hash is small.
  bool is_packed() const { return table_ == nullptr; }
  std::string_view packed_bytes() const { return packed_.bytes(); }  // only while is_packed()
  // A hash of an untrusted listpack; becomes a table at once when it is over the limits. Null when
  // the bytes are no valid listpack, a value is missing or a field occurs twice. May be empty.
  static std::unique_ptr<Hash> FromListpack(std::string_view bytes);
  // Prepares a large hash for `fields` fields to come, when that number is known (loading).
  void Reserve(size_t fields);

 private:
  void ConvertToTable();
  Listpack::Pos FindPacked(std::string_view field) const;  // the value of `field`, or kNone

  Listpack packed_;  // empty of memory once table_ exists
  std::unique_ptr<FieldTable> table_;
};

}  // namespace basalt
