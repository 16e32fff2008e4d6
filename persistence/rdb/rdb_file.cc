#include "persistence/rdb/rdb_file.h"

#include <algorithm>

#include "core/base/crc.h"

namespace basalt::rdb {

FileSink::FileSink(File& file, FileSinkOptions options)
    : Sink(options.compress),
      file_(file),
      options_(std::move(options)),
      buffer_(std::make_unique_for_overwrite<char[]>(std::max(options_.buffer_bytes, kNeedMax))) {
  cur_ = buffer_.get();
  end_ = cur_ + std::max(options_.buffer_bytes, kNeedMax);
}

void FileSink::WriteOut(std::string_view bytes) {
  if (!status_.ok() || bytes.empty()) return;
  if (options_.checksum) crc_ = Crc64(crc_, bytes);
  status_ = file_.PWrite(written_, bytes);
  if (!status_.ok()) return;
  written_ += bytes.size();
  if (options_.sync_every_bytes != 0 && written_ - synced_ >= options_.sync_every_bytes) {
    status_ = file_.Sync();
    synced_ = written_;
  }
  if (options_.after_write) options_.after_write(written_);
}

void FileSink::Drain(size_t) {
  WriteOut({buffer_.get(), static_cast<size_t>(cur_ - buffer_.get())});
  cur_ = buffer_.get();
}

void FileSink::RawSlow(std::string_view bytes) {
  const auto room = static_cast<size_t>(end_ - cur_);
  if (bytes.size() < room + static_cast<size_t>(end_ - buffer_.get())) {
    std::memcpy(cur_, bytes.data(), room);  // fill up, so that writes stay large
    cur_ += room;
    Drain(0);
    Raw(bytes.substr(room));
    return;
  }
  Drain(0);
  WriteOut(bytes);
}

absl::Status FileSink::Flush() {
  Drain(0);
  return status_;
}

uint64_t FileSink::Checksum() {
  Drain(0);
  return options_.checksum ? crc_ : 0;
}

FileSource::FileSource(File& file, uint64_t size, size_t buffer_bytes)
    : Source(size),
      file_(file),
      usual_bytes_(buffer_bytes),
      capacity_(buffer_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)) {
  begin_ = cur_ = end_ = summed_ = buffer_.get();
}

uint64_t FileSource::Checksum() {
  crc_ = Crc64(crc_, {summed_, static_cast<size_t>(cur_ - summed_)});
  summed_ = cur_;
  return crc_;
}

bool FileSource::Refill(uint64_t n) {
  Checksum();
  const auto kept = static_cast<size_t>(end_ - cur_);
  const uint64_t at = offset();
  const size_t wanted = std::max<size_t>(n, usual_bytes_);
  if (wanted != capacity_) {
    auto other = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(other.get(), cur_, kept);
    buffer_ = std::move(other);
    capacity_ = wanted;
  } else {
    std::memmove(buffer_.get(), cur_, kept);
  }
  begin_ = cur_ = summed_ = buffer_.get();
  end_ = begin_ + kept;
  window_offset_ = at;
  while (static_cast<uint64_t>(end_ - cur_) < n) {
    const auto have = static_cast<size_t>(end_ - cur_);
    absl::StatusOr<size_t> got = file_.PRead(at + have, buffer_.get() + have, capacity_ - have);
    if (!got.ok()) return FailWith(got.status());
    if (*got == 0) return Fail("the file became shorter while it was read");
    end_ += *got;
  }
  return true;
}

}  // namespace basalt::rdb
