// One value of a key to RDB bytes and back: the body of an RDB file's entries and of DUMP and
// RESTORE. Writes what Redis 7.0 writes; reads every encoding of RDB versions 1 to 11 but streams
// and modules. One thread, the owner of the values. Input is untrusted: a wrong byte gives an error
// with its offset, never a crash, and no length is believed that what is left could not hold.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/value/entry.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/rdb_sink.h"
#include "core/value/rdb_source.h"
#include "core/value/set.h"
#include "core/value/type.h"
#include "core/value/zset.h"

namespace basalt::rdb {

// The RDB type byte that EncodeValue's bytes go with.
uint8_t TypeByteOf(const Entry& entry);
void EncodeValue(Sink& out, const Entry& entry);

// A value that belongs to no key yet: a string's integer or text, or the object of `type`.
struct DecodedValue {
  ValueType type = ValueType::kString;
  bool is_integer = false;  // of a string
  int64_t integer = 0;
  std::string_view view;  // a string's bytes in the source, unless they are owned
  bool owns_text = false;
  std::string owned;
  std::unique_ptr<List> list;
  std::unique_ptr<Set> set;
  std::unique_ptr<ZSet> zset;
  std::unique_ptr<Hash> hash;

  // A string that is no integer. Lives as long as the value when it is owned, else until the source
  // is read again.
  std::string_view text() const { return owns_text ? std::string_view(owned) : view; }
  // Of a collection that was decoded; else 0.
  uint64_t Elements() const;
  // A collection without elements, which no key may hold.
  bool IsEmptyCollection() const;
  // Hands over the collection, for Db::AddValue. Null for a string.
  void* ReleaseObject();
};

// Decodes one value, in slices where it has many elements. A string's text() is a view into the
// source: use it before the source is read again.
class ValueDecoder {
 public:
  enum class Result { kDone, kMore, kError };  // kError: the source's status() says what

  // Starts with a value of `type`. When `skip`, the value is stepped over and not built.
  void Begin(uint8_t type, bool skip = false);
  // Goes on until the value is complete or about `max_bytes` are read.
  Result Step(Source& in, uint64_t max_bytes);
  // The value, once Step returned kDone.
  DecodedValue& value() { return value_; }

 private:
  bool Open(Source& in);
  bool Part(Source& in);
  bool SkipPart(Source& in);
  bool ListPart(Source& in);
  bool SetPart(Source& in);
  bool ZSetPart(Source& in);
  bool HashPart(Source& in);
  bool Element(Source& in, std::string_view* out);
  bool Blob(Source& in, std::string_view* out);

  uint8_t type_ = 0;
  bool skip_ = false;
  bool opened_ = false;
  uint64_t parts_left_ = 0;  // elements, pairs, nodes; 1 for a value that is one string
  std::string first_;        // a pair's first half while the second is read
  DecodedValue value_;
};

// The payload of DUMP: type, value, version, CRC64. `compress` as rdbcompression.
std::string DumpValue(const Entry& entry, bool compress = true);
// The value of a DUMP payload; it owns all its bytes. InvalidArgument: wrong version or checksum.
// Unimplemented: a stream or module. DataLoss: malformed.
absl::StatusOr<DecodedValue> RestoreValue(std::string_view payload);

}  // namespace basalt::rdb
