// The RDB primitives over a File: a sink and a source with a buffer, a position and a running
// CRC64. One thread each (in a snapshot's child: one per shard).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "core/io/file.h"
#include "core/value/rdb_sink.h"
#include "core/value/rdb_source.h"

namespace basalt::rdb {

struct FileSinkOptions {
  bool compress = true;  // rdbcompression
  bool checksum = true;  // rdbchecksum
  size_t buffer_bytes = 256 << 10;
  uint64_t sync_every_bytes = 0;  // rdb-save-incremental-fsync: keeps the final sync short; 0: no
  // Called after each write of the buffer with the bytes written so far: the place to report
  // progress, or to sleep when a rate must be held. May be null.
  std::function<void(uint64_t bytes)> after_write;
};

// Appends to a file from its beginning. The first error sticks and what follows is dropped.
class FileSink final : public Sink {
 public:
  FileSink(File& file, FileSinkOptions options);

  // Writes out what is buffered.
  absl::Status Flush();
  // CRC64 of all bytes so far; 0 when checksums are off. Flushes.
  uint64_t Checksum();
  uint64_t bytes() const { return written_ + static_cast<uint64_t>(cur_ - buffer_.get()); }
  const absl::Status& status() const { return status_; }

 private:
  void Drain(size_t need) override;
  void RawSlow(std::string_view bytes) override;
  void WriteOut(std::string_view bytes);

  File& file_;
  const FileSinkOptions options_;
  std::unique_ptr<char[]> buffer_;
  uint64_t written_ = 0;
  uint64_t synced_ = 0;
  uint64_t crc_ = 0;
  absl::Status status_;
};

// Reads a file of known size from its beginning. The buffer grows only for a string that is known
// to fit in the file.
class FileSource final : public Source {
 public:
  FileSource(File& file, uint64_t size, size_t buffer_bytes = 256 << 10);

  // CRC64 of all bytes consumed so far.
  uint64_t Checksum();

 private:
  bool Refill(uint64_t n) override;

  File& file_;
  const size_t usual_bytes_;
  size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  const char* summed_;  // crc_ covers what lies before
  uint64_t crc_ = 0;
};

}  // namespace basalt::rdb
