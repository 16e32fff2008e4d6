#include "core/resp/request_parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/base/numbers.h"

namespace basalt {
namespace {

constexpr size_t kMinBulk = 6;         // "$0\r\n\r\n"
constexpr size_t kSpansKept = 1024;    // more room than this is given back after the command that needed it

template <class Int>
Int Load(const char* p) {
  Int value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// Header of one digit, "*3\r\n" or "$3\r\n": all but the digit must equal the pattern.
constexpr uint32_t Pattern(char type) {
  return std::bit_cast<uint32_t>(std::array<char, 4>{type, 0, '\r', '\n'});
}
constexpr uint32_t kAllButDigit =
    std::bit_cast<uint32_t>(std::array<unsigned char, 4>{0xff, 0, 0xff, 0xff});
constexpr uint16_t kCrlf = std::bit_cast<uint16_t>(std::array<char, 2>{'\r', '\n'});

// Reads "<type><number>\r\n" at p; returns the byte behind it, or null when it is not there in full or not in its usual
// form (no leading zero, at most 9 digits), which is for the state machine to judge.
[[gnu::always_inline]] inline const char* ReadHeader(const char* p, const char* end, char type,
                                                     uint32_t* number) {
  if (end - p < 4) return nullptr;
  const uint32_t first_digit = static_cast<uint8_t>(p[1]) - uint32_t{'0'};
  if (first_digit > 9) return nullptr;
  if ((Load<uint32_t>(p) & kAllButDigit) == Pattern(type)) {
    *number = first_digit;
    return p + 4;
  }
  if (*p != type || first_digit == 0) return nullptr;
  uint32_t value = first_digit;
  const char* const last = std::min(end - 1, p + 11);
  for (p += 2; p < last; ++p) {
    const uint32_t digit = static_cast<uint8_t>(*p) - uint32_t{'0'};
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  if (p >= last || Load<uint16_t>(p) != kCrlf) return nullptr;
  *number = value;
  return p + 2;
}

}  // namespace

RequestParser::Result RequestParser::Next(std::string_view input, size_t* consumed,
                                          std::vector<std::string_view>* args,
                                          std::string_view* raw) {
  if (!resuming_) [[likely]] {
    if (const size_t length = ParseWhole(input, args)) [[likely]] {
      *consumed = length;
      *raw = input.substr(0, length);
      return Result::kCommand;
    }
  }
  return NextByStages(input, consumed, args, raw);
}

// The hot path. Returns the length of the command, or 0 when it is not one of at least one argument, complete, with CRLF
// behind every part. Changes nothing but *args.
size_t RequestParser::ParseWhole(std::string_view input, std::vector<std::string_view>* args) const {
  const char* p = input.data();
  const char* const end = p + input.size();
  uint32_t count;
  p = ReadHeader(p, end, '*', &count);
  if (p == nullptr || count == 0) return 0;
  if (static_cast<size_t>(end - p) < count * kMinBulk) return 0;
  if (args->size() != count) args->resize(count);  // a pipeline of equal commands does not even get here
  std::string_view* arg = args->data();
  do {
    uint32_t length;
    p = ReadHeader(p, end, '$', &length);
    if (p == nullptr || static_cast<size_t>(end - p) < size_t{length} + 2) return 0;
    if (length > bulk_max_ || Load<uint16_t>(p + length) != kCrlf) return 0;
    *arg++ = std::string_view(p, length);
    p += length + 2;
  } while (--count > 0);
  return static_cast<size_t>(p - input.data());
}

RequestParser::Result RequestParser::NextByStages(std::string_view input, size_t* consumed,
                                                  std::vector<std::string_view>* args,
                                                  std::string_view* raw) {
  *consumed = 0;
  *raw = {};
  if (failed_) return Result::kError;
  size_t begin = 0;  // of the request at hand: behind the empty ones
  for (;;) {
    const std::string_view text = input.substr(begin);
    if (text.empty()) {
      Short(1);
      break;
    }
    const bool multibulk = text[0] == '*';
    const Step step = multibulk ? ReadMultibulk(text, args) : ReadInline(text, args);
    if (step == Step::kFailed) return Result::kError;
    if (step == Step::kShort) break;
    const size_t length = pos_;
    const bool canonical = multibulk && canonical_;
    Forget();
    if (!args->empty()) {
      *consumed = begin + length;
      if (canonical) *raw = text.substr(0, length);
      return Result::kCommand;
    }
    begin += length;
  }
  // What is remembered counts from `begin`, which the caller may or may not drop: then better to remember nothing.
  if (begin > 0) Forget();
  *consumed = begin;
  args->clear();
  return Result::kNeedMore;
}

RequestParser::Step RequestParser::ReadMultibulk(std::string_view text,
                                                 std::vector<std::string_view>* args) {
  if (stage_ == Stage::kFresh) {
    if (const Step step = ReadArrayHeader(text); step != Step::kDone) return step;
  }
  while (args_left_ > 0) {
    if (stage_ == Stage::kBulkHeader) {
      if (const Step step = ReadBulkHeader(text); step != Step::kDone) return step;
    }
    const size_t arrived = text.size() - pos_;
    if (arrived < bulk_length_ + 2) return Short(bulk_length_ + 2 - arrived);
    spans_.push_back({pos_, bulk_length_});
    pos_ += bulk_length_ + 2;
    // Redis skips two bytes here without a look, so they may be anything.
    canonical_ = canonical_ && Load<uint16_t>(text.data() + pos_ - 2) == kCrlf;
    scanned_ = pos_;
    stage_ = Stage::kBulkHeader;
    --args_left_;
  }
  args->clear();
  args->reserve(spans_.size());
  for (const Span& span : spans_) args->push_back(text.substr(span.offset, span.length));
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadArrayHeader(std::string_view text) {
  size_t cr;
  const Step step = FindLineEnd(text, '\r', "too big mbulk count string", &cr);
  if (step != Step::kDone) return step;
  int64_t count;
  if (!ParseInt64(text.substr(1, cr - 1), &count) || count > kArgsMax) {
    return Fail("invalid multibulk length");
  }
  canonical_ = text[cr + 1] == '\n';
  pos_ = scanned_ = cr + 2;
  args_left_ = std::max<int64_t>(count, 0);
  stage_ = Stage::kBulkHeader;
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadBulkHeader(std::string_view text) {
  size_t cr;
  const Step step = FindLineEnd(text, '\r', "too big bulk count string", &cr);
  if (step != Step::kDone) return step;
  if (text[pos_] != '$') {
    return Fail(std::string("expected '$', got '") + (text[pos_] != 0 ? text[pos_] : ' ') + "'");
  }
  int64_t length;
  if (!ParseInt64(text.substr(pos_ + 1, cr - pos_ - 1), &length) || length < 0 ||
      static_cast<uint64_t>(length) > bulk_max_) {
    return Fail("invalid bulk length");
  }
  canonical_ = canonical_ && text[cr + 1] == '\n';
  bulk_length_ = static_cast<size_t>(length);
  pos_ = cr + 2;
  stage_ = Stage::kBulkBody;
  return Step::kDone;
}

// Finds the end of the line at pos_. A CR must have one more byte behind it, whatever that is: Redis skips it unseen.
RequestParser::Step RequestParser::FindLineEnd(std::string_view text, char terminator,
                                               std::string_view too_big, size_t* at) {
  const size_t limit = std::min(text.size(), pos_ + kLineMax + 1);
  const void* found = nullptr;
  if (scanned_ < limit) found = std::memchr(text.data() + scanned_, terminator, limit - scanned_);
  if (found == nullptr) {
    scanned_ = limit;
    return text.size() - pos_ > kLineMax ? Fail(too_big) : Short(1);
  }
  *at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
  if (terminator == '\r' && *at + 1 == text.size()) {
    scanned_ = *at;
    return Short(1);
  }
  return Step::kDone;
}

RequestParser::Step RequestParser::Fail(std::string_view what) {
  failed_ = true;
  error_ = "ERR Protocol error: ";
  error_ += what;
  return Step::kFailed;
}

RequestParser::Step RequestParser::Short(size_t missing) {
  resuming_ = true;
  need_hint_ = missing;
  return Step::kShort;
}

void RequestParser::Forget() {
  resuming_ = false;
  canonical_ = true;
  stage_ = Stage::kFresh;
  pos_ = scanned_ = bulk_length_ = 0;
  args_left_ = 0;
  spans_.clear();
  if (spans_.capacity() > kSpansKept) std::vector<Span>().swap(spans_);
}

void RequestParser::Reset() {
  Forget();
  failed_ = false;
  need_hint_ = 0;
  error_.clear();
  std::string().swap(words_);
}

}  // namespace basalt
