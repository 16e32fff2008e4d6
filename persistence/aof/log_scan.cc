#include "persistence/aof/log_scan.h"

#include <algorithm>
#include <utility>

#include "core/base/crc.h"
#include "core/base/strings.h"
#include "core/io/in_parallel.h"
#include "persistence/aof/durable_proof.h"

namespace basalt {
namespace {

constexpr uint64_t kPointSpacing = uint64_t{1} << 20;
constexpr size_t kHopWindow = size_t{64} << 10;

absl::StatusOr<std::optional<ScannedBatch>> ReadHeader(FileWindow& window, uint64_t offset) {
  absl::StatusOr<std::string_view> lines =
      window.Read(offset, kBatchHeaderSize + kTxLineSize + kTimeLineSizeMax);
  if (!lines.ok()) return lines.status();
  const std::optional<BatchHeader> header = ParseBatchHeader(*lines);
  if (!header || header->length > window.file_size() - offset - kBatchHeaderSize)
    return std::nullopt;
  ScannedBatch batch{offset, *header, std::nullopt, std::nullopt};
  if (header->transaction) {
    batch.tx = ParseTxLine(lines->substr(kBatchHeaderSize));
    if (!batch.tx) return std::nullopt;
  }
  const std::string_view body = lines->substr(kBatchHeaderSize, header->length);
  batch.unix_s = ParseTimeLine(body.substr(batch.tx ? kTxLineSize : 0));
  return batch;
}

absl::Status Refusal(const Finding& finding) { return absl::DataLossError(finding.ToString()); }

// Scans the files of one shard in order. Each step either extends the scan or ends it with an
// error.
class ShardScanner {
 public:
  ShardScanner(FileSystem& fs, const std::string& directory, const Manifest& manifest,
               ShardId shard, const RecoveryOptions& options)
      : fs_(fs), directory_(directory), manifest_(manifest), options_(options) {
    scan_.shard = shard;
    const uint64_t settled = manifest.settled.epoch.value;
    scan_.complete = scan_.max_epoch = scan_.promised = Epoch(settled > 0 ? settled - 1 : 0);
    scan_.marked = Epoch(std::max<uint64_t>(manifest.base_epoch.value, 1) - 1);
    scan_.start = scan_.end = files().start;
    scan_.kept_before = files().durable;
    scan_.durable = std::max(files().start, kept_before());
    scan_.points.push_back(ScanPoint{});
  }

  absl::StatusOr<ShardScan> Run() {
    for (const std::string& name : files().incrementals) {
      if (absl::Status s = ScanFile(name); !s.ok()) return s;
      if (scan_.damaged) return std::move(scan_);
    }
    if (scan_.end < kept_before()) {
      if (absl::Status s = Damage(EndMissing()); !s.ok()) return s;
    }
    if (torn_ && !options_.load_truncated) {
      return Refusal({RecoveryCase::kTailTornStrict, torn_->file, torn_->offset});
    }
    return std::move(scan_);
  }

 private:
  const ShardFiles& files() const { return manifest_.shards[scan_.shard.value]; }

  // The log of the last start reached to here, and was durable.
  Lsn kept_before() const { return scan_.kept_before.value_or(Lsn(0)); }

  absl::Status ScanFile(const std::string& name) {
    absl::StatusOr<std::unique_ptr<File>> file =
        fs_.Open(JoinPath(directory_, name), OpenMode::kRead);
    if (absl::IsNotFound(file.status())) {
      if (options_.salvage) scan_.files.push_back(ScannedFile{name, {}, false, 0, 0});
      return Damage({RecoveryCase::kFileMissing, name});
    }
    if (!file.ok()) return file.status();
    absl::StatusOr<uint64_t> size = (*file)->Size();
    if (!size.ok()) return size.status();
    scan_.files.push_back(ScannedFile{name, {}, false, *size, 0});
    if (*size == 0) return absl::OkStatus();  // made, but no batch went into it
    // A file is begun only when the one before it is durable, so bytes here show that a tear there
    // was none.
    if (torn_) {
      scan_.findings.pop_back();  // the tear, which is none
      return Damage({RecoveryCase::kMiddleRotten, torn_->file, torn_->offset});
    }
    FileWindow window(file->get(), *size, options_.read_size);
    if (absl::Status s = TakeHeader(window); !s.ok()) return s;
    return scan_.files.back().has_header ? TakeBatches(window) : absl::OkStatus();
  }

  absl::Status TakeHeader(FileWindow& window) {
    ScannedFile& file = scan_.files.back();
    absl::StatusOr<std::string_view> line = window.Read(0, kFileHeaderSize);
    if (!line.ok()) return line.status();
    absl::StatusOr<LogFileHeader> header = ParseFileHeader(*line);
    if (absl::IsUnimplemented(header.status()))
      return Refusal({RecoveryCase::kFileTooNew, file.name});
    if (!header.ok()) {
      return TornOr(RecoveryCase::kHeaderRotten, RecoveryCase::kHeaderTorn, window, scan_.end);
    }
    if (header->shard != scan_.shard || header->shard_count != manifest_.shard_count ||
        header->salt != manifest_.salt || header->start < scan_.end) {
      return Refusal({RecoveryCase::kFileOfAnother, file.name});
    }
    if (header->start > scan_.end) return CutShort(*header);
    file.header = *header;
    file.has_header = true;
    file.valid_to = kFileHeaderSize;
    // A file is begun only when the one before it is durable.
    scan_.durable = std::max(scan_.durable, header->start);
    return absl::OkStatus();
  }

  // The file before the present one ends too early; it may be empty and thus carry no header.
  absl::Status CutShort(const LogFileHeader& next) {
    const size_t n = scan_.files.size();
    if (n < 2) return Refusal({RecoveryCase::kFileOfAnother, scan_.files.back().name});
    return Damage({RecoveryCase::kFileCutShort, scan_.files[n - 2].name,
                   scan_.files[n - 2].valid_to,
                   StrCat(next.start.value - scan_.end.value, " bytes are missing")});
  }

  absl::Status TakeBatches(FileWindow& window) {
    ScannedFile& file = scan_.files.back();
    while (file.valid_to < file.size) {
      absl::StatusOr<std::optional<ScannedBatch>> batch =
          ReadBatch(window, file.valid_to, scan_.end, manifest_.salt);
      if (!batch.ok()) return batch.status();
      if (!batch->has_value()) return BadBatch(window);
      Take(**batch);
    }
    return absl::OkStatus();
  }

  absl::Status BadBatch(FileWindow& window) {
    return TornOr(RecoveryCase::kMiddleRotten, RecoveryCase::kTailTorn, window,
                  scan_.files.back().header.start);
  }

  // No sound batch stands at the end of what is valid of the present file, which begins at `start`.
  absl::Status TornOr(RecoveryCase rotten, RecoveryCase torn, FileWindow& window, Lsn start) {
    const ScannedFile& file = scan_.files.back();
    if (scan_.end < kept_before()) return Damage({rotten, file.name, file.valid_to});
    absl::StatusOr<std::optional<DurableProof>> proof =
        FindDurableProof(window, file.valid_to, scan_.end, start, manifest_.salt);
    if (!proof.ok()) return proof.status();
    if (!proof->has_value()) return Torn(torn, file.valid_to);
    Finding finding{rotten, file.name, file.valid_to};
    if (const int64_t moved = (*proof)->moved; moved != 0) {
      finding.detail = StrCat("bytes were ", std::string_view(moved > 0 ? "put in" : "taken out"),
                              ": the batch at byte ", (*proof)->offset, " belongs at byte ",
                              static_cast<int64_t>((*proof)->offset) - moved);
    }
    return Damage(std::move(finding));
  }

  // Nothing is torn, yet bytes are missing that the manifest counts on. The last file that has any
  // is where they were.
  Finding EndMissing() const {
    const ScannedFile* last = &scan_.files.front();
    for (const ScannedFile& file : scan_.files) {
      if (file.size > 0) last = &file;
    }
    return {RecoveryCase::kEndMissing, last->name, last->valid_to,
            StrCat(kept_before().value - scan_.end.value, " bytes are missing")};
  }

  // What a start refuses. Salvage takes it for the end of the shard's log.
  absl::Status Damage(Finding finding) {
    if (!options_.salvage) return Refusal(finding);
    scan_.findings.push_back(std::move(finding));
    scan_.damaged = true;
    return absl::OkStatus();
  }

  absl::Status Torn(RecoveryCase found, uint64_t offset) {
    const ScannedFile& file = scan_.files.back();
    torn_ = Finding{found, file.name, offset, StrCat(file.size - offset, " bytes")};
    scan_.findings.push_back(*torn_);
    return absl::OkStatus();
  }

  void Take(const ScannedBatch& batch) {
    const BatchHeader& header = batch.header;
    MaybeAddPoint(batch.offset);
    scan_.complete = std::max(scan_.complete, header.complete);
    scan_.marked = std::max(scan_.marked, header.complete);
    scan_.max_epoch = std::max({scan_.max_epoch, header.epoch, header.complete});
    if (!header.always) scan_.max_lazy_epoch = std::max(scan_.max_lazy_epoch, header.epoch);
    if (batch.tx) scan_.max_tx = std::max(scan_.max_tx, batch.tx->id);
    if (batch.unix_s) {
      if (!scan_.first_unix_s) scan_.first_unix_s = batch.unix_s;
      scan_.last_unix_s = batch.unix_s;
    }
    if (options_.scanned != nullptr) *options_.scanned += batch.size();
    NotePolicy(header);
    ++scan_.batches;
    scan_.records += header.records;
    scan_.bytes += batch.size();
    scan_.end.value += batch.size();
    scan_.durable = std::max(scan_.durable, header.durable);
    scan_.files.back().valid_to = batch.end();
    point_.max_epoch = std::max(point_.max_epoch, header.epoch);
  }

  // A change to `always` is marked on every shard, and the marks are synced, before a record is
  // logged under it. So a record under `always` after such a mark proves that every shard had
  // reached the mark's epoch. (Empty parts of transactions are no marks.)
  void NotePolicy(const BatchHeader& header) {
    if (!header.always) {
      after_lazy_ = true;
      return;
    }
    if (header.records > 0) {
      scan_.promised = std::max(scan_.promised, marked_);
    } else if (after_lazy_ && !header.transaction && header.epoch >= manifest_.settled.epoch) {
      marked_ = std::max(marked_, header.complete);
    }
    after_lazy_ = false;
  }

  void MaybeAddPoint(uint64_t offset) {
    const ScanPoint& last = scan_.points.back();
    const auto file = static_cast<uint32_t>(scan_.files.size() - 1);
    if (file == last.file && offset < last.offset + kPointSpacing) return;
    scan_.points.push_back(
        ScanPoint{file, offset, point_.max_epoch, scan_.batches, scan_.records, scan_.bytes});
  }

  FileSystem& fs_;
  const std::string& directory_;
  const Manifest& manifest_;
  const RecoveryOptions& options_;
  ShardScan scan_;
  ScanPoint point_;  // its max_epoch: of all batches so far
  std::optional<Finding> torn_;
  bool after_lazy_ = false;  // the last batch was not under always
  Epoch marked_;
};

}  // namespace

absl::StatusOr<std::optional<ScannedBatch>> ReadBatch(FileWindow& window, uint64_t offset, Lsn at,
                                                      uint64_t salt) {
  absl::StatusOr<std::optional<ScannedBatch>> batch = ReadHeader(window, offset);
  if (!batch.ok() || !batch->has_value()) return batch;
  absl::StatusOr<std::string_view> line = window.Read(offset, kBatchHeaderSize);
  if (!line.ok()) return line.status();
  uint32_t crc = BatchCrcStart(*line, at, salt);
  for (uint64_t from = offset + kBatchHeaderSize; from < (*batch)->end();) {
    const uint64_t want = std::min<uint64_t>((*batch)->end() - from, window.window_size());
    absl::StatusOr<std::string_view> piece = window.Read(from, static_cast<size_t>(want));
    if (!piece.ok()) return piece.status();
    if (piece->empty()) return std::nullopt;  // the file shrank while it was read
    crc = Crc32c(crc, *piece);
    from += piece->size();
  }
  if (crc != (*batch)->header.crc) return std::nullopt;
  return batch;
}

absl::Status ForEachBatch(FileSystem& fs, const std::string& directory, const ShardScan& scan,
                          const ScanPoint& from,
                          absl::FunctionRef<void(uint32_t, const ScannedBatch&)> visit) {
  for (uint32_t i = from.file; i < scan.files.size(); ++i) {
    const ScannedFile& file = scan.files[i];
    uint64_t offset = kFileHeaderSize;
    if (i == from.file) offset = std::max(offset, from.offset);
    if (offset >= file.valid_to) continue;
    absl::StatusOr<std::unique_ptr<File>> opened =
        fs.Open(JoinPath(directory, file.name), OpenMode::kRead);
    if (!opened.ok()) return opened.status();
    FileWindow window(opened->get(), file.valid_to, kHopWindow);
    while (offset < file.valid_to) {
      absl::StatusOr<std::optional<ScannedBatch>> batch = ReadHeader(window, offset);
      if (!batch.ok()) return batch.status();
      if (!batch->has_value()) {
        return absl::DataLossError(
            StrCat(file.name, " changed at byte ", offset, " while it was read"));
      }
      visit(i, **batch);
      offset = (*batch)->end();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ShardScan> ScanShardLog(FileSystem& fs, const std::string& directory,
                                       const Manifest& manifest, ShardId shard,
                                       const RecoveryOptions& options) {
  return ShardScanner(fs, directory, manifest, shard, options).Run();
}

absl::StatusOr<std::vector<ShardScan>> ScanAllShards(FileSystem& fs, const std::string& directory,
                                                     const Manifest& manifest,
                                                     const RecoveryOptions& options) {
  const uint32_t shards = manifest.shard_count;
  std::vector<absl::StatusOr<ShardScan>> results(shards, absl::UnknownError("not scanned"));
  InParallel(fs, shards, [&](uint32_t i) {
    results[i] = ScanShardLog(fs, directory, manifest, ShardId(static_cast<uint16_t>(i)), options);
  });
  std::vector<ShardScan> scans;
  for (absl::StatusOr<ShardScan>& result : results) {
    if (!result.ok()) return result.status();
    scans.push_back(*std::move(result));
  }
  return scans;
}

}  // namespace basalt
