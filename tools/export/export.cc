#include "tools/export/export.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/strings.h"
#include "persistence/recovery/offline_load.h"
#include "persistence/snapshot/manifest_files.h"
#include "tools/common/data_directory.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

using Source = ExportOptions::Source;

bool HasLog(FileSystem& fs, const Config& config) {
  const std::string manifest = JoinPath(config.appenddirname, ManifestName(config.appendfilename));
  return fs.Stat(manifest).ok() || fs.Stat(config.appendfilename).ok();
}

// A log and a snapshot may both be there, and only the server's configuration says which is newer.
absl::StatusOr<Source> ChooseSource(FileSystem& fs, const Config& config, Source asked) {
  const bool log = HasLog(fs, config);
  if (asked == Source::kLog && !log) return absl::NotFoundError("there is no log here");
  if (asked != Source::kAuto) return asked;
  absl::StatusOr<SnapshotChoice> choice = ChooseSnapshot(fs, ".", config.dbfilename);
  if (!choice.ok()) return choice.status();
  const bool snapshot = choice->source != SnapshotChoice::Source::kNone || choice->damaged;
  if (log && snapshot) {
    return absl::InvalidArgumentError(
        "both a log and a snapshot are here: give --config, or --source log when the server ran "
        "with appendonly yes, else --source snapshot");
  }
  if (!log && !snapshot) return absl::NotFoundError("there is neither a log nor a snapshot here");
  return log ? Source::kLog : Source::kSnapshot;
}

absl::Status CheckOutput(FileSystem& fs, const ExportOptions& options) {
  if (absl::StatusOr<FileInfo> info = fs.Stat(options.output); info.ok()) {
    if (info->is_directory) return absl::InvalidArgumentError(options.output + " is a folder");
    if (!options.force) {
      return absl::AlreadyExistsError(
          StrCat(options.output, " is there already; give --force to replace it"));
    }
  }
  return absl::OkStatus();
}

// A snapshot's files never change, so they may be read beside a running server; a log grows and is
// rewritten.
absl::StatusOr<std::vector<std::unique_ptr<DirectoryLock>>> LockFor(FileSystem& fs, Source source,
                                                                    const std::string& output) {
  auto other = LockAgainstServers(fs, DirectoryOf(output));
  if (!other.ok() && source != Source::kSnapshot) return other.status();
  other = std::vector<std::unique_ptr<DirectoryLock>>();  // it may be the same folder
  auto locks = LockAgainstServers(fs, ".");
  if (!locks.ok() && source == Source::kSnapshot) return other;
  return locks;
}

absl::StatusOr<rdb::FileSummary> Write(FileSystem& fs, const Config& config,
                                       const ExportOptions& options,
                                       const std::vector<std::unique_ptr<Keyspace>>& keyspaces,
                                       std::vector<std::string> libraries) {
  std::vector<Keyspace*> pointers;
  for (const std::unique_ptr<Keyspace>& keyspace : keyspaces) pointers.push_back(keyspace.get());
  std::atomic<uint64_t> written{0};
  const Progress progress(
      "writing", [&written] { return written.load(); }, [] { return 0; }, options.quiet);
  rdb::FileSinkOptions sink;
  sink.compress = options.compress;
  sink.checksum = config.rdbchecksum;
  sink.after_write = [&written](uint64_t bytes) { written = bytes; };
  const rdb::FileHeader header{.created_unix_s = SystemClock().UnixMillis() / 1000,
                               .libraries = std::move(libraries)};
  return rdb::SaveTogether(pointers, fs, options.output, header, sink);
}

}  // namespace

absl::StatusOr<ExportResult> Export(FileSystem& fs, Config& config, const ExportOptions& options) {
  const int64_t start_us = SystemClock().MonotonicMicros();
  if (absl::Status s = CheckOutput(fs, options); !s.ok()) return s;
  absl::StatusOr<Source> source = ChooseSource(fs, config, options.source);
  if (!source.ok()) return source.status();
  auto locks = LockFor(fs, *source, options.output);
  if (!locks.ok()) return locks.status();

  config.appendonly = *source == Source::kLog;
  ManifestStore store(&fs, config.appenddirname, config.appendfilename);
  absl::StatusOr<LoadPlan> plan = PlanLoad(fs, config, store, /*change_disk=*/false);
  if (!plan.ok()) return plan.status();
  if (plan->source == LoadPlan::Source::kNothing) {
    return absl::NotFoundError("there is no snapshot here");
  }
  ExportResult result;
  result.source = SourceName(plan->source);
  if (plan->recovery) {
    for (const ShardPlan& shard : plan->recovery->shards) {
      result.records_dropped += shard.dropped_records;
    }
  }
  OfflineLoad load(&fs, &config, &SystemClock(), *std::move(plan));
  absl::StatusOr<std::vector<std::unique_ptr<Keyspace>>> keyspaces;
  {
    const Progress progress(
        "loading", [&load] { return load.bytes_done(); }, [&load] { return load.bytes_total(); },
        options.quiet);
    const uint64_t cores = std::max(std::thread::hardware_concurrency(), 1u);
    keyspaces = load.Load(static_cast<uint32_t>(options.threads > 0 ? options.threads : cores));
  }
  if (!keyspaces.ok()) return keyspaces.status();
  std::vector<std::string> libraries = load.Libraries();
  result.functions = libraries.size();
  absl::StatusOr<rdb::FileSummary> file =
      Write(fs, config, options, *keyspaces, std::move(libraries));
  if (!file.ok()) return file.status();
  result.file = *file;
  result.milliseconds = (SystemClock().MonotonicMicros() - start_us) / 1000;
  return result;
}

}  // namespace basalt::tools
