#include "persistence/recovery/load_plan.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "persistence/aof/log_reader.h"
#include "persistence/snapshot/manifest_files.h"

namespace basalt {
namespace {

absl::StatusOr<RecoveryPlan> ScanAndPlan(FileSystem& fs, const ManifestStore& store,
                                         const RecoveryOptions& options) {
  Manifest manifest = store.current();
  absl::StatusOr<std::vector<ShardScan>> scans =
      ScanAllShards(fs, store.directory(), manifest, options);
  if (!scans.ok()) return scans.status();
  return PlanRecovery(fs, store.directory(), manifest, *scans, options);
}

// Makes the verdict final on disk.
absl::Status Apply(FileSystem& fs, ManifestStore& store, const RecoveryPlan& recovery) {
  if (absl::Status s = ApplyPlan(fs, store, recovery); !s.ok()) return s;
  if (absl::StatusOr<std::vector<std::string>> strays = store.RemoveStrays(); strays.ok()) {
    for (const std::string& name : *strays)
      LogNotice("Recovery: removed ", name, ", left by an interrupted rewrite");
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadPlan> PlanOwnLog(FileSystem& fs, ManifestStore& store,
                                    const RecoveryOptions& options, bool change_disk) {
  absl::StatusOr<RecoveryPlan> recovery = ScanAndPlan(fs, store, options);
  if (!recovery.ok()) return recovery.status();
  for (const Finding& finding : recovery->findings) LogWarning("Recovery: ", finding.ToString());
  LogNotice("Recovery: ", recovery->Summary());
  if (change_disk) {
    if (absl::Status s = Apply(fs, store, *recovery); !s.ok()) return s;
  }
  LoadPlan plan{.source = LoadPlan::Source::kLog, .drop_expired = false};
  Manifest manifest = store.current();
  for (uint32_t i = 0; i < manifest.shard_count; ++i) {
    LoadPart part;
    if (const std::optional<BaseFile>& base = manifest.shards[i].base) {
      part.rdb_path = store.PathOf(base->name);
      part.rdb_crc64 = base->crc;
    }
    part.log_directory = store.directory();
    part.ranges = recovery->shards[i].ranges;
    plan.parts.push_back(std::move(part));
  }
  plan.recovery = *std::move(recovery);
  return plan;
}

// A Redis 7 appendonlydir, or the single file of older versions: taken over as one part.
absl::StatusOr<LoadPlan> PlanForeignLog(FileSystem& fs, const std::string& directory,
                                        const std::vector<std::string>& files,
                                        const RecoveryOptions& options) {
  LoadPlan plan{.source = LoadPlan::Source::kForeignLog, .drop_expired = false};
  LoadPart part{.log_directory = directory};
  for (size_t i = 0; i < files.size(); ++i) {
    absl::StatusOr<bool> preamble = HasRdbPreamble(fs, JoinPath(directory, files[i]));
    if (!preamble.ok()) return preamble.status();
    uint64_t from = 0;
    if (*preamble) {
      if (i > 0)
        return absl::DataLossError(
            StrCat(files[i], ": an RDB file may only be the first part of a log"));
      part.rdb_path = JoinPath(directory, files[i]);
      // Where the commands behind a preamble begin is known only once the RDB part has been read;
      // then the loader scans on.
      if (files.size() > 1) continue;
      plan.parts.push_back(std::move(part));
      return plan;
    }
    absl::StatusOr<ForeignScan> scan =
        ScanForeignLog(fs, directory, files[i], from, i + 1 == files.size(), options);
    if (!scan.ok()) return scan.status();
    for (const Finding& finding : scan->findings) LogWarning("Recovery: ", finding.ToString());
    part.ranges.push_back(scan->range);
  }
  plan.parts.push_back(std::move(part));
  return plan;
}

// There is no manifest. Files of a log mean that it was lost, and a person must look - but for
// bases alone beside a snapshot: those were being made from it when the start was cut off, and are
// made again.
absl::Status CheckOrphans(ManifestStore& store, bool snapshot_there) {
  absl::StatusOr<std::vector<std::string>> orphans = store.OrphanedFiles();
  if (!orphans.ok())
    return absl::IsNotFound(orphans.status()) ? absl::OkStatus() : orphans.status();
  for (const std::string& name : *orphans) {
    if (snapshot_there && name.ends_with(".rdb")) continue;
    return absl::DataLossError(Describe(RecoveryCase::kManifestMissing,
                                        store.PathOf(ManifestName(store.stem())), 0, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadPlan> PlanSnapshot(FileSystem& fs, const Config& config, bool change_disk) {
  absl::StatusOr<SnapshotChoice> choice = ChooseSnapshot(fs, ".", config.dbfilename);
  if (!choice.ok()) return choice.status();
  for (const std::string& note : choice->notes) LogWarning("Snapshot: ", note);
  if (choice->damaged) {
    return absl::DataLossError(
        "a snapshot newer than the newest whole one is damaged (see above); remove its manifest to "
        "start from the older one");
  }
  LoadPlan plan;
  if (choice->source == SnapshotChoice::Source::kNone) return plan;
  if (choice->source == SnapshotChoice::Source::kPlainRdb) {
    plan.source = LoadPlan::Source::kPlainRdb;
    plan.parts.push_back({.rdb_path = config.dbfilename});
    return plan;
  }
  // A save that was killed may have named its manifest and not synced the folder. What is shown
  // from now on must still be there when the power goes.
  if (change_disk) {
    if (absl::Status s = fs.SyncDirectory("."); !s.ok()) return s;
  }
  plan.source = LoadPlan::Source::kSnapshot;
  for (const SnapshotFile& file : choice->manifest.shards) {
    plan.parts.push_back({.rdb_path = file.name, .rdb_crc64 = file.crc64});
  }
  return plan;
}

}  // namespace

const char* SourceName(LoadPlan::Source source) {
  switch (source) {
    case LoadPlan::Source::kNothing:
      return "nothing";
    case LoadPlan::Source::kLog:
      return "log";
    case LoadPlan::Source::kSnapshot:
      return "snapshot";
    case LoadPlan::Source::kPlainRdb:
      return "plain RDB file";
    case LoadPlan::Source::kForeignLog:
      return "Redis append only file";
  }
  return "?";
}

absl::StatusOr<LoadPlan> PlanLoad(FileSystem& fs, const Config& config, ManifestStore& store,
                                  bool change_disk) {
  RecoveryOptions options{.load_truncated = config.aof_load_truncated};
  if (config.appendonly) {
    absl::Status found = store.Load();
    if (found.ok()) return PlanOwnLog(fs, store, options, change_disk);
    if (absl::IsFailedPrecondition(found)) {
      absl::StatusOr<std::string> text = fs.ReadAll(store.PathOf(ManifestName(store.stem())));
      if (!text.ok()) return text.status();
      absl::StatusOr<std::vector<std::string>> files = ParseRedisManifest(*text);
      if (!files.ok()) return files.status();
      return PlanForeignLog(fs, store.directory(), *files, options);
    }
    if (!absl::IsNotFound(found)) return found;
    if (fs.Stat(config.appendfilename).ok())
      return PlanForeignLog(fs, ".", {config.appendfilename}, options);
  }
  absl::StatusOr<LoadPlan> plan = PlanSnapshot(fs, config, change_disk);
  if (plan.ok() && config.appendonly) {
    bool there = plan->source != LoadPlan::Source::kNothing;
    if (absl::Status s = CheckOrphans(store, there); !s.ok()) return s;
    if (there)
      LogNotice("The log is on but there is none yet: it begins with what the ",
                SourceName(plan->source), " holds");
  }
  return plan;
}

}  // namespace basalt
