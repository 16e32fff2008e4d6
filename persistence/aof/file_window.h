// A window that moves forward over a file, so that small reads cost no system call each.
// Owner: one thread. Memory: one buffer of the size given, whatever the file's length.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/io/file.h"

namespace basalt {

class FileWindow {
 public:
  static constexpr size_t kSizeMin = 256;

  FileWindow(File* file, uint64_t file_size, size_t window_size)
      : file_(file), file_size_(file_size), window_size_(std::max(window_size, kSizeMin)) {}

  uint64_t file_size() const { return file_size_; }
  size_t window_size() const { return window_size_; }

  // Up to `n` bytes at `offset`, fewer only at the end of the file; n must not be above the
  // window's size. The view is valid until the next call.
  absl::StatusOr<std::string_view> Read(uint64_t offset, size_t n) {
    if (offset >= file_size_) return std::string_view();
    n = static_cast<size_t>(std::min<uint64_t>(n, file_size_ - offset));
    if (offset < begin_ || offset + n > begin_ + buffer_.size()) {
      buffer_.resize(static_cast<size_t>(std::min<uint64_t>(window_size_, file_size_ - offset)));
      absl::StatusOr<size_t> got = file_->PRead(offset, buffer_.data(), buffer_.size());
      if (!got.ok()) return got.status();
      buffer_.resize(*got);
      begin_ = offset;
    }
    return std::string_view(buffer_).substr(static_cast<size_t>(offset - begin_), n);
  }

 private:
  File* file_;
  uint64_t file_size_;
  size_t window_size_;
  uint64_t begin_ = 0;
  std::string buffer_;
};

}  // namespace basalt
