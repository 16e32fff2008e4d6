// The part of recovery that changes the disk. Nothing is appended before it is done.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/crc.h"
#include "core/base/mutant.h"
#include "core/base/strings.h"
#include "core/io/in_parallel.h"
#include "persistence/aof/log_scan.h"
#include "persistence/aof/recovery.h"

namespace basalt {
namespace {

constexpr size_t kPieceSize = size_t{1} << 20;

// Writes bytes of the log where they stand already, so that the next sync has to bring them to the
// disk:
//
//   a write, a failed fsync, a crash of the process | a start: an fsync "succeeds", a power cut
//                                                     -> the bytes are gone, and a manifest or an
//                                                        acknowledged batch behind them counts on
//                                                        them
//
// After a failed fsync Linux keeps the pages, marked clean. A later fsync has nothing to do for
// them and proves nothing, but a write makes them dirty again. Clean pages may also be dropped at
// any moment and be read back from the disk as they were before. So what is written is what has
// just been read and checked, whatever the scan saw.
class WriteAnew {
 public:
  WriteAnew(File* file, const UnprovenEnd& end, uint64_t salt)
      : file_(*file), end_(end), salt_(salt) {}

  absl::Status Run() {
    uint64_t at = end_.from;
    if (at == 0) {
      if (absl::Status s = WriteHeader(); !s.ok()) return s;
      at = kFileHeaderSize;
    }
    while (at < end_.to) {
      absl::StatusOr<uint64_t> next = WriteBatch(at);
      if (!next.ok()) return next.status();
      at = *next;
    }
    return Flush();
  }

 private:
  absl::Status WriteHeader() {
    if (absl::Status s = Take(0, kFileHeaderSize); !s.ok()) return s;
    absl::StatusOr<LogFileHeader> header = ParseFileHeader(piece_);
    return header.ok() ? absl::OkStatus() : Changed(0);
  }

  // Returns where the batch at `at` ends.
  absl::StatusOr<uint64_t> WriteBatch(uint64_t at) {
    if (end_.to - at < kBatchHeaderSize) return Changed(at);
    if (absl::Status s = FlushIfFull(); !s.ok()) return s;
    const size_t before = piece_.size();
    if (absl::Status s = Take(at, kBatchHeaderSize); !s.ok()) return s;
    const std::string_view line = std::string_view(piece_).substr(before);
    const std::optional<BatchHeader> header = ParseBatchHeader(line);
    const uint64_t body = at + kBatchHeaderSize;
    if (!header || header->length > end_.to - body) return Changed(at);
    uint32_t crc = BatchCrcStart(line, LsnAt(end_.start, at), salt_);
    const uint64_t to = body + header->length;
    for (uint64_t from = body; from < to;) {
      if (absl::Status s = FlushIfFull(); !s.ok()) return s;
      const size_t had = piece_.size();
      if (absl::Status s = Take(from, std::min<uint64_t>(to - from, kPieceSize)); !s.ok()) return s;
      crc = Crc32c(crc, std::string_view(piece_).substr(had));
      from += piece_.size() - had;
    }
    if (crc != header->crc) return Changed(at);
    return to;
  }

  // Adds `n` bytes from `at` on to the piece, which ends there.
  absl::Status Take(uint64_t at, uint64_t n) {
    if (piece_.empty()) piece_at_ = at;
    const size_t had = piece_.size();
    piece_.resize(had + n);
    absl::StatusOr<size_t> got = file_.PRead(at, piece_.data() + had, n);
    if (!got.ok()) return got.status();
    return *got == n ? absl::OkStatus() : Changed(at);
  }

  absl::Status FlushIfFull() { return piece_.size() < kPieceSize ? absl::OkStatus() : Flush(); }

  absl::Status Flush() {
    absl::Status status = piece_.empty() ? absl::OkStatus() : file_.PWrite(piece_at_, piece_);
    piece_.clear();
    return status;
  }

  absl::Status Changed(uint64_t at) const {
    return absl::DataLossError(
        StrCat(end_.file, " changed at byte ", at, " while it was recovered"));
  }

  File& file_;
  const UnprovenEnd& end_;
  const uint64_t salt_;
  std::string piece_;  // read, but not yet written
  uint64_t piece_at_ = 0;
};

// What the shard keeps is durable afterwards: after a mere crash of the process it may stand in the
// page cache only, and the manifest is about to promise that it is there.
absl::Status MakeDurable(FileSystem& fs, const ManifestStore& store, const ShardPlan& plan,
                         uint64_t salt) {
  std::vector<std::string> files;
  for (const LogRange& range : plan.ranges) {
    if (files.empty() || files.back() != range.file) files.push_back(range.file);
  }
  if (plan.unproven && files.empty()) files.push_back(plan.unproven->file);
  for (const std::string& name : files) {
    absl::StatusOr<std::unique_ptr<File>> file = fs.Open(store.PathOf(name), OpenMode::kReadWrite);
    if (!file.ok()) return file.status();
    if (plan.unproven && plan.unproven->file == name && !MutantIs("kept-not-rewritten")) {
      if (absl::Status s = WriteAnew(file->get(), *plan.unproven, salt).Run(); !s.ok()) return s;
    }
    if (MutantIs("kept-unsynced")) continue;
    if (absl::Status s = (*file)->Sync(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// From the last file backwards: a file that ends too early with another behind it would look like
// damage.
absl::Status Truncate(FileSystem& fs, const ManifestStore& store, const ShardPlan& plan) {
  for (auto it = plan.truncations.rbegin(); it != plan.truncations.rend(); ++it) {
    absl::StatusOr<std::unique_ptr<File>> file =
        fs.Open(store.PathOf(it->file), OpenMode::kReadWrite);
    if (!file.ok()) return file.status();
    if (absl::Status s = (*file)->Truncate(it->size); !s.ok()) return s;
    if (absl::Status s = (*file)->Sync(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyPlan(FileSystem& fs, ManifestStore& store, const RecoveryPlan& plan) {
  if (plan.for_copy)
    return absl::FailedPreconditionError("this plan is for a copy of the log only");
  Manifest manifest = store.current();
  std::vector<absl::Status> durable(plan.shards.size());
  InParallel(fs, static_cast<uint32_t>(plan.shards.size()), [&](uint32_t i) {
    durable[i] = MakeDurable(fs, store, plan.shards[i], manifest.salt);
  });
  for (const absl::Status& status : durable) {
    if (!status.ok()) return status;
  }
  if (!MutantIs("void-forgotten")) manifest.settled = plan.settled;
  manifest.next_tx = plan.next_tx;
  for (size_t i = 0; i < plan.shards.size(); ++i) {
    manifest.shards[i].durable = plan.shards[i].append_lsn;
  }
  if (absl::Status s = store.Install(std::move(manifest)); !s.ok()) return s;
  for (const ShardPlan& shard : plan.shards) {
    if (absl::Status s = Truncate(fs, store, shard); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace basalt
