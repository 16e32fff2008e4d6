// Finds how much of a plain Redis AOF can be loaded. There are no checksums: only the form of the
// commands tells.
#include <algorithm>
#include <utility>

#include "core/base/strings.h"
#include "persistence/aof/log_reader.h"

namespace basalt {
namespace {

constexpr std::string_view kRdbMagic = "REDIS";

// Walks a file once and remembers where it last made sense to stop.
class ForeignScanner {
 public:
  ForeignScanner(File* file, uint64_t size, uint64_t from, size_t read_size)
      : file_(file), size_(size), at_(from), good_(from), read_size_(read_size) {}

  enum class End { kClean, kTorn, kMultiOpen, kRotten };

  absl::StatusOr<End> Run() {
    std::vector<std::string_view> args;
    while (at_ < size_) {
      const ParsedLine item = ParseLogItem(std::string_view(buffer_).substr(used_), &args);
      if (item.kind == ParsedLine::Kind::kError) return End::kRotten;
      if (item.kind == ParsedLine::Kind::kNeedMore) {
        if (item.size > size_ - at_) return End::kTorn;
        if (absl::Status s = Fill(item.size); !s.ok()) return s;
        continue;
      }
      if (item.kind == ParsedLine::Kind::kCommand) NoteTransaction(args);
      used_ += item.size;
      at_ += item.size;
      pending_ += item.kind == ParsedLine::Kind::kCommand;
      if (in_multi_) continue;
      good_ = at_;
      commands_ += std::exchange(pending_, 0);
    }
    return in_multi_ ? End::kMultiOpen : End::kClean;
  }

  uint64_t at() const { return at_; }              // where the walk ended
  uint64_t commands() const { return commands_; }  // up to good()
  uint64_t good() const { return good_; }  // the end of the last whole command outside a MULTI

 private:
  void NoteTransaction(const std::vector<std::string_view>& args) {
    if (args.size() != 1) return;
    if (EqualsNoCase(args[0], "multi")) in_multi_ = true;
    if (EqualsNoCase(args[0], "exec")) in_multi_ = false;
  }

  absl::Status Fill(size_t want) {
    buffer_.erase(0, used_);
    used_ = 0;
    const size_t had = buffer_.size();
    const uint64_t n =
        std::min<uint64_t>(std::max({want - had, read_size_, had}), size_ - at_ - had);
    buffer_.resize(had + static_cast<size_t>(n));
    absl::StatusOr<size_t> got =
        file_->PRead(at_ + had, buffer_.data() + had, static_cast<size_t>(n));
    if (!got.ok()) return got.status();
    if (*got != n) return absl::DataLossError("the file became shorter while it was read");
    return absl::OkStatus();
  }

  File* file_;
  uint64_t size_, at_, good_;
  size_t read_size_;
  std::string buffer_;  // bytes from at_ - used_ on
  size_t used_ = 0;
  uint64_t commands_ = 0, pending_ = 0;
  bool in_multi_ = false;
};

}  // namespace

absl::StatusOr<bool> HasRdbPreamble(FileSystem& fs, const std::string& path) {
  absl::StatusOr<std::unique_ptr<File>> file = fs.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  char magic[kRdbMagic.size()];
  absl::StatusOr<size_t> got = (*file)->PRead(0, magic, sizeof(magic));
  if (!got.ok()) return got.status();
  return std::string_view(magic, *got) == kRdbMagic;
}

absl::StatusOr<ForeignScan> ScanForeignLog(FileSystem& fs, const std::string& directory,
                                           const std::string& name, uint64_t from, bool last_file,
                                           const RecoveryOptions& options) {
  absl::StatusOr<std::unique_ptr<File>> file = fs.Open(JoinPath(directory, name), OpenMode::kRead);
  if (!file.ok()) return file.status();
  absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  using End = ForeignScanner::End;
  ForeignScanner scanner(file->get(), *size, std::min(from, *size), options.read_size);
  absl::StatusOr<End> end = scanner.Run();
  if (!end.ok()) return end.status();
  if (*end == End::kRotten && !options.salvage) {
    return absl::DataLossError(Describe(RecoveryCase::kForeignRotten, name, scanner.at()));
  }
  ForeignScan scan;
  scan.range = LogRange{name, std::min(from, *size), scanner.good()};
  scan.commands = scanner.commands();
  if (*end == End::kClean) return scan;
  if ((!options.load_truncated || !last_file) && !options.salvage) {
    return absl::DataLossError(Describe(RecoveryCase::kForeignTailStrict, name, scanner.good()));
  }
  RecoveryCase found = RecoveryCase::kForeignRotten;
  if (*end == End::kTorn) found = RecoveryCase::kForeignTailTorn;
  if (*end == End::kMultiOpen) found = RecoveryCase::kForeignMultiOpen;
  if (*end != End::kRotten && !last_file) found = RecoveryCase::kForeignTailStrict;
  const uint64_t place = *end == End::kRotten ? scanner.at() : scanner.good();
  scan.findings.push_back(Finding{found, name, place, StrCat(*size - scanner.good(), " bytes")});
  return scan;
}

}  // namespace basalt
