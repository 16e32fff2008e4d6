// Builds replies in RESP2 or RESP3 at the end of a byte buffer that somebody else owns (a connection's output, a hop's
// answer, a script's result). One thread at a time, the one that runs the command.
// Invariants: bytes already in the buffer are never changed, except by EndArray and its kin, which put the header in at
// their mark; nothing is allocated but the growth of the buffer. A Reply holds no state that outlives a command but the
// protocol version, so it is cheap to make one per batch.
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

  // `text` begins with the error's code ("ERR syntax error", "WRONGTYPE ..."). CR and LF in it, which may come from a
  // client, become spaces.
  void Error(std::string_view text);

  // Headers; the elements follow as further calls. RESP2 has arrays only: a map of n pairs is an array of 2n.
  void Array(size_t n) { Header('*', n); }
  void Map(size_t pairs) { resp3_ ? Header('%', pairs) : Header('*', pairs * 2); }
  void Set(size_t n) { Header(resp3_ ? '~' : '*', n); }
  void Push(size_t n) { Header(resp3_ ? '>' : '*', n); }
  void Attribute(size_t pairs) { Header('|', pairs); }  // RESP3 only

  void Double(double value);                   // RESP2: bulk string
  void Bool(bool value);                       // RESP2: integer 1 or 0
  void BigNumber(std::string_view digits);     // RESP2: bulk string
  void Verbatim(std::string_view text, std::string_view ext = "txt");  // `ext` is 3 bytes; RESP2: bulk string

  // For a length known only afterwards: mark = BeginArray(); ...elements...; EndArray(mark, how_many). Nests like
  // brackets. End costs one move of the elements' bytes.
  size_t BeginArray() const { return out_->size(); }
  void EndArray(size_t mark, size_t n) { InsertHeader(mark, '*', n); }
  void EndMap(size_t mark, size_t pairs) {
    resp3_ ? InsertHeader(mark, '%', pairs) : InsertHeader(mark, '*', pairs * 2);
  }
  void EndSet(size_t mark, size_t n) { InsertHeader(mark, resp3_ ? '~' : '*', n); }

  // Bytes that already are one or more replies of this protocol version.
  void Raw(std::string_view resp) { out_->append(resp.data(), resp.size()); }

  // How many times Error was called: a command failed if this moved. The text of the last one, without '-' and CRLF,
  // begins at last_error_at() + 1 in the buffer.
  size_t errors() const { return errors_; }
  size_t last_error_at() const { return last_error_at_; }

 private:
  static constexpr size_t kNumberMax = 24;  // type byte, 20 digits, CRLF
  static constexpr size_t kSmallBulk = 96;  // up to here a bulk is put together on the stack and appended once

  // Writes "<type><value>\r\n" and returns the end.
  template <class Int>
  static char* PutNumber(char* p, char type, Int value);

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
  if (value >= 0 && value < 10) {
    *p++ = static_cast<char>('0' + value);
  } else {
    p = std::to_chars(p, p + 20, value).ptr;
  }
  *p++ = '\r';
  *p++ = '\n';
  return p;
}

inline void Reply::Integer(int64_t value) {
  char text[kNumberMax];
  out_->append(text, PutNumber(text, ':', value) - text);
}

inline void Reply::Header(char type, size_t n) {
  char text[kNumberMax];
  out_->append(text, PutNumber(text, type, n) - text);
}

inline void Reply::Bulk(std::string_view value) {
  if (value.size() > kSmallBulk) return LargeBulk(value);
  char text[kNumberMax + kSmallBulk + 2];
  char* p = PutNumber(text, '$', value.size());
  if (!value.empty()) std::memcpy(p, value.data(), value.size());
  p += value.size();
  *p++ = '\r';
  *p++ = '\n';
  out_->append(text, p - text);
}

}  // namespace basalt
