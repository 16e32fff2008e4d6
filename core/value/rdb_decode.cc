#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/crc.h"
#include "core/base/strings.h"
#include "core/ds/listpack.h"
#include "core/value/rdb_codec.h"
#include "core/value/rdb_format.h"
#include "core/value/rdb_legacy.h"

namespace basalt::rdb {
namespace {

// A table is prepared for at most so many elements on the word of an unverified count.
constexpr uint64_t kReserveMax = 1 << 16;

ValueType TypeOfByte(uint8_t type) {
  switch (type) {
    case kTypeList:
    case kTypeListZiplist:
    case kTypeListQuicklist:
    case kTypeListQuicklist2:
      return ValueType::kList;
    case kTypeSet:
    case kTypeSetIntset:
    case kTypeSetListpack:
      return ValueType::kSet;
    case kTypeZSet:
    case kTypeZSet2:
    case kTypeZSetZiplist:
    case kTypeZSetListpack:
      return ValueType::kZSet;
    case kTypeHash:
    case kTypeHashZipmap:
    case kTypeHashZiplist:
    case kTypeHashListpack:
      return ValueType::kHash;
    default:
      return ValueType::kString;
  }
}

// Whether the value is a count followed by that many parts, rather than one string.
bool HasParts(uint8_t type) {
  switch (type) {
    case kTypeList:
    case kTypeSet:
    case kTypeZSet:
    case kTypeZSet2:
    case kTypeHash:
    case kTypeListQuicklist:
    case kTypeListQuicklist2:
      return true;
    default:
      return false;
  }
}

// Turns a flat sequence of elements into pairs.
class Pairs {
 public:
  // True when `text` completes a pair whose first half is first().
  bool Add(std::string_view text) {
    if (!half_) first_.assign(text);
    half_ = !half_;
    return !half_;
  }
  const std::string& first() const { return first_; }
  bool complete() const { return !half_; }

 private:
  std::string first_;
  bool half_ = false;
};

bool FillList(List& list, std::string_view ziplist) {
  return ForEachInZiplist(ziplist, [&list](std::string_view text) {
    list.PushBack(text);
    return true;
  });
}

bool FillHash(Hash& hash, std::string_view ziplist) {
  Pairs pairs;
  return ForEachInZiplist(ziplist,
                          [&](std::string_view text) {
                            return !pairs.Add(text) || hash.Set(pairs.first(), text);
                          }) &&
         pairs.complete();
}

bool FillZSet(ZSet& zset, std::string_view ziplist) {
  Pairs pairs;
  return ForEachInZiplist(ziplist,
                          [&](std::string_view text) {
                            double score;
                            return !pairs.Add(text) ||
                                   (ParseDouble(text, &score) && zset.Add(pairs.first(), score));
                          }) &&
         pairs.complete();
}

bool FillSet(Set& set, std::string_view listpack) {
  if (!Listpack::Validate(listpack)) return false;
  const Listpack packed = Listpack::CopyOf(listpack);
  for (Listpack::Pos p = packed.First(); p != Listpack::kNone; p = packed.Next(p)) {
    if (!set.Add(packed.Get(p).text())) return false;
  }
  return true;
}

}  // namespace

uint64_t DecodedValue::Elements() const {
  if (list != nullptr) return list->Size();
  if (set != nullptr) return set->Size();
  if (zset != nullptr) return zset->Size();
  return hash != nullptr ? hash->Size() : 0;
}

bool DecodedValue::IsEmptyCollection() const {
  switch (type) {
    case ValueType::kString:
      return false;
    case ValueType::kList:
      return list->Size() == 0;
    case ValueType::kSet:
      return set->Size() == 0;
    case ValueType::kZSet:
      return zset->Size() == 0;
    case ValueType::kHash:
      return hash->Size() == 0;
  }
  return false;
}

void* DecodedValue::ReleaseObject() {
  switch (type) {
    case ValueType::kString:
      return nullptr;
    case ValueType::kList:
      return list.release();
    case ValueType::kSet:
      return set.release();
    case ValueType::kZSet:
      return zset.release();
    case ValueType::kHash:
      return hash.release();
  }
  return nullptr;
}

void ValueDecoder::Begin(uint8_t type, bool skip) {
  type_ = type;
  skip_ = skip;
  opened_ = false;
  value_.list.reset();
  value_.set.reset();
  value_.zset.reset();
  value_.hash.reset();
  value_.is_integer = false;
  value_.view = {};
}

ValueDecoder::Result ValueDecoder::Step(Source& in, uint64_t max_bytes) {
  const uint64_t start = in.offset();
  if (!opened_ && !Open(in)) return Result::kError;
  while (parts_left_ > 0) {
    if (!(skip_ ? SkipPart(in) : Part(in))) return Result::kError;
    --parts_left_;
    if (in.offset() - start >= max_bytes && parts_left_ > 0) return Result::kMore;
  }
  return Result::kDone;
}

bool ValueDecoder::Open(Source& in) {
  if (!IsValueType(type_)) return in.Fail(StrCat("unknown value type ", int{type_}));
  opened_ = true;
  parts_left_ = 1;
  if (HasParts(type_) && !in.Count(&parts_left_)) return false;
  value_.type = TypeOfByte(type_);
  if (skip_) return true;
  const size_t reserve = HasParts(type_) ? std::min(parts_left_, kReserveMax) : 0;
  switch (value_.type) {
    case ValueType::kString:
      break;
    case ValueType::kList:
      value_.list = std::make_unique<List>();
      break;
    case ValueType::kSet:
      value_.set = std::make_unique<Set>();
      if (reserve > 0) value_.set->Reserve(reserve);
      break;
    case ValueType::kZSet:
      value_.zset = std::make_unique<ZSet>();
      if (reserve > 0) value_.zset->Reserve(reserve);
      break;
    case ValueType::kHash:
      value_.hash = std::make_unique<Hash>();
      if (reserve > 0) value_.hash->Reserve(reserve);
      break;
  }
  return true;
}

bool ValueDecoder::Part(Source& in) {
  switch (value_.type) {
    case ValueType::kString:
      if (!in.StringOrInteger(&value_.view, &value_.integer, &value_.is_integer)) return false;
      return value_.view.size() <= kMaxStringBytes || in.Fail("string longer than 512 MB");
    case ValueType::kList:
      return ListPart(in);
    case ValueType::kSet:
      return SetPart(in);
    case ValueType::kZSet:
      return ZSetPart(in);
    case ValueType::kHash:
      return HashPart(in);
  }
  return false;
}

// An element's text: no longer than a command could have made it.
bool ValueDecoder::Element(Source& in, std::string_view* out) {
  if (!in.String(out)) return false;
  return out->size() <= kMaxStringBytes || in.Fail("element longer than 512 MB");
}

bool ValueDecoder::Blob(Source& in, std::string_view* out) {
  if (!in.String(out)) return false;
  return out->size() <= Listpack::kMaxBytes || in.Fail("packed value longer than 1 GB");
}

bool ValueDecoder::ListPart(Source& in) {
  std::string_view bytes;
  if (type_ == kTypeList) {
    if (!Element(in, &bytes)) return false;
    value_.list->PushBack(bytes);
    return true;
  }
  if (type_ == kTypeListQuicklist2) {
    uint64_t container;
    if (!in.Length(&container)) return false;
    if (container != kNodePlain && container != kNodePacked) return in.Fail("unknown list node");
    const bool plain = container == kNodePlain;
    if (!(plain ? Element(in, &bytes) : Blob(in, &bytes))) return false;
    return value_.list->AppendNode(plain, bytes) || in.Fail("bad listpack of a list");
  }
  return Blob(in, &bytes) && (FillList(*value_.list, bytes) || in.Fail("bad ziplist of a list"));
}

bool ValueDecoder::SetPart(Source& in) {
  std::string_view bytes;
  if (type_ == kTypeSet) {
    return Element(in, &bytes) && (value_.set->Add(bytes) || in.Fail("member twice in a set"));
  }
  if (!Blob(in, &bytes)) return false;
  if (type_ == kTypeSetListpack) {
    return FillSet(*value_.set, bytes) || in.Fail("bad listpack of a set");
  }
  value_.set = Set::FromIntset(bytes);
  return value_.set != nullptr || in.Fail("bad intset");
}

bool ValueDecoder::ZSetPart(Source& in) {
  std::string_view bytes;
  if (type_ == kTypeZSet || type_ == kTypeZSet2) {
    double score;
    if (!Element(in, &bytes)) return false;
    first_.assign(bytes);
    if (!(type_ == kTypeZSet ? in.TextDouble(&score) : in.Fixed(&score))) return false;
    if (std::isnan(score)) return in.Fail("score is not a number");
    return value_.zset->Add(first_, score) || in.Fail("member twice in a sorted set");
  }
  if (!Blob(in, &bytes)) return false;
  if (type_ == kTypeZSetZiplist) {
    return FillZSet(*value_.zset, bytes) || in.Fail("bad ziplist of a sorted set");
  }
  value_.zset = ZSet::FromListpack(bytes);
  return value_.zset != nullptr || in.Fail("bad listpack of a sorted set");
}

bool ValueDecoder::HashPart(Source& in) {
  std::string_view bytes;
  Hash& hash = *value_.hash;
  if (type_ == kTypeHash) {
    if (!Element(in, &bytes)) return false;
    first_.assign(bytes);
    return Element(in, &bytes) && (hash.Set(first_, bytes) || in.Fail("field twice in a hash"));
  }
  if (!Blob(in, &bytes)) return false;
  if (type_ == kTypeHashZiplist) return FillHash(hash, bytes) || in.Fail("bad ziplist of a hash");
  if (type_ == kTypeHashZipmap) {
    const bool good = ForEachInZipmap(bytes, [&](std::string_view field, std::string_view value) {
      return hash.Set(field, value);
    });
    return good || in.Fail("bad zipmap");
  }
  value_.hash = Hash::FromListpack(bytes);
  return value_.hash != nullptr || in.Fail("bad listpack of a hash");
}

bool ValueDecoder::SkipPart(Source& in) {
  double score;
  uint64_t container;
  switch (type_) {
    case kTypeHash:
      return in.SkipString() && in.SkipString();
    case kTypeZSet:
      return in.SkipString() && in.TextDouble(&score);
    case kTypeZSet2:
      return in.SkipString() && in.Fixed(&score);
    case kTypeListQuicklist2:
      return in.Length(&container) && in.SkipString();
    default:
      return in.SkipString();
  }
}

namespace {

absl::Status CheckFooter(std::string_view payload) {
  uint16_t version = 0;
  uint64_t crc = 0;
  if (payload.size() > kDumpFooterBytes) {
    const char* footer = payload.data() + payload.size() - kDumpFooterBytes;
    std::memcpy(&version, footer, sizeof version);
    std::memcpy(&crc, footer + sizeof version, sizeof crc);
    payload.remove_suffix(sizeof crc);
    if (version <= kReadVersionMax && Crc64(0, payload) == crc) return absl::OkStatus();
  }
  return absl::InvalidArgumentError("DUMP payload version or checksum are wrong");
}

// RESTORE's value must live on its own: the payload and the source do not.
void OwnText(DecodedValue& value) {
  if (value.type != ValueType::kString || value.is_integer) return;
  value.owned.assign(value.view);
  value.owns_text = true;
}

}  // namespace

absl::StatusOr<DecodedValue> RestoreValue(std::string_view payload) {
  if (absl::Status footer = CheckFooter(payload); !footer.ok()) return footer;
  StringSource in(payload.substr(0, payload.size() - kDumpFooterBytes));
  uint8_t type;
  if (!in.Byte(&type)) return in.status();
  if (const std::string_view name = UnsupportedTypeName(type); !name.empty()) {
    return absl::UnimplementedError(StrCat("cannot restore a ", name));
  }
  ValueDecoder decoder;
  decoder.Begin(type);
  if (decoder.Step(in, std::numeric_limits<uint64_t>::max()) != ValueDecoder::Result::kDone) {
    return in.status();
  }
  if (in.remaining() > 0) return absl::DataLossError("bytes left over after the value");
  if (decoder.value().IsEmptyCollection())
    return absl::DataLossError("a collection without elements");
  OwnText(decoder.value());
  return std::move(decoder.value());
}

}  // namespace basalt::rdb
