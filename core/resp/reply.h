// Builds replies in RESP2 or RESP3 at the end of a byte buffer that somebody else owns (a
// connection's output, a hop's answer, a script's result). One thread at a time, the one that runs
// the command. Invariants: bytes already in the buffer are never changed, except by EndArray and
// its kin, which put the header in at their mark; nothing is allocated but the growth of the
// buffer. A Reply holds no state that outlives a command but the protocol version, so it is cheap
// to make one per batch.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace basalt {

class Reply {
 public:
  Reply(std::string* out, int resp) : out_(out), resp3_(resp == 3) {}

  int resp() const { return resp3_ ? 3 : 2; }
  void set_resp(int resp) { resp3_ = resp == 3; }
  std::string* buffer() { return out_; }

  void Ok() { out_->append("+OK\r\n", 5); }
  void Simple(std::string_view text);  // "+text"; the caller's own text, free of CR and LF
  void Integer(int64_t value);
  void Bulk(std::string_view value);
  void BulkInteger(int64_t value);  // the decimal text of `value` as a bulk string
  void Null() { resp3_ ? out_->append("_\r\n", 3) : out_->append("$-1\r\n", 5); }
  void NullArray() { resp3_ ? out_->append("_\r\n", 3) : out_->append("*-1\r\n", 5); }
  void EmptyArray() { out_->append("*0\r\n", 4); }

  // `text` begins with the error's code ("ERR syntax error", "WRONGTYPE ..."). CR and LF in it,
  // which may come from a client, become spaces.
  void Error(std::string_view text);

  // Headers; the elements follow as further calls. RESP2 has arrays only: a map of n pairs is an
  // array of 2n.
  void Array(size_t n) { Header('*', n); }
  void Map(size_t pairs) { resp3_ ? Header('%', pairs) : Header('*', pairs * 2); }
  void Set(size_t n) { Header(resp3_ ? '~' : '*', n); }
  void Push(size_t n) { Header(resp3_ ? '>' : '*', n); }
  void Attribute(size_t pairs) { Header('|', pairs); }  // RESP3 only

  void Double(double value);                // RESP2: bulk string
  void Bool(bool value);                    // RESP2: integer 1 or 0
  void BigNumber(std::string_view digits);  // RESP2: bulk string
  void Verbatim(std::string_view text,
                std::string_view ext = "txt");  // `ext` is 3 bytes; RESP2: bulk string

  // For a length known only afterwards: mark = BeginArray(); ...elements...; EndArray(mark,
  // how_many). Nests like brackets. End costs one move of the elements' bytes.
  size_t BeginArray() const { return out_->size(); }
  void EndArray(size_t mark, size_t n) { InsertHeader(mark, '*', n); }
  void EndMap(size_t mark, size_t pairs) {
    resp3_ ? InsertHeader(mark, '%', pairs) : InsertHeader(mark, '*', pairs * 2);
  }
  void EndSet(size_t mark, size_t n) { InsertHeader(mark, resp3_ ? '~' : '*', n); }

  // Bytes that already are one or more replies of this protocol version.
  void Raw(std::string_view resp) { out_->append(resp.data(), resp.size()); }

  // How many times Error was called: a command failed if this moved. The text of the last one,
  // without '-' and CRLF, begins at last_error_at() + 1 in the buffer.
  size_t errors() const { return errors_; }
  size_t last_error_at() const { return last_error_at_; }

 private:
  static constexpr size_t kNumberMax = 24;  // type byte, 20 digits, CRLF
  static constexpr size_t kSmallBulk =
      99;  // up to here zeroing the room for a bulk first costs next to nothing

  // Writes "<type><value>\r\n" and returns the end.
  template <class Int>
  static char* PutNumber(char* p, char type, Int value);

  template <class Int>
  void AppendNumber(char type, Int value);

  // Makes room for `bytes` more at the end of the buffer, to be filled by the caller.
  char* Extend(size_t bytes);
  void Header(char type, size_t n);
  void InsertHeader(size_t mark, char type, size_t n);
  void LargeBulk(std::string_view value);

  std::string* out_;
  bool resp3_;
  size_t errors_ = 0;
  size_t last_error_at_ = 0;
};

template <class Int>
inline char* Reply::PutNumber(char* p, char type, Int value) {
  *p++ = type;
  p = std::to_chars(p, p + 20, value).ptr;
  *p++ = '\r';
  *p++ = '\n';
  return p;
}

// The parts are written in place, not put together on the stack and then copied: a copy would read
// back with wide loads what narrow stores have just written, which the processor cannot forward and
// waits for (a bulk of 3 bytes: 16 against 6 cycles).
inline char* Reply::Extend(size_t bytes) {
  const size_t size = out_->size();
  out_->resize(size + bytes);
  return out_->data() + size;
}

// One digit is a single store of four bytes, which does forward.
template <class Int>
inline void Reply::AppendNumber(char type, Int value) {
  if (value >= 0 && value < 10) {
    const char text[4] = {type, static_cast<char>('0' + value), '\r', '\n'};
    out_->append(text, 4);
    return;
  }
  char* const end = PutNumber(Extend(kNumberMax), type, value);
  out_->resize(static_cast<size_t>(end - out_->data()));
}

inline void Reply::Header(char type, size_t n) { AppendNumber(type, n); }

inline void Reply::Integer(int64_t value) { AppendNumber(':', value); }

inline void Reply::Bulk(std::string_view value) {
  const size_t n = value.size();
  if (n > kSmallBulk) return LargeBulk(value);
  const bool two_digits = n >= 10;
  char* p = Extend(4 + two_digits + n + 2);
  *p++ = '$';
  if (two_digits) *p++ = static_cast<char>('0' + n / 10);
  *p++ = static_cast<char>('0' + n % 10);
  *p++ = '\r';
  *p++ = '\n';
  if (n > 0) std::memcpy(p, value.data(), n);
  std::memcpy(p + n, "\r\n", 2);
}

}  // namespace basalt
