// Reads replies, RESP2 and RESP3, into trees: for tests, tools and the server's own client side.
// Not for the hot path: every value is copied. One stream per parser, one thread. Invariants: the
// outcome depends only on the bytes, not on how they were cut; memory follows the bytes that
// arrived, not what a header claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace basalt {

struct ReplyValue {
  enum class Type : char {
    kSimple = '+',
    kError = '-',
    kInteger = ':',
    kBulk = '$',
    kArray = '*',
    kNull = '_',  // also RESP2's "$-1" and "*-1"
    kDouble = ',',
    kBool = '#',
    kBigNumber = '(',
    kBlobError = '!',
    kVerbatim = '=',  // `text` without the "txt:" in front, which is in `format`
    kMap = '%',
    kSet = '~',
    kPush = '>',
  };

  Type type = Type::kNull;
  int64_t integer = 0;               // kInteger; 1 or 0 of kBool
  double number = 0;                 // kDouble
  std::string text;                  // of every type that is a text; the digits as sent of kDouble
  std::string format;                // kVerbatim: "txt", "mkd"
  std::vector<ReplyValue> elements;  // of aggregates; of a map, key and value in turn
  std::vector<ReplyValue>
      attributes;  // what a RESP3 attribute said before this value, key and value in turn

  bool is_null() const { return type == Type::kNull; }
  bool is_error() const { return type == Type::kError || type == Type::kBlobError; }
  bool is_aggregate() const;

  // The value for `key` in a map, or in an array of RESP2 pairs; null when there is none.
  const ReplyValue* Get(std::string_view key) const;

  // One line that tells everything apart, for test failures: (error) ERR x, "a\r\n", (integer) 1,
  // [..], {k: v}, nil.
  std::string ToString() const;

  bool operator==(const ReplyValue&) const = default;
};

class ReplyParser {
 public:
  static constexpr size_t kDepthMax = 128;

  enum class Result { kReply, kNeedMore, kError };

  void Feed(std::string_view bytes) { buffer_.append(bytes); }

  // Takes the next whole reply out of what was fed. After kError the stream is useless; error()
  // tells why.
  Result Next(ReplyValue* out);

  std::string_view error() const { return error_; }
  // Bytes fed that no reply was made of yet.
  size_t pending() const { return buffer_.size() - consumed_; }

 private:
  // An aggregate whose elements are still arriving.
  struct Open {
    ReplyValue value;
    size_t missing;  // elements still to come
    bool attribute;  // belongs to the value behind it
    std::vector<ReplyValue> pending_attributes;
  };
  enum class Step { kValue, kOpened, kShort, kFailed };

  Step ReadOne(ReplyValue* value);
  Step ReadText(char type, int64_t length, size_t body, ReplyValue* value);
  Step OpenAggregate(char type, int64_t length);
  Step ReadLineValue(char type, std::string_view line, ReplyValue* value);
  Step Fail(std::string_view what);
  void Compact();

  std::string buffer_;
  size_t consumed_ = 0;
  size_t scanned_ = 0;  // no line end before this
  std::vector<Open> open_;
  std::vector<ReplyValue> attributes_;  // waiting for their value on the current level
  std::string error_;
};

// Reads exactly one reply; anything missing, left over or wrong gives a kError value that says so.
ReplyValue ParseReply(std::string_view bytes);

}  // namespace basalt
