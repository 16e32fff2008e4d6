// Streams the commands of log files in bounded steps, so that loading can be sliced into ticks.
// Owner: the thread that steps it. Memory: one buffer, as large as the largest single command.
// Annotation lines are skipped. SELECT, MULTI and EXEC are handed over like any command; what they
// mean is the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/io/file.h"
#include "persistence/aof/recovery.h"

namespace basalt {

class LogReader {
 public:
  // Arguments are views into the reader's buffer, valid during the call. An error stops the reader
  // and is returned.
  using CommandSink = absl::FunctionRef<absl::Status(std::span<const std::string_view> args)>;

  LogReader(FileSystem* fs, std::string directory, std::vector<LogRange> ranges,
            size_t read_size = size_t{256} << 10);

  // Hands over commands until about `bytes_max` bytes are used up (one command at least). True when
  // all is read.
  absl::StatusOr<bool> Step(size_t bytes_max, CommandSink sink);

  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t bytes_total() const { return bytes_total_; }
  uint64_t commands() const { return commands_; }

 private:
  absl::Status OpenRange();
  absl::Status Fill(size_t want);
  absl::Status Corrupt(std::string_view what) const;

  FileSystem* fs_;
  std::string directory_;
  std::vector<LogRange> ranges_;
  size_t read_size_;
  size_t range_ = 0;
  std::unique_ptr<File> file_;  // of the present range; none between two ranges
  std::string buffer_;          // bytes of the range that were read and not yet dropped
  size_t consumed_ = 0;         // leading bytes of buffer_ that are done with
  uint64_t read_to_ = 0;        // file offset of the end of buffer_
  uint64_t bytes_read_ = 0, bytes_total_ = 0, commands_ = 0;
  std::vector<std::string_view> args_;
};

// One command or annotation at the start of `text`.
struct ParsedLine {
  enum class Kind { kCommand, kAnnotation, kNeedMore, kError } kind = Kind::kNeedMore;
  size_t size = 0;         // bytes it takes; with kNeedMore: at least this many are needed in all
  const char* error = "";  // with kError
};
// `args` is filled for kCommand.
ParsedLine ParseLogItem(std::string_view text, std::vector<std::string_view>* args);

// A plain Redis AOF (or one part of a Redis 7 multi-part AOF).
struct ForeignScan {
  LogRange range;                 // what to give to a LogReader
  std::vector<Finding> findings;  // torn tail, open MULTI
  uint64_t commands = 0;          // in the range
};
// True when the file begins with an RDB image; load that first and scan from its end.
absl::StatusOr<bool> HasRdbPreamble(FileSystem& fs, const std::string& path);
// Finds where the last whole command outside an open MULTI ends. DataLoss when something is no
// command, or when the tail is torn and options.load_truncated is off. `last_file`: only the last
// part of a multi-part AOF may be torn. With options.salvage all of these are findings.
absl::StatusOr<ForeignScan> ScanForeignLog(FileSystem& fs, const std::string& directory,
                                           const std::string& name, uint64_t from, bool last_file,
                                           const RecoveryOptions& options);

}  // namespace basalt
