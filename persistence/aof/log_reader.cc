#include "persistence/aof/log_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr size_t kAnnotationSizeMax = 1023;  // what redis-server reads at most
constexpr size_t kNumberLineMax = 32;
constexpr uint64_t kArgsMax = 1024 * 1024;
constexpr uint64_t kArgSizeMax = uint64_t{1} << 40;

// Reads "<mark><number>\r\n" at `*at`.
ParsedLine::Kind TakeNumber(std::string_view text, size_t* at, char mark, uint64_t max,
                            uint64_t* value) {
  using Kind = ParsedLine::Kind;
  if (*at >= text.size()) return Kind::kNeedMore;
  if (text[*at] != mark) return Kind::kError;
  const size_t end = text.find('\r', *at);
  if (end == std::string_view::npos) {
    return text.size() - *at > kNumberLineMax ? Kind::kError : Kind::kNeedMore;
  }
  const char* last = text.data() + end;
  const auto [stop, error] = std::from_chars(text.data() + *at + 1, last, *value);
  if (error != std::errc() || stop != last || *value > max) return Kind::kError;
  if (end + 1 >= text.size()) return Kind::kNeedMore;
  if (text[end + 1] != '\n') return Kind::kError;
  *at = end + 2;
  return Kind::kCommand;
}

ParsedLine NeedAtLeast(size_t size) { return {ParsedLine::Kind::kNeedMore, size, ""}; }
ParsedLine Bad(const char* error) { return {ParsedLine::Kind::kError, 0, error}; }

}  // namespace

ParsedLine ParseLogItem(std::string_view text, std::vector<std::string_view>* args) {
  using Kind = ParsedLine::Kind;
  args->clear();
  if (text.empty()) return NeedAtLeast(1);
  if (text[0] == '#') {
    const size_t end = text.find('\n');
    if (end != std::string_view::npos) return {Kind::kAnnotation, end + 1, ""};
    return text.size() > kAnnotationSizeMax ? Bad("an annotation line without end")
                                            : NeedAtLeast(text.size() + 1);
  }
  size_t at = 0;
  uint64_t count = 0;
  Kind kind = TakeNumber(text, &at, '*', kArgsMax, &count);
  if (kind == Kind::kNeedMore) return NeedAtLeast(text.size() + 1);
  if (kind == Kind::kError || count == 0) return Bad("a command's number of arguments is expected");
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t size = 0;
    kind = TakeNumber(text, &at, '$', kArgSizeMax, &size);
    if (kind == Kind::kNeedMore) return NeedAtLeast(text.size() + 1);
    if (kind == Kind::kError) return Bad("an argument's length is expected");
    if (text.size() - at < size + 2) return NeedAtLeast(at + size + 2);
    if (text[at + size] != '\r' || text[at + size + 1] != '\n')
      return Bad("an argument is longer than it says");
    args->push_back(text.substr(at, size));
    at += size + 2;
  }
  return {Kind::kCommand, at, ""};
}

LogReader::LogReader(FileSystem* fs, std::string directory, std::vector<LogRange> ranges,
                     size_t read_size)
    : fs_(fs), directory_(std::move(directory)), ranges_(std::move(ranges)), read_size_(read_size) {
  for (const LogRange& range : ranges_) bytes_total_ += range.to - range.from;
}

absl::Status LogReader::OpenRange() {
  absl::StatusOr<std::unique_ptr<File>> file =
      fs_->Open(JoinPath(directory_, ranges_[range_].file), OpenMode::kRead);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  read_to_ = ranges_[range_].from;
  return absl::OkStatus();
}

// Reads on until `want` bytes lie behind the consumed ones, or the range is at its end.
absl::Status LogReader::Fill(size_t want) {
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  const uint64_t left = ranges_[range_].to - read_to_;
  const uint64_t missing = want > buffer_.size() ? want - buffer_.size() : 0;
  const auto n = static_cast<size_t>(
      std::min<uint64_t>(left, std::max<uint64_t>({missing, read_size_, buffer_.size()})));
  const size_t had = buffer_.size();
  buffer_.resize(had + n);
  absl::StatusOr<size_t> got = file_->PRead(read_to_, buffer_.data() + had, n);
  if (!got.ok()) return got.status();
  buffer_.resize(had + *got);
  read_to_ += *got;
  if (*got < n) return Corrupt("the file became shorter while it was read");
  return absl::OkStatus();
}

absl::Status LogReader::Corrupt(std::string_view what) const {
  return absl::DataLossError(Describe(RecoveryCase::kForeignRotten, ranges_[range_].file,
                                      read_to_ - (buffer_.size() - consumed_), what));
}

absl::StatusOr<bool> LogReader::Step(size_t bytes_max, CommandSink sink) {
  const uint64_t stop = bytes_read_ + std::max<size_t>(bytes_max, 1);
  while (bytes_read_ < stop) {
    if (range_ == ranges_.size()) return true;
    if (!file_) {
      if (absl::Status s = OpenRange(); !s.ok()) return s;
    }
    const LogRange& range = ranges_[range_];
    const std::string_view text = std::string_view(buffer_).substr(consumed_);
    if (text.empty() && read_to_ == range.to) {
      file_.reset();
      buffer_.clear();
      consumed_ = 0;
      ++range_;
      continue;
    }
    const ParsedLine item = ParseLogItem(text, &args_);
    switch (item.kind) {
      case ParsedLine::Kind::kNeedMore:
        if (read_to_ == range.to) return Corrupt("the last command is not whole");
        if (item.size > text.size() + (range.to - read_to_))
          return Corrupt("a command reaches beyond the end");
        if (absl::Status s = Fill(item.size); !s.ok()) return s;
        break;
      case ParsedLine::Kind::kError:
        return Corrupt(item.error);
      case ParsedLine::Kind::kCommand:
        ++commands_;
        if (absl::Status s = sink(args_); !s.ok()) return s;
        [[fallthrough]];
      case ParsedLine::Kind::kAnnotation:
        consumed_ += item.size;
        bytes_read_ += item.size;
        break;
    }
  }
  return range_ == ranges_.size();
}

}  // namespace basalt
