// Reads the primitives of the RDB format from bytes that nobody vouches for: every length is held
// against what is left before anything is allocated. One thread. The first error sticks, with the
// offset where it was found; after it every call returns false. Views handed out live until the
// next call.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace basalt::rdb {

class Source {
 public:
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  [[nodiscard]] bool Byte(uint8_t* out) {
    if (cur_ == end_ && !Ensure(1)) return false;
    *out = static_cast<uint8_t>(*cur_++);
    return true;
  }
  // The next `n` bytes as one piece.
  [[nodiscard]] bool Take(uint64_t n, std::string_view* out) {
    if (static_cast<uint64_t>(end_ - cur_) < n && !Ensure(n)) return false;
    *out = {cur_, static_cast<size_t>(n)};
    cur_ += n;
    return true;
  }
  template <class T>
  [[nodiscard]] bool Fixed(T* out) {
    std::string_view bytes;
    if (!Take(sizeof(T), &bytes)) return false;
    std::memcpy(out, bytes.data(), sizeof(T));
    return true;
  }
  [[nodiscard]] bool Length(uint64_t* out);
  // A length that counts things of at least one byte each: more than what is left is an error.
  [[nodiscard]] bool Count(uint64_t* out);
  // A string in any encoding.
  [[nodiscard]] bool String(std::string_view* out);
  // The same, keeping integers apart: *is_integer tells which of the two is set.
  [[nodiscard]] bool StringOrInteger(std::string_view* out, int64_t* integer, bool* is_integer);
  // Steps over a string without unpacking it.
  [[nodiscard]] bool SkipString();
  // A score in the old text form.
  [[nodiscard]] bool TextDouble(double* out);

  uint64_t offset() const { return window_offset_ + static_cast<uint64_t>(cur_ - begin_); }
  uint64_t remaining() const { return total_ - offset(); }
  uint64_t total() const { return total_; }
  const absl::Status& status() const { return status_; }

  // Fails with `what` and the present offset. Returns false, for `return source.Fail(...)`.
  bool Fail(std::string_view what);

 protected:
  explicit Source(uint64_t total) : total_(total) {}

  // Makes [cur_, end_) hold at least `n` bytes, which are known to be there (n <= remaining()). May
  // move the window.
  virtual bool Refill(uint64_t n) = 0;
  bool FailWith(absl::Status status);

  const char* begin_ = nullptr;  // the window; begin_ stands for window_offset_
  const char* cur_ = nullptr;
  const char* end_ = nullptr;
  uint64_t window_offset_ = 0;

 private:
  bool Ensure(uint64_t n);
  bool SpecialLength(uint8_t first, uint64_t* out);
  bool Unpack(std::string_view* out);

  uint64_t total_;
  std::string scratch_;  // integers as text, unpacked strings
  absl::Status status_;
};

// Over bytes in memory.
class StringSource final : public Source {
 public:
  explicit StringSource(std::string_view bytes) : Source(bytes.size()) {
    begin_ = cur_ = bytes.data();
    end_ = begin_ + bytes.size();
  }

 private:
  bool Refill(uint64_t n) override { return false; }
};

}  // namespace basalt::rdb
