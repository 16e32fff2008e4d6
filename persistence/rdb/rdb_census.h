// Reads an RDB file from end to end as a load would, keeps nothing of it, and counts: for the
// offline tools. One thread. Memory: a buffer, and with `deep` the largest value.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/io/file.h"
#include "persistence/rdb/rdb_reader.h"

namespace basalt::rdb {

struct CensusOptions {
  int64_t now_ms = 0;                         // keys that are due by then count as expired
  bool deep = true;                           // decode every value; else they are stepped over
  size_t biggest = 3;                         // keys remembered per type
  bool preamble = false;                      // the RDB head of a Redis log: more may follow it
  std::atomic<uint64_t>* progress = nullptr;  // bytes read are added here
};

struct BigKey {
  std::string key;  // cut at kKeyBytesMax
  uint64_t key_bytes = 0;
  DbIndex db;
  uint64_t bytes = 0, elements = 0;

  static constexpr size_t kKeyBytesMax = 256;
};

struct TypeCensus {
  uint64_t keys = 0, expires = 0, expired = 0, bytes = 0, elements = 0;
  std::vector<BigKey> biggest;  // by bytes in the file, largest first
};

struct Census {
  absl::Status error;                 // what a load would say; the counts are of what stands before
  std::vector<std::string> problems;  // what a load would pass over
  std::string path;
  uint64_t size = 0;      // of the file
  uint64_t rdb_size = 0;  // up to the end of its RDB part, as far as it was read
  int version = 0;
  uint64_t crc64 = 0;  // of the footer; 0: it carries none
  FileAux aux;
  ReadStats stats;
  std::array<TypeCensus, kValueTypes> types;
  std::array<uint64_t, kDatabases> db_keys = {};
  std::vector<std::string> functions;  // names of the libraries
  uint64_t functions_bytes = 0;

  uint64_t keys() const;
  uint64_t expires() const;
  uint64_t expired() const;
  bool clean() const { return error.ok() && problems.empty(); }
};

Census TakeCensus(FileSystem& fs, const std::string& path, const CensusOptions& options);

// The name in "#!<engine> name=<name>", the first line of a function library; "?" when there is
// none.
std::string LibraryName(std::string_view text);

}  // namespace basalt::rdb
