// Writes what a data directory holds as one dump.rdb, without a server: loaded by the code of a
// start, saved by the code of a snapshot. One thread (loading takes more).
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/admin/config.h"
#include "core/io/file.h"
#include "persistence/rdb/rdb_writer.h"

namespace basalt::tools {

struct ExportOptions {
  enum class Source { kAuto, kLog, kSnapshot };
  Source source = Source::kAuto;
  std::string output;  // absolute
  bool force = false;  // replace a file that is there
  bool compress = true;
  uint64_t threads = 0;  // to load with; 0: one per core
  bool quiet = false;
};

struct ExportResult {
  std::string source;  // in words
  rdb::FileSummary file;
  uint64_t functions = 0;
  uint64_t records_dropped = 0;  // of the log, as a start would drop them (told on standard error)
  int64_t milliseconds = 0;
};

// The data directory is the process's current folder, `config` says how the files in it are named.
// FailedPrecondition: a server runs; InvalidArgument: the source is not clear.
absl::StatusOr<ExportResult> Export(FileSystem& fs, Config& config, const ExportOptions& options);

}  // namespace basalt::tools
