// Writes RDB files of version 10, as Redis 7.0 writes them: redis-server loads them,
// redis-check-rdb accepts them. One thread per writer. A snapshot runs one writer per shard, in the
// forked child or over a keyspace that stands still.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/ids.h"
#include "core/io/file.h"
#include "core/store/keyspace.h"
#include "core/value/entry.h"
#include "persistence/rdb/rdb_file.h"

namespace basalt::rdb {

// Which part of the whole a file is; in aux fields that Redis ignores.
struct ShardInfo {
  ShardId shard;
  uint32_t shards = 1;
  Epoch epoch;
};

// What the aux fields at the head of a file say.
struct FileHeader {
  int64_t created_unix_s = 0;
  uint64_t used_memory = 0;
  bool aof_base = false;           // the base of a rewritten log
  std::optional<ShardInfo> shard;  // none: the file holds the whole keyspace
  std::vector<std::string>
      libraries;  // code of function libraries; of a set of files the first has them all
};

struct FileSummary {
  uint64_t bytes = 0;
  uint64_t crc64 = 0;  // as in the footer; 0 when checksums are off
  uint64_t keys = 0;
};

// WriteHeader, then for each database BeginDb and its entries, then Finish. Errors of the file
// stick and come out of Finish.
class RdbWriter {
 public:
  RdbWriter(File& file, FileSinkOptions options) : file_(file), sink_(file, std::move(options)) {}

  void WriteHeader(const FileHeader& header);
  void BeginDb(DbIndex db, uint64_t keys, uint64_t expires);
  // Any entry, expired ones too, with its expiry.
  void WriteEntry(const Entry& entry);
  bool failed() const { return !sink_.status().ok(); }
  uint64_t bytes() const { return sink_.bytes(); }
  // Writes the footer and makes the file durable.
  absl::StatusOr<FileSummary> Finish();

 private:
  void Aux(std::string_view name, std::string_view text);
  void Aux(std::string_view name, uint64_t number);

  File& file_;
  FileSink sink_;
  uint64_t keys_ = 0;
};

// Every entry of every database to `file`, made durable. The keyspace must not change meanwhile.
absl::StatusOr<FileSummary> SaveKeyspace(Keyspace& keyspace, File& file, const FileHeader& header,
                                         const FileSinkOptions& options);

// The same to the file `path`, by a temporary file beside it, sync, rename and sync of the folder:
// `path` holds a whole file or what it held before. The temporary file is removed after an error.
absl::StatusOr<FileSummary> SaveShard(Keyspace& keyspace, FileSystem& fs, const std::string& path,
                                      const FileHeader& header, const FileSinkOptions& options);

// What the keyspaces of all shards hold together, as the single file of a server without shards.
// Replaces `path` like SaveShard.
absl::StatusOr<FileSummary> SaveTogether(std::span<Keyspace* const> keyspaces, FileSystem& fs,
                                         const std::string& path, const FileHeader& header,
                                         const FileSinkOptions& options);

}  // namespace basalt::rdb
