#include "persistence/aof/log_copy.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "absl/functional/function_ref.h"
#include "core/base/crc.h"
#include "core/base/strings.h"
#include "persistence/aof/file_window.h"
#include "persistence/aof/log_scan.h"

namespace basalt {
namespace {

// Appends to a new file through a buffer.
class Output {
 public:
  Output(std::unique_ptr<File> file, size_t buffer)
      : file_(std::move(file)), buffer_size_(buffer) {}

  absl::Status Write(std::string_view bytes) {
    buffer_.append(bytes);
    return buffer_.size() < buffer_size_ ? absl::OkStatus() : Flush();
  }
  absl::Status Finish() {
    if (absl::Status s = Flush(); !s.ok()) return s;
    return file_->Sync();
  }

 private:
  absl::Status Flush() {
    absl::Status status = file_->PWrite(written_, buffer_);
    written_ += buffer_.size();
    buffer_.clear();
    return status;
  }

  std::unique_ptr<File> file_;
  const size_t buffer_size_;
  std::string buffer_;
  uint64_t written_ = 0;
};

absl::Status ForEachPiece(FileWindow& window, uint64_t from, uint64_t to,
                          absl::FunctionRef<absl::Status(std::string_view)> visit) {
  while (from < to) {
    const auto want = static_cast<size_t>(std::min<uint64_t>(to - from, window.window_size()));
    absl::StatusOr<std::string_view> piece = window.Read(from, want);
    if (!piece.ok()) return piece.status();
    if (piece->empty()) return absl::DataLossError("a file became shorter while it was read");
    if (absl::Status s = visit(*piece); !s.ok()) return s;
    from += piece->size();
  }
  return absl::OkStatus();
}

class Copier {
 public:
  Copier(FileSystem& fs, const LogCopy& copy, const Manifest& manifest,
         const RecoveryOptions& options)
      : fs_(fs), copy_(copy), manifest_(manifest), options_(options) {}

  // The base as it is, held against its size and checksum in the manifest.
  absl::Status CopyBase(const BaseFile& base) {
    absl::StatusOr<std::unique_ptr<File>> from =
        fs_.Open(JoinPath(copy_.from, base.name), OpenMode::kRead);
    if (!from.ok()) return from.status();
    absl::StatusOr<Output> out = Create(base.name);
    if (!out.ok()) return out.status();
    FileWindow window(from->get(), base.size, options_.read_size);
    constexpr uint64_t kFooter = 8;
    const uint64_t body = base.size - std::min<uint64_t>(base.size, kFooter);
    uint64_t crc = 0;
    absl::Status status = ForEachPiece(window, 0, body, [&](std::string_view piece) {
      crc = Crc64(crc, piece);
      return out->Write(piece);
    });
    if (!status.ok()) return status;
    status = ForEachPiece(window, body, base.size,
                          [&](std::string_view piece) { return out->Write(piece); });
    if (!status.ok()) return status;
    if (base.crc != 0 && crc != base.crc) {
      return absl::DataLossError(
          StrCat(base.name, ": its checksum is not the one in the manifest"));
    }
    return out->Finish();
  }

  // The kept batches of a shard; `files` becomes what the copy's manifest says of it.
  absl::Status CopyShard(const ShardScan& scan, const ShardPlan& plan, ShardFiles* files) {
    at_ = files->start;
    files->incrementals.clear();
    size_t range = 0;
    for (const ScannedFile& file : scan.files) {
      const size_t first = range;
      while (range < plan.ranges.size() && plan.ranges[range].file == file.name) ++range;
      if (first == range) continue;
      absl::Status status = CopyFile(file, {plan.ranges.data() + first, range - first});
      if (!status.ok()) return status;
      files->incrementals.push_back(file.name);
    }
    if (range != plan.ranges.size()) return absl::InternalError("the plan is of another scan");
    files->durable = at_;
    if (!files->incrementals.empty()) return absl::OkStatus();
    // A shard without records has one empty file, as after its creation.
    files->incrementals.push_back(scan.files.back().name);
    absl::StatusOr<Output> out = Create(files->incrementals.back());
    return out.ok() ? out->Finish() : out.status();
  }

 private:
  absl::StatusOr<Output> Create(const std::string& name) {
    absl::StatusOr<std::unique_ptr<File>> file =
        fs_.Open(JoinPath(copy_.to, name), OpenMode::kCreateEmpty);
    if (!file.ok()) return file.status();
    return Output(std::move(*file), options_.read_size);
  }

  absl::Status CopyFile(const ScannedFile& file, std::span<const LogRange> ranges) {
    absl::StatusOr<std::unique_ptr<File>> from =
        fs_.Open(JoinPath(copy_.from, file.name), OpenMode::kRead);
    if (!from.ok()) return from.status();
    absl::StatusOr<Output> out = Create(file.name);
    if (!out.ok()) return out.status();
    LogFileHeader header = file.header;
    header.start = at_;
    header.salt = copy_.salt;
    std::string line;
    AppendFileHeader(&line, header);
    if (absl::Status s = out->Write(line); !s.ok()) return s;
    FileWindow window(from->get(), file.valid_to, options_.read_size);
    for (const LogRange& range : ranges) {
      for (uint64_t offset = range.from; offset < range.to;) {
        absl::StatusOr<std::optional<ScannedBatch>> batch =
            ReadBatch(window, offset, LsnAt(file.header.start, offset), manifest_.salt);
        if (!batch.ok()) return batch.status();
        if (!batch->has_value() || (*batch)->end() > range.to) {
          return absl::DataLossError(
              StrCat(file.name, " changed at byte ", offset, " while it was copied"));
        }
        if (absl::Status s = CopyBatch(window, **batch, &*out); !s.ok()) return s;
        offset = (*batch)->end();
      }
    }
    return out->Finish();
  }

  // Seals the batch anew for its place in the copy. All before it will be durable when the copy is
  // a log at all.
  absl::Status CopyBatch(FileWindow& window, const ScannedBatch& batch, Output* out) {
    const uint64_t body = batch.offset + kBatchHeaderSize;
    BatchHeader header = batch.header;
    header.durable = at_;
    uint32_t crc = BatchCrcStart(BatchHeaderLine(header), at_, copy_.salt);
    absl::Status status = ForEachPiece(window, body, batch.end(), [&](std::string_view piece) {
      crc = Crc32c(crc, piece);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    header.crc = crc;
    if (status = out->Write(BatchHeaderLine(header)); !status.ok()) return status;
    at_.value += batch.size();
    if (options_.scanned != nullptr) *options_.scanned += batch.size();
    return ForEachPiece(window, body, batch.end(),
                        [&](std::string_view piece) { return out->Write(piece); });
  }

  FileSystem& fs_;
  const LogCopy& copy_;
  const Manifest& manifest_;
  const RecoveryOptions& options_;
  Lsn at_;  // of the next batch in the copy
};

}  // namespace

absl::Status CopyLog(FileSystem& fs, const LogCopy& copy, const Manifest& manifest,
                     const std::vector<ShardScan>& scans, const RecoveryPlan& plan,
                     const RecoveryOptions& options) {
  if (absl::Status s = fs.MakeDirectory(copy.to); !s.ok()) return s;
  absl::StatusOr<std::vector<std::string>> there = fs.List(copy.to);
  if (!there.ok()) return there.status();
  if (!there->empty()) return absl::AlreadyExistsError(StrCat(copy.to, " is not empty"));
  if (scans.size() != manifest.shards.size() || plan.shards.size() != scans.size()) {
    return absl::InvalidArgumentError("one scan and one plan per shard are needed");
  }
  Manifest result = manifest;
  result.salt = copy.salt;
  result.next_tx = plan.next_tx;
  result.settled = Settled{plan.resume_epoch, {}, {}};
  result.history.clear();
  Copier copier(fs, copy, manifest, options);
  for (size_t i = 0; i < scans.size(); ++i) {
    ShardFiles& files = result.shards[i];
    if (files.base) {
      if (absl::Status s = copier.CopyBase(*files.base); !s.ok()) return s;
    }
    if (absl::Status s = copier.CopyShard(scans[i], plan.shards[i], &files); !s.ok()) return s;
  }
  if (absl::Status s = fs.SyncDirectory(copy.to); !s.ok()) return s;
  ManifestStore store(&fs, copy.to, copy.stem);
  if (absl::Status s = store.Install(std::move(result)); !s.ok()) return s;
  return fs.SyncDirectory(DirectoryOf(copy.to));
}

}  // namespace basalt
