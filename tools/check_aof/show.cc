// Prints batches and records.
#include <cstdio>

#include "core/base/strings.h"
#include "persistence/aof/log_reader.h"
#include "persistence/aof/log_scan.h"
#include "tools/check_aof/own_log.h"
#include "tools/check_aof/show_record.h"
#include "tools/common/option_parser.h"
#include "tools/common/output.h"

namespace basalt::tools {
namespace {

const ShardPlan* PlanOf(const OwnLogCheck& check, ShardId shard) {
  const std::optional<RecoveryPlan>& plan = check.plan ? check.plan : check.repair;
  return plan ? &plan->shards[shard.value] : nullptr;
}

bool Kept(const ShardPlan& plan, const std::string& file, uint64_t offset) {
  for (const LogRange& range : plan.ranges) {
    if (range.file == file && range.from <= offset && offset < range.to) return true;
  }
  return false;
}

std::string BatchText(const ScannedBatch& batch, Lsn at) {
  const BatchHeader& header = batch.header;
  std::string text =
      StrCat("  batch at byte ", batch.offset, ", LSN ", at.value, ": epoch ", header.epoch.value,
             ", complete ", header.complete.value, ", ", header.length, " bytes, ", header.records,
             header.records == 0 && !batch.tx ? " records (a mark)" : " records");
  if (header.always) StrAppend(&text, ", always");
  if (batch.tx) {
    StrAppend(&text, ", transaction ", batch.tx->id.value, " of ", batch.tx->participants,
              " shards");
  }
  if (batch.unix_s) StrAppend(&text, ", ", MomentText(*batch.unix_s));
  return text;
}

// The records of one file's batches, in step with a walk over the batches.
class RecordPrinter {
 public:
  RecordPrinter(FileSystem& fs, const std::string& folder, const ScannedFile& file, size_t width)
      : reader_(&fs, folder, {LogRange{file.name, kFileHeaderSize, file.valid_to}}),
        width_(width) {}

  absl::Status PrintUpTo(uint64_t end) {
    while (kFileHeaderSize + reader_.bytes_read() < end) {
      absl::StatusOr<bool> done = reader_.Step(1, [this](std::span<const std::string_view> args) {
        PrintRecord(kFileHeaderSize + reader_.bytes_read(), args, width_);
        return absl::OkStatus();
      });
      if (!done.ok()) return done.status();
    }
    return absl::OkStatus();
  }

 private:
  LogReader reader_;
  const size_t width_;
};

absl::Status ShowShard(FileSystem& fs, const OwnLogCheck& check, const ShardScan& scan,
                       size_t width) {
  const ShardPlan* plan = PlanOf(check, scan.shard);
  std::optional<RecordPrinter> printer;
  uint32_t shown = UINT32_MAX;
  absl::Status failed;
  absl::Status walked = ForEachBatch(
      fs, check.place.folder, scan, {}, [&](uint32_t index, const ScannedBatch& batch) {
        if (!failed.ok()) return;
        const ScannedFile& file = scan.files[index];
        if (index != shown) {
          std::printf("shard %u, %s\n", unsigned{scan.shard.value}, file.name.c_str());
          printer.emplace(fs, check.place.folder, file, width);
          shown = index;
        }
        const bool dropped = plan != nullptr && !Kept(*plan, file.name, batch.offset);
        std::printf("%s%s\n", BatchText(batch, LsnAt(file.header.start, batch.offset)).c_str(),
                    dropped ? "  DROPPED" : "");
        failed = printer->PrintUpTo(batch.end());
      });
  return walked.ok() ? failed : walked;
}

}  // namespace

void PrintRecord(uint64_t offset, std::span<const std::string_view> args, size_t width) {
  std::string line = StrCat("    ", offset, ": ");
  const size_t start = line.size();
  for (size_t i = 0; i < args.size(); ++i) {
    const size_t used = line.size() - start;
    if (used >= width) {
      StrAppend(&line, " … ", args.size() - i, " more");
      break;
    }
    if (i > 0) line += ' ';
    line += i == 0 ? Quoted(args[i], width) : Quoted(args[i], width - used);
  }
  std::printf("%s\n", line.c_str());
}

absl::Status ShowOwnLog(FileSystem& fs, const OwnLogCheck& check, std::optional<uint64_t> shard,
                        size_t width) {
  if (shard && *shard >= check.manifest.shard_count) {
    return absl::InvalidArgumentError(StrCat("there is no shard ", *shard));
  }
  for (const ShardScan& scan : check.scans) {
    if (shard && scan.shard.value != *shard) continue;
    if (absl::Status s = ShowShard(fs, check, scan, width); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace basalt::tools
