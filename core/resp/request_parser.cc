#include "core/resp/request_parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/base/numbers.h"

namespace basalt {
namespace {

constexpr size_t kMinBulk = 6;  // "$0\r\n\r\n"
constexpr size_t kHeaderRoom =
    5;  // a header of two digits; whatever follows a header is no shorter than that either
constexpr size_t kSpansKept =
    1024;  // more room than this is given back after the command that needed it

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

struct Header {
  const char* behind;  // the byte after the line; null when the line is not there in full, or not
                       // in its usual form
  uint32_t number;
};

// The rest of ReadHeader: three to nine digits at `p`, the first of which is known to be 1 to 9.
// Apart, so that the usual case keeps its registers.
[[gnu::noinline]] Header ReadLongHeader(const char* p, const char* end) {
  const char* const last = std::min(end - 1, p + 10);
  uint32_t value = 0;
  for (; p < last; ++p) {
    const uint32_t digit = static_cast<uint8_t>(*p) - uint32_t{'0'};
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  if (p >= last || Load<uint16_t>(p) != kCrlf) return {nullptr, 0};
  return {p + 2, value};
}

// Reads "<type><number>\r\n" at `p`, which is at most `end` - kHeaderRoom. What is not in the usual
// form (a leading zero, ten digits) is for the state machine to judge.
[[gnu::always_inline]] inline Header ReadHeader(const char* p, const char* end, char type) {
  const uint32_t first = static_cast<uint8_t>(p[1]) - uint32_t{'0'};
  if ((Load<uint32_t>(p) & kAllButDigit) == Pattern(type)) {
    return {first <= 9 ? p + 4 : nullptr, first};
  }
  if (*p != type || first - 1 > 8) [[unlikely]]
    return {nullptr, 0};
  const uint32_t second = static_cast<uint8_t>(p[2]) - uint32_t{'0'};
  if (second <= 9 && Load<uint16_t>(p + 3) == kCrlf) return {p + 5, first * 10 + second};
  return ReadLongHeader(p + 1, end);
}

}  // namespace

// The hot path. Returns the length of the command, or 0 when it is not one of at least one
// argument, complete, with CRLF behind every part. Changes nothing but *args.
[[gnu::always_inline]] inline size_t RequestParser::ParseWhole(
    std::string_view input, std::vector<std::string_view>* args) const {
  // Above the limit a bulk might be too long; below, the bytes that are here are proof that none
  // is.
  if (input.size() < kHeaderRoom || input.size() > bulk_max_) [[unlikely]]
    return 0;
  const char* p = input.data();
  const char* const end = p + input.size();
  const char* const last_header = end - kHeaderRoom;
  const auto [body, count] = ReadHeader(p, end, '*');
  // The second check bounds the memory for *args by the bytes that are here, whatever the header
  // claims.
  if (body == nullptr || static_cast<size_t>(end - body) < count * kMinBulk) [[unlikely]]
    return 0;
  if (count == 0) [[unlikely]]
    return 0;
  if (args->size() != count) args->resize(count);  // a pipeline of equal commands does not get here
  p = body;
  std::string_view* arg = args->data();
  std::string_view* const args_end = arg + count;
  do {
    if (p > last_header) [[unlikely]]
      return 0;
    const auto [text, length] = ReadHeader(p, end, '$');
    if (text == nullptr || end - text < int64_t{length} + 2) [[unlikely]]
      return 0;
    p = text + length;
    if (Load<uint16_t>(p) != kCrlf) [[unlikely]]
      return 0;
    p += 2;
    *arg++ = std::string_view(text, length);
  } while (arg != args_end);
  return static_cast<size_t>(p - input.data());
}

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
      need_hint_ = 1;  // nothing begun, so nothing to resume: the next command takes the hot path
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
  // What is remembered counts from `begin`, which the caller may or may not drop: then better to
  // remember nothing.
  if (begin > 0) Forget();
  *consumed = begin;
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

// Finds the end of the line at pos_. A CR must have one more byte behind it, whatever that is:
// Redis skips it unseen.
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
