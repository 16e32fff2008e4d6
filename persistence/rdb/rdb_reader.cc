#include "persistence/rdb/rdb_reader.h"

#include <algorithm>
#include <limits>

#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "core/base/touch.h"
#include "core/value/rdb_format.h"
#include "persistence/rdb/hex64.h"

namespace basalt::rdb {
namespace {

constexpr int kFirstVersionWithChecksum = 5;
constexpr size_t kKeyBytesInErrors = 64;

// The key between quotes, cut and with everything but printable ASCII replaced.
std::string KeyForErrors(std::string_view key) {
  std::string text(key.substr(0, kKeyBytesInErrors));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return StrCat('"', text, key.size() > kKeyBytesInErrors ? "...\"" : "\"");
}

}  // namespace

RdbReader::RdbReader(std::unique_ptr<File> file, uint64_t size, std::string path,
                     ReadOptions options)
    : path_(std::move(path)),
      options_(std::move(options)),
      file_(std::move(file)),
      source_(std::make_unique<FileSource>(*file_, size, options_.buffer_bytes)) {}

absl::StatusOr<std::unique_ptr<RdbReader>> RdbReader::Open(FileSystem& fs, const std::string& path,
                                                           ReadOptions options) {
  absl::StatusOr<std::unique_ptr<File>> file = fs.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  std::unique_ptr<RdbReader> reader(
      new RdbReader(std::move(*file), *size, path, std::move(options)));
  if (!reader->ReadHeader()) return reader->Error();
  return reader;
}

absl::Status RdbReader::Error() const {
  const absl::Status& cause = source_->status();
  const std::string key = in_value_ ? StrCat(", key ", KeyForErrors(key_)) : "";
  return absl::Status(cause.code(), StrCat(path_, ": ", std::string(cause.message()), key));
}

bool RdbReader::ReadHeader() {
  std::string_view head;
  if (!source_->Take(kHeaderBytes, &head)) return false;
  if (!head.starts_with(kMagic)) return source_->Fail("this is no RDB file: wrong magic");
  for (const char c : head.substr(kMagic.size())) {
    if (c < '0' || c > '9') return source_->Fail("bad RDB version");
    version_ = version_ * 10 + (c - '0');
  }
  if (version_ < 1 || version_ > kReadVersionMax) {
    return source_->Fail(StrCat("unsupported RDB version ", version_));
  }
  return true;
}

absl::StatusOr<bool> RdbReader::Step(uint64_t max_bytes) {
  const uint64_t start = source_->offset();
  while (!done_) {
    const uint64_t used = source_->offset() - start;
    if (used >= max_bytes) return false;
    if (!(in_value_ ? ContinueValue(max_bytes - used) : ReadItem())) return Error();
  }
  return true;
}

absl::Status RdbReader::LoadAll() {
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = Step(std::numeric_limits<uint64_t>::max());
  return done.status();
}

bool RdbReader::ReadItem() {
  uint8_t type;
  if (!source_->Byte(&type)) return false;
  return type >= kOpFunction ? ReadOpcode(type) : BeginValue(type);
}

bool RdbReader::ReadOpcode(uint8_t opcode) {
  uint64_t ignored;
  uint8_t frequency;
  switch (opcode) {
    case kOpEof:
      return ReadFooter();
    case kOpSelectDb:
      return SelectDb();
    case kOpResizeDb:
      return source_->Length(&ignored) && source_->Length(&ignored);
    case kOpExpireMs:
    case kOpExpireSeconds:
      return ReadExpiry(opcode);
    case kOpAux:
      return ReadAux();
    case kOpIdle:
      return source_->Length(&ignored);
    case kOpFreq:
      return source_->Byte(&frequency);
    case kOpModuleAux:
      return SkipModuleAux();
    default:
      return ReadFunction(opcode);
  }
}

bool RdbReader::SelectDb() {
  if (!source_->Length(&db_)) return false;
  return db_ < kDatabases || source_->Fail(StrCat("database ", db_, " is out of range"));
}

// A time before 1970 is long past all the same, and must not look like kNoExpiry.
bool RdbReader::ReadExpiry(uint8_t opcode) {
  int32_t seconds = 0;
  int64_t at_ms = 0;
  if (opcode == kOpExpireMs ? !source_->Fixed(&at_ms) : !source_->Fixed(&seconds)) return false;
  if (opcode == kOpExpireSeconds) at_ms = int64_t{seconds} * 1000;
  expire_at_ms_ = std::max<int64_t>(at_ms, 0);
  return true;
}

bool RdbReader::ReadAux() {
  std::string_view text;
  if (!source_->String(&text)) return false;
  const std::string name(text);
  if (!source_->String(&text)) return false;
  if (name == "redis-ver") {
    aux_.redis_version = text;
  } else if (name == "basalt-slots") {
    aux_.slots = text;
  }
  const struct {
    std::string_view name;
    int64_t* field;
  } numbers[] = {
      {"ctime", &aux_.created_unix_s}, {"used-mem", &aux_.used_memory},
      {"aof-base", &aux_.aof_base},    {"basalt-format", &aux_.basalt_format},
      {"basalt-shard", &aux_.shard},   {"basalt-shards", &aux_.shards},
      {"basalt-epoch", &aux_.epoch},
  };
  for (const auto& number : numbers) {
    if (name == number.name && !ParseInt64(text, number.field)) *number.field = -1;
  }
  return true;
}

// A library is its source text. Before 7.0's release it was name, engine, optional description and
// text; such a one is stepped over.
bool RdbReader::ReadFunction(uint8_t opcode) {
  ++stats_.functions;
  if (opcode == kOpFunction) {
    std::string_view code;
    if (!options_.library) return source_->SkipString();
    if (!source_->String(&code)) return false;
    options_.library(code);
    return true;
  }
  uint64_t has_description;
  if (!source_->SkipString() || !source_->SkipString() || !source_->Length(&has_description))
    return false;
  return (has_description == 0 || source_->SkipString()) && source_->SkipString();
}

bool RdbReader::SkipModuleAux() {
  ++stats_.module_aux;
  uint64_t module_id, opcode, number;
  if (!source_->Length(&module_id)) return false;
  std::string_view bytes;
  while (source_->Length(&opcode)) {
    bool good = false;
    switch (opcode) {
      case kModuleEof:
        return true;
      case kModuleSigned:
      case kModuleUnsigned:
        good = source_->Length(&number);
        break;
      case kModuleFloat:
        good = source_->Take(4, &bytes);
        break;
      case kModuleDouble:
        good = source_->Take(8, &bytes);
        break;
      case kModuleString:
        good = source_->SkipString();
        break;
      default:
        return source_->Fail("bad module data");
    }
    if (!good) return false;
  }
  return false;
}

bool RdbReader::ReadFooter() {
  done_ = true;
  if (version_ < kFirstVersionWithChecksum) return true;
  const uint64_t computed = source_->Checksum();
  if (!source_->Fixed(&footer_crc_)) return false;
  if (!options_.checksum || footer_crc_ == 0 || footer_crc_ == computed) return true;
  return source_->Fail(StrCat("wrong checksum: the file says ", FormatHex64(footer_crc_),
                              ", its bytes give ", FormatHex64(computed)));
}

bool RdbReader::BeginValue(uint8_t type) {
  std::string_view key;
  value_from_ = source_->offset() - 1;
  if (!IsValueType(type) && UnsupportedTypeName(type).empty()) {
    return source_->Fail(StrCat("unknown value type ", int{type}));
  }
  if (!source_->String(&key)) return false;
  if (key.size() > kMaxStringBytes) return source_->Fail("key longer than 512 MB");
  key_.assign(key);
  in_value_ = true;
  if (const std::string_view name = UnsupportedTypeName(type); !name.empty()) {
    return source_->Fail(StrCat("a ", name, " cannot be loaded: unsupported type,"));
  }
  const bool expired =
      options_.now_ms != 0 && expire_at_ms_ != kNoExpiry && expire_at_ms_ < options_.now_ms;
  target_ = options_.place(key_);
  if (target_ == nullptr) {
    ++stats_.keys_elsewhere;
  } else if (expired) {
    ++stats_.keys_expired;
    target_ = nullptr;
  } else if (db_ >= target_->databases()) {
    return source_->Fail(StrCat("database ", db_, " is out of range"));
  }
  decoder_.Begin(type, /*skip=*/target_ == nullptr && !options_.decode_all);
  if (target_ != nullptr) {
    hash_ = HashKey(key_);
    Db& db = target_->db(DbIndex(static_cast<uint8_t>(db_)));
    // Arrives while the value is decoded.
    Touch(Db::Probe().First(db.table(), hash_));
  }
  return true;
}

bool RdbReader::ContinueValue(uint64_t max_bytes) {
  switch (decoder_.Step(*source_, max_bytes)) {
    case ValueDecoder::Result::kError:
      return false;
    case ValueDecoder::Result::kMore:
      return true;
    case ValueDecoder::Result::kDone:
      break;
  }
  if (options_.on_key) TellKey();
  if (target_ != nullptr && !Store()) return false;
  in_value_ = false;
  expire_at_ms_ = kNoExpiry;
  return true;
}

void RdbReader::TellKey() {
  const DecodedValue& value = decoder_.value();
  options_.on_key({.db = DbIndex(static_cast<uint8_t>(db_)),
                   .key = key_,
                   .type = value.type,
                   .expire_at_ms = expire_at_ms_,
                   .bytes = source_->offset() - value_from_,
                   .elements = value.Elements()});
}

bool RdbReader::Store() {
  DecodedValue& value = decoder_.value();
  if (value.IsEmptyCollection()) return ++stats_.keys_empty, true;
  Db& db = target_->db(DbIndex(static_cast<uint8_t>(db_)));
  const HashedKey key(key_, hash_);
  const size_t before = db.size();
  if (value.type != ValueType::kString) {
    db.AddValue(key, value.type, value.ReleaseObject(), expire_at_ms_);
  } else if (value.is_integer) {
    db.SetInteger(key, value.integer, expire_at_ms_);
  } else {
    db.SetString(key, value.text(), expire_at_ms_);
  }
  if (db.size() == before) return source_->Fail("the key occurs twice");
  ++stats_.keys_loaded;
  return true;
}

}  // namespace basalt::rdb
