#include "core/base/check.h"
#include "core/base/crc.h"
#include "core/value/rdb_codec.h"
#include "core/value/rdb_format.h"

namespace basalt::rdb {
namespace {

void EncodeString(Sink& out, const Entry& entry) {
  if (entry.is_int()) return out.IntegerString(entry.int_value());
  char scratch[Entry::kIntTextBytes];
  out.String(entry.StringView(scratch));
}

void EncodeList(Sink& out, const List& list) {
  out.Length(list.NodeCount());
  list.ForEachNode([&out](bool plain, std::string_view bytes) {
    out.Length(plain ? kNodePlain : kNodePacked);
    plain ? out.String(bytes) : out.Blob(bytes);
  });
}

void EncodeSet(Sink& out, const Set& set) {
  if (set.is_packed()) return out.Blob(set.packed_bytes());
  out.Length(set.Size());
  set.ForEach([&out](std::string_view member) {
    out.String(member);
    return true;
  });
}

// From the highest down, as Redis does: whoever loads it inserts at the front every time.
void EncodeZSet(Sink& out, const ZSet& zset) {
  if (zset.is_packed()) return out.Blob(zset.packed_bytes());
  out.Length(zset.Size());
  zset.Range({0, zset.Size()}, /*reverse=*/true, [&out](std::string_view member, double score) {
    out.String(member);
    out.BinaryDouble(score);
  });
}

void EncodeHash(Sink& out, const Hash& hash) {
  if (hash.is_packed()) return out.Blob(hash.packed_bytes());
  out.Length(hash.Size());
  hash.ForEach([&out](std::string_view field, std::string_view value) {
    out.String(field);
    out.String(value);
    return true;
  });
}

}  // namespace

uint8_t TypeByteOf(const Entry& entry) {
  switch (entry.type()) {
    case ValueType::kString:
      return kTypeString;
    case ValueType::kList:
      return kTypeListQuicklist2;
    case ValueType::kSet:
      return entry.set()->is_packed() ? kTypeSetIntset : kTypeSet;
    case ValueType::kZSet:
      return entry.zset()->is_packed() ? kTypeZSetListpack : kTypeZSet2;
    case ValueType::kHash:
      return entry.hash()->is_packed() ? kTypeHashListpack : kTypeHash;
  }
  BASALT_CHECK(false);
}

void EncodeValue(Sink& out, const Entry& entry) {
  switch (entry.type()) {
    case ValueType::kString:
      return EncodeString(out, entry);
    case ValueType::kList:
      return EncodeList(out, *entry.list());
    case ValueType::kSet:
      return EncodeSet(out, *entry.set());
    case ValueType::kZSet:
      return EncodeZSet(out, *entry.zset());
    case ValueType::kHash:
      return EncodeHash(out, *entry.hash());
  }
}

std::string DumpValue(const Entry& entry, bool compress) {
  StringSink out(compress);
  out.Byte(TypeByteOf(entry));
  EncodeValue(out, entry);
  out.Uint16(kWriteVersion);
  std::string payload = out.Take();
  const uint64_t crc = Crc64(0, payload);
  payload.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  return payload;
}

}  // namespace basalt::rdb
