#include "core/resp/reply_parser.h"

#include <algorithm>
#include <utility>

#include "core/base/numbers.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool IsText(char type) { return type == '$' || type == '!' || type == '='; }
bool IsAggregate(char type) {
  return type == '*' || type == '%' || type == '~' || type == '>' || type == '|';
}

}  // namespace

ReplyParser::Result ReplyParser::Next(ReplyValue* out) {
  if (!error_.empty()) return Result::kError;
  for (;;) {
    // An aggregate that has all its elements is itself a value.
    ReplyValue value;
    if (!open_.empty() && open_.back().missing == 0) {
      Open done = std::move(open_.back());
      open_.pop_back();
      if (done.attribute) {
        attributes_ = std::move(done.value.elements);
        continue;
      }
      value = std::move(done.value);
      attributes_ = std::move(done.pending_attributes);
    } else {
      const Step step = ReadOne(&value);
      if (step == Step::kOpened) continue;
      if (step == Step::kShort) return Compact(), Result::kNeedMore;
      if (step == Step::kFailed) return Result::kError;
    }
    value.attributes = std::exchange(attributes_, {});
    if (open_.empty()) {
      *out = std::move(value);
      Compact();
      return Result::kReply;
    }
    open_.back().value.elements.push_back(std::move(value));
    --open_.back().missing;
  }
}

// Reads a value without elements, or the header of one with, at consumed_.
ReplyParser::Step ReplyParser::ReadOne(ReplyValue* value) {
  const size_t end = buffer_.find(kLineEnd, std::max(scanned_, consumed_));
  if (end == std::string::npos) {
    scanned_ = std::max(consumed_, buffer_.size() - std::min<size_t>(buffer_.size(), 1));
    return Step::kShort;
  }
  if (end == consumed_) return Fail("empty line");
  const char type = buffer_[consumed_];
  const std::string_view line =
      std::string_view(buffer_).substr(consumed_ + 1, end - consumed_ - 1);
  if (!IsText(type) && !IsAggregate(type)) {
    const Step step = ReadLineValue(type, line, value);
    if (step == Step::kValue) consumed_ = end + 2;
    return step;
  }
  int64_t length;
  if (!ParseInt64(line, &length) || length < -1) return Fail("bad length");
  if (length == -1) {
    if (type != '$' && type != '*') return Fail("bad length");
    consumed_ = end + 2;
    return Step::kValue;  // null
  }
  if (IsText(type)) return ReadText(type, length, end + 2, value);
  consumed_ = end + 2;
  return OpenAggregate(type, length);
}

ReplyParser::Step ReplyParser::ReadText(char type, int64_t length, size_t body, ReplyValue* value) {
  const auto size = static_cast<size_t>(length);
  if (buffer_.size() - body < 2 || buffer_.size() - body - 2 < size) {
    scanned_ = body - 2;  // the header is read again, not searched for again
    return Step::kShort;
  }
  if (std::string_view(buffer_).substr(body + size, 2) != kLineEnd)
    return Fail("text does not end in CRLF");
  std::string_view text = std::string_view(buffer_).substr(body, size);
  value->type = static_cast<ReplyValue::Type>(type);
  if (type == '=') {
    if (size < 4 || text[3] != ':') return Fail("verbatim text without a format");
    value->format = text.substr(0, 3);
    text.remove_prefix(4);
  }
  value->text = text;
  consumed_ = body + size + 2;
  return Step::kValue;
}

ReplyParser::Step ReplyParser::OpenAggregate(char type, int64_t length) {
  if (open_.size() >= kDepthMax) return Fail("nested too deeply");
  const bool pairs = type == '%' || type == '|';
  if (length > INT64_MAX / 2) return Fail("bad length");
  Open open;
  open.value.type = static_cast<ReplyValue::Type>(type);
  open.missing = static_cast<size_t>(length) * (pairs ? 2 : 1);
  open.attribute = type == '|';
  // The attributes read so far belong to this aggregate, not to its first element.
  open.pending_attributes = std::exchange(attributes_, {});
  open_.push_back(std::move(open));
  return Step::kOpened;
}

ReplyParser::Step ReplyParser::ReadLineValue(char type, std::string_view line, ReplyValue* value) {
  value->type = static_cast<ReplyValue::Type>(type);
  switch (type) {
    case '+':
    case '-':
    case '(':
      value->text = line;
      return Step::kValue;
    case ':':
      return ParseInt64(line, &value->integer) ? Step::kValue : Fail("bad integer");
    case '_':
      return line.empty() ? Step::kValue : Fail("bad null");
    case '#':
      value->integer = line == "t";
      return line == "t" || line == "f" ? Step::kValue : Fail("bad boolean");
    case ',':
      value->text = line;
      if (line == "nan" || line == "-nan") return Step::kValue;
      return ParseDouble(line, &value->number) ? Step::kValue : Fail("bad double");
    default:
      return Fail(StrCat("unknown type '", type, "'"));
  }
}

ReplyParser::Step ReplyParser::Fail(std::string_view what) {
  error_ = StrCat("reply cannot be read: ", what);
  return Step::kFailed;
}

// Drops what was read, but only when it is the larger part, so that the moves stay linear in the
// bytes fed.
void ReplyParser::Compact() {
  if (consumed_ < buffer_.size() - consumed_) return;
  buffer_.erase(0, consumed_);
  scanned_ -= std::min(scanned_, consumed_);
  consumed_ = 0;
}

ReplyValue ParseReply(std::string_view bytes) {
  ReplyParser parser;
  parser.Feed(bytes);
  ReplyValue value, failure;
  failure.type = ReplyValue::Type::kError;
  switch (parser.Next(&value)) {
    case ReplyParser::Result::kNeedMore:
      failure.text = "reply is cut short";
      return failure;
    case ReplyParser::Result::kError:
      failure.text = parser.error();
      return failure;
    case ReplyParser::Result::kReply:
      break;
  }
  if (parser.pending() == 0) return value;
  failure.text = "bytes behind the reply";
  return failure;
}

}  // namespace basalt
