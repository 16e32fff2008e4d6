// Writes the primitives of the RDB format: lengths, strings (as integers, compressed or plain),
// doubles, times. One thread, the one that encodes. Bytes gather in a buffer of the subclass and
// leave through Drain; a sink never fails by itself, a subclass that writes to a file remembers its
// first error and drops what follows.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace basalt::rdb {

class Sink {
 public:
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void Byte(uint8_t b) {
    Need(1);
    *cur_++ = static_cast<char>(b);
  }
  void Raw(std::string_view bytes) {
    if (bytes.size() > static_cast<size_t>(end_ - cur_)) return RawSlow(bytes);
    std::memcpy(cur_, bytes.data(), bytes.size());
    cur_ += bytes.size();
  }
  void Length(uint64_t n);
  // Texts that spell a 32-bit integer become that integer; long ones are compressed if allowed and
  // worth it.
  void String(std::string_view text);
  void IntegerString(int64_t value);
  // Never integer-encoded, as Redis writes packed blobs (compressed if allowed and worth it).
  void Blob(std::string_view bytes);
  void BinaryDouble(double value) { Fixed(&value, sizeof value); }
  void Millis(int64_t ms) { Fixed(&ms, sizeof ms); }
  void Uint64(uint64_t value) { Fixed(&value, sizeof value); }
  void Uint16(uint16_t value) { Fixed(&value, sizeof value); }

 protected:
  explicit Sink(bool compress) : compress_(compress) {}

  // The buffer [begin_, end_) is full up to cur_: make room for at least `need` more bytes (need <=
  // kNeedMax).
  virtual void Drain(size_t need) = 0;
  // For what does not fit the buffer. Called with an empty buffer or not, in order.
  virtual void RawSlow(std::string_view bytes) = 0;

  static constexpr size_t kNeedMax = 16;
  char* cur_ = nullptr;
  char* end_ = nullptr;

 private:
  void Need(size_t n) {
    if (__builtin_expect(static_cast<size_t>(end_ - cur_) < n, 0)) Drain(n);
  }
  void Fixed(const void* p, size_t n) {
    Need(n);
    std::memcpy(cur_, p, n);
    cur_ += n;
  }
  bool Integer(int64_t value);
  bool Compressed(std::string_view bytes);

  bool compress_;
  std::unique_ptr<char[]> scratch_;  // of the compressor
  size_t scratch_size_ = 0;
};

// Gathers everything in a string.
class StringSink final : public Sink {
 public:
  explicit StringSink(bool compress) : Sink(compress) {}
  // Everything written so far; the sink is empty afterwards.
  std::string Take();

 private:
  void Drain(size_t need) override;
  void RawSlow(std::string_view bytes) override;
  void Grow(size_t more);

  std::string bytes_;
};

}  // namespace basalt::rdb
