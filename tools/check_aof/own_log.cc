#include "tools/check_aof/own_log.h"

#include <atomic>

#include "core/base/status.h"
#include "core/base/strings.h"
#include "persistence/aof/manifest_store.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

uint64_t BytesOf(FileSystem& fs, const LogPlace& place, const Manifest& manifest) {
  uint64_t bytes = 0;
  for (const ShardFiles& files : manifest.shards) {
    if (files.base) bytes += files.base->size;
    for (const std::string& name : files.incrementals) {
      absl::StatusOr<FileInfo> info = fs.Stat(JoinPath(place.folder, name));
      if (info.ok()) bytes += info->size;
    }
  }
  return bytes;
}

// A manifest for one file of a shard, by what its first line says.
absl::StatusOr<Manifest> ManifestOfFile(FileSystem& fs, const LogPlace& place) {
  absl::StatusOr<std::unique_ptr<File>> file =
      fs.Open(JoinPath(place.folder, place.file), OpenMode::kRead);
  if (!file.ok()) return file.status();
  std::string line(kFileHeaderSize, '\0');
  absl::StatusOr<size_t> got = (*file)->PRead(0, line.data(), line.size());
  if (!got.ok()) return got.status();
  line.resize(*got);
  absl::StatusOr<LogFileHeader> header = ParseFileHeader(line);
  if (!header.ok()) {
    return absl::DataLossError(StrCat(place.file, " at byte 0: ", MessageOf(header.status())));
  }
  if (header->shard_count == 0 || header->shard.value >= header->shard_count) {
    return absl::DataLossError(StrCat(place.file, " at byte 0: no such shard"));
  }
  Manifest manifest;
  manifest.generation = header->generation;
  manifest.shard_count = header->shard_count;
  manifest.salt = header->salt;
  manifest.shards.resize(manifest.shard_count);
  ShardFiles& files = manifest.shards[header->shard.value];
  files.start = header->start;
  files.incrementals.push_back(place.file);
  return manifest;
}

absl::StatusOr<Manifest> LoadManifestOf(FileSystem& fs, const LogPlace& place) {
  if (!place.file.empty()) return ManifestOfFile(fs, place);
  ManifestStore store(&fs, place.folder, place.stem);
  absl::Status loaded = store.Load();
  if (absl::IsNotFound(loaded)) {
    return absl::DataLossError(
        Describe(RecoveryCase::kManifestMissing, ManifestName(place.stem), 0));
  }
  if (!loaded.ok()) return loaded;
  return store.current();
}

void CheckBases(FileSystem& fs, std::atomic<uint64_t>* progress, OwnLogCheck* check) {
  check->bases.resize(check->manifest.shards.size());
  for (size_t i = 0; i < check->manifest.shards.size(); ++i) {
    const std::optional<BaseFile>& base = check->manifest.shards[i].base;
    const std::string path = base ? JoinPath(check->place.folder, base->name) : "";
    absl::StatusOr<FileInfo> info = base ? fs.Stat(path) : absl::NotFoundError("no base");
    if (!info.ok() || info->size != base->size) continue;  // the plan tells of this
    rdb::Census census = rdb::TakeCensus(fs, path, {.progress = progress});
    if (census.error.ok() && base->crc != 0 && census.crc64 != base->crc) {
      census.error = absl::DataLossError(
          StrCat(path, ": not the file that the manifest names (its checksum differs)"));
    }
    if (!census.error.ok()) check->refusals.emplace_back(MessageOf(census.error));
    check->bases[i] = std::move(census);
  }
}

// What a start would do with these scans, and what a repair could.
void MakePlans(FileSystem& fs, OwnLogCheck* check) {
  const std::string& folder = check->place.folder;
  for (const std::optional<rdb::Census>& base : check->bases) {
    if (base && !base->error.ok()) return;  // without its base a shard cannot be had back
  }
  for (const ShardScan& scan : check->scans) {
    if (scan.damaged) check->refusals.push_back(scan.findings.back().ToString());
  }
  if (check->refusals.empty()) {
    absl::StatusOr<RecoveryPlan> plan = PlanRecovery(fs, folder, check->manifest, check->scans, {});
    if (plan.ok()) {
      check->repair = *plan;
      check->plan = *std::move(plan);
      return;
    }
    check->refusals.emplace_back(MessageOf(plan.status()));
  }
  absl::StatusOr<RecoveryPlan> repair =
      PlanRecovery(fs, folder, check->manifest, check->scans, {.salvage = true});
  if (repair.ok()) {
    check->repair = *std::move(repair);
  } else if (check->refusals.back() != MessageOf(repair.status())) {
    check->refusals.emplace_back(MessageOf(repair.status()));
  }
}

}  // namespace

bool OwnLogCheck::clean() const {
  if (!refusals.empty() || !Findings().empty()) return false;
  for (const std::optional<rdb::Census>& base : bases) {
    if (base && !base->clean()) return false;
  }
  return true;
}

std::vector<Finding> OwnLogCheck::Findings() const {
  if (plan) return plan->findings;
  if (repair) return repair->findings;
  std::vector<Finding> findings;
  for (const ShardScan& scan : scans) {
    findings.insert(findings.end(), scan.findings.begin(), scan.findings.end());
  }
  return findings;
}

absl::StatusOr<OwnLogCheck> CheckOwnLog(FileSystem& fs, const LogPlace& place, bool quiet) {
  OwnLogCheck check;
  check.place = place;
  check.single_file = !place.file.empty();
  absl::StatusOr<Manifest> manifest = LoadManifestOf(fs, place);
  if (!manifest.ok()) return manifest.status();
  check.manifest = *std::move(manifest);
  const uint64_t total = BytesOf(fs, place, check.manifest);
  std::atomic<uint64_t> done{0};
  const Progress progress(
      "checking", [&done] { return done.load(); }, [total] { return total; }, quiet);
  absl::StatusOr<std::vector<ShardScan>> scans =
      ScanAllShards(fs, place.folder, check.manifest, {.salvage = true, .scanned = &done});
  if (!scans.ok() && !absl::IsDataLoss(scans.status())) return scans.status();
  CheckBases(fs, &done, &check);
  if (!scans.ok()) {
    check.refusals.emplace_back(MessageOf(scans.status()));
    return check;
  }
  check.scans = *std::move(scans);
  if (check.single_file) {
    for (const ShardScan& scan : check.scans) {
      if (scan.damaged) check.refusals.push_back(scan.findings.back().ToString());
    }
  } else {
    MakePlans(fs, &check);
  }
  return check;
}

}  // namespace basalt::tools
