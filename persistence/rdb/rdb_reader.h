// Loads an RDB file of version 1 to 11 into keyspaces, a slice at a time, so that a shard's tick
// goes on meanwhile. One thread: the one that may change those keyspaces. The file is untrusted:
// whatever it holds gives a loaded keyspace or an error that names file, offset and key.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "core/store/keyspace.h"
#include "core/value/rdb_codec.h"
#include "persistence/rdb/rdb_file.h"

namespace basalt::rdb {

// A key that was read, whether a keyspace took it or not. Views are valid during the call only.
struct KeySeen {
  DbIndex db;
  std::string_view key;
  ValueType type;
  int64_t expire_at_ms = kNoExpiry;
  uint64_t bytes = 0;     // in the file, with type byte and key, as they are packed there
  uint64_t elements = 0;  // of a collection that was decoded
};

struct ReadOptions {
  // Which keyspace a key goes to; null: the key is stepped over. So a shard picks the keys of its
  // own slots out of a file that others read as well.
  std::function<Keyspace*(std::string_view key)> place;
  // Takes the code of a function library; null: libraries are stepped over.
  std::function<void(std::string_view code)> library;
  int64_t now_ms = 0;       // keys that expired by then are dropped, as a master does; 0: none are
  bool decode_all = false;  // decode what no keyspace takes, too, to find what is wrong with it
  std::function<void(const KeySeen&)> on_key;  // may be null
  bool checksum = true;  // hold the footer's CRC64 against the bytes (rdbchecksum)
  size_t buffer_bytes = 256 << 10;
};

struct ReadStats {
  uint64_t keys_loaded = 0;
  uint64_t keys_elsewhere = 0;  // `place` said null
  uint64_t keys_expired = 0;    // dropped
  uint64_t keys_empty = 0;      // collections without elements, dropped as Redis does
  uint64_t functions = 0;       // function libraries
  uint64_t module_aux = 0;      // data of modules, skipped
};

// What the aux fields said; -1 (or "") where there was none.
struct FileAux {
  std::string redis_version;
  int64_t created_unix_s = -1;
  int64_t used_memory = -1;
  int64_t aof_base = -1;
  int64_t basalt_format = -1;
  int64_t shard = -1;
  int64_t shards = -1;
  int64_t epoch = -1;
  std::string slots;
};

class RdbReader {
 public:
  // Opens `path` and checks magic and version.
  static absl::StatusOr<std::unique_ptr<RdbReader>> Open(FileSystem& fs, const std::string& path,
                                                         ReadOptions options);

  // Loads on until about `max_bytes` more are read (a single string may exceed that). True: the
  // whole file is loaded and its checksum was right. After an error the keyspaces hold part of the
  // file and the reader must not be used further.
  absl::StatusOr<bool> Step(uint64_t max_bytes);
  // Step until done.
  absl::Status LoadAll();

  uint64_t bytes_read() const { return source_->offset(); }  // once done: where the RDB part ends
  uint64_t bytes_total() const { return source_->total(); }
  int version() const { return version_; }
  uint64_t footer_crc64() const { return footer_crc_; }  // once done; 0: the file carries none
  const ReadStats& stats() const { return stats_; }
  const FileAux& aux() const { return aux_; }

 private:
  RdbReader(std::unique_ptr<File> file, uint64_t size, std::string path, ReadOptions options);

  bool ReadHeader();
  bool ReadItem();
  bool ReadOpcode(uint8_t opcode);
  bool ReadAux();
  bool ReadExpiry(uint8_t opcode);
  bool SelectDb();
  bool ReadFunction(uint8_t opcode);
  bool SkipModuleAux();
  bool ReadFooter();
  bool BeginValue(uint8_t type);
  bool ContinueValue(uint64_t max_bytes);
  bool Store();
  void TellKey();
  absl::Status Error() const;

  const std::string path_;
  const ReadOptions options_;
  std::unique_ptr<File> file_;
  std::unique_ptr<FileSource> source_;
  int version_ = 0;
  bool done_ = false;
  uint64_t footer_crc_ = 0;

  uint64_t db_ = 0;
  std::string key_;                   // of the value being read
  uint64_t hash_ = 0;                 // of that key, if it is loaded
  int64_t expire_at_ms_ = kNoExpiry;  // of the key that comes next
  bool in_value_ = false;
  uint64_t value_from_ = 0;     // offset of its type byte
  Keyspace* target_ = nullptr;  // null: the value is stepped over
  ValueDecoder decoder_;

  ReadStats stats_;
  FileAux aux_;
};

}  // namespace basalt::rdb
