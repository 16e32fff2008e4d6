#include "persistence/rdb/rdb_writer.h"

#include "core/base/mutant.h"
#include "core/base/strings.h"
#include "core/base/touch.h"
#include "core/value/rdb_codec.h"
#include "core/value/rdb_format.h"

namespace basalt::rdb {
namespace {

constexpr std::string_view kRedisVersion = "7.0.15";  // whose format this is
constexpr std::string_view kWriteVersionText = "0010";
static_assert(kWriteVersion == 10);
constexpr int kBasaltFormat = 1;  // meaning of the aux fields named basalt-*

std::string SlotRangeText(const ShardInfo& info) {
  const uint32_t first = FirstSlotOf(info.shard.value, info.shards);
  const uint32_t last = FirstSlotOf(info.shard.value + 1u, info.shards) - 1;
  return StrCat(first, "-", last);
}

// Where a packed collection's bytes begin; null for anything else.
const void* PackedBytesOf(const Entry& entry) {
  switch (entry.type()) {
    case ValueType::kSet:
      return entry.set()->is_packed() ? entry.set()->packed_bytes().data() : nullptr;
    case ValueType::kZSet:
      return entry.zset()->is_packed() ? entry.zset()->packed_bytes().data() : nullptr;
    case ValueType::kHash:
      return entry.hash()->is_packed() ? entry.hash()->packed_bytes().data() : nullptr;
    default:
      return nullptr;
  }
}

// Writes entries a few at a time, so that their cache misses overlap: an entry may end on another
// line, and points to a collection, which points to its bytes, and all of that is cold.
class EntryBatch {
 public:
  explicit EntryBatch(RdbWriter& writer) : writer_(writer) {}

  void Add(const Entry* entry) {
    entries_[used_++] = entry;
    if (used_ == kEntries) Write();
  }
  void Write() {
    ForEach([](const Entry& entry) { Touch(&entry); });
    ForEach([](const Entry& entry) {
      Touch(entry.LastByte());
      if (entry.encoding() == Encoding::kObject) Touch(entry.object());
      if (entry.encoding() == Encoding::kBuffer) Touch(entry.buffer());
    });
    ForEach([](const Entry& entry) { Touch(PackedBytesOf(entry)); });
    ForEach([this](const Entry& entry) { writer_.WriteEntry(entry); });
    used_ = 0;
  }

 private:
  static constexpr size_t kEntries = 16;

  template <class F>
  void ForEach(F&& f) {
    for (size_t i = 0; i < used_; ++i) f(*entries_[i]);
  }

  RdbWriter& writer_;
  const Entry* entries_[kEntries];
  size_t used_ = 0;
};

void SaveDb(std::span<Keyspace* const> keyspaces, DbIndex index, RdbWriter& writer) {
  uint64_t keys = 0, expires = 0;
  for (Keyspace* keyspace : keyspaces) {
    keys += keyspace->db(index).size();
    expires += keyspace->db(index).expires();
  }
  if (keys == 0) return;
  writer.BeginDb(index, keys, expires);
  for (Keyspace* keyspace : keyspaces) {
    EntryBatch batch(writer);
    keyspace->db(index).ForEach([&batch](const Entry* entry) { batch.Add(entry); });
    batch.Write();
  }
}

absl::StatusOr<FileSummary> SaveAll(std::span<Keyspace* const> keyspaces, File& file,
                                    const FileHeader& header, const FileSinkOptions& options) {
  RdbWriter writer(file, options);
  writer.WriteHeader(header);
  const uint32_t databases = keyspaces.empty() ? 0 : keyspaces[0]->databases();
  for (uint32_t i = 0; i < databases && !writer.failed(); ++i) {
    SaveDb(keyspaces, DbIndex(static_cast<uint8_t>(i)), writer);
  }
  return writer.Finish();
}

}  // namespace

void RdbWriter::Aux(std::string_view name, std::string_view text) {
  sink_.Byte(kOpAux);
  sink_.String(name);
  sink_.String(text);
}

void RdbWriter::Aux(std::string_view name, uint64_t number) { Aux(name, StrCat(number)); }

void RdbWriter::WriteHeader(const FileHeader& header) {
  sink_.Raw(kMagic);
  sink_.Raw(kWriteVersionText);
  Aux("redis-ver", kRedisVersion);
  Aux("redis-bits", 64);
  Aux("ctime", static_cast<uint64_t>(header.created_unix_s));
  Aux("used-mem", header.used_memory);
  Aux("aof-base", header.aof_base ? 1 : 0);
  Aux("basalt-format", kBasaltFormat);
  if (header.shard) {
    Aux("basalt-shard", header.shard->shard.value);
    Aux("basalt-shards", header.shard->shards);
    Aux("basalt-slots", SlotRangeText(*header.shard));
    Aux("basalt-epoch", header.shard->epoch.value);
  }
  for (const std::string& code : header.libraries) {
    sink_.Byte(kOpFunction);
    sink_.String(code);
  }
}

void RdbWriter::BeginDb(DbIndex db, uint64_t keys, uint64_t expires) {
  sink_.Byte(kOpSelectDb);
  sink_.Length(db.value);
  sink_.Byte(kOpResizeDb);
  sink_.Length(keys);
  sink_.Length(expires);
}

void RdbWriter::WriteEntry(const Entry& entry) {
  if (failed()) return;
  if (entry.has_expiry()) {
    sink_.Byte(kOpExpireMs);
    sink_.Millis(entry.expire_at_ms());
  }
  sink_.Byte(TypeByteOf(entry));
  sink_.String(entry.key());
  EncodeValue(sink_, entry);
  ++keys_;
}

absl::StatusOr<FileSummary> RdbWriter::Finish() {
  sink_.Byte(kOpEof);
  const uint64_t crc = sink_.Checksum();
  sink_.Uint64(crc);
  if (absl::Status flushed = sink_.Flush(); !flushed.ok()) return flushed;
  if (absl::Status synced = MutantIs("snapshot-unsynced") ? absl::OkStatus() : file_.Sync();
      !synced.ok()) {
    return synced;
  }
  return FileSummary{.bytes = sink_.bytes(), .crc64 = crc, .keys = keys_};
}

absl::StatusOr<FileSummary> SaveKeyspace(Keyspace& keyspace, File& file, const FileHeader& header,
                                         const FileSinkOptions& options) {
  Keyspace* const one[] = {&keyspace};
  return SaveAll(one, file, header, options);
}

absl::StatusOr<FileSummary> SaveShard(Keyspace& keyspace, FileSystem& fs, const std::string& path,
                                      const FileHeader& header, const FileSinkOptions& options) {
  Keyspace* const one[] = {&keyspace};
  return SaveTogether(one, fs, path, header, options);
}

absl::StatusOr<FileSummary> SaveTogether(std::span<Keyspace* const> keyspaces, FileSystem& fs,
                                         const std::string& path, const FileHeader& header,
                                         const FileSinkOptions& options) {
  const std::string temporary = path + ".tmp";
  absl::StatusOr<std::unique_ptr<File>> file = fs.Open(temporary, OpenMode::kCreateEmpty);
  if (!file.ok()) return file.status();
  absl::StatusOr<FileSummary> summary = SaveAll(keyspaces, **file, header, options);
  file->reset();
  absl::Status status = summary.status();
  if (status.ok()) status = fs.Rename(temporary, path);
  if (status.ok()) return (status = fs.SyncDirectory(DirectoryOf(path))).ok() ? summary : status;
  fs.Remove(temporary).IgnoreError();
  return status;
}

}  // namespace basalt::rdb
