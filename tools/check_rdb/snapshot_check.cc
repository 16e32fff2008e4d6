#include "tools/check_rdb/snapshot_check.h"

#include <algorithm>
#include <atomic>

#include "core/base/status.h"
#include "core/base/strings.h"
#include "persistence/snapshot/manifest_files.h"
#include "tools/common/data_directory.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

// What is to be read: paths, and with a set what its manifest says of them.
struct Target {
  std::vector<std::string> paths;
  std::string folder;
};

void AddSet(const std::string& folder, const SnapshotManifest& manifest, Target* target) {
  target->folder = folder;
  for (const SnapshotFile& file : manifest.shards) {
    target->paths.push_back(JoinPath(folder, file.name));
  }
}

absl::StatusOr<Target> FromFolder(FileSystem& fs, const std::string& folder,
                                  const std::string& dbfilename, SnapshotCheck* check) {
  absl::StatusOr<SnapshotChoice> choice = ChooseSnapshot(fs, folder, dbfilename);
  if (!choice.ok()) return choice.status();
  (choice->damaged ? check->problems : check->notes) = choice->notes;
  Target target{{}, folder};
  switch (choice->source) {
    case SnapshotChoice::Source::kNone:
      if (!choice->damaged) {
        return absl::NotFoundError(StrCat(folder, " holds no snapshot of ", dbfilename));
      }
      return target;
    case SnapshotChoice::Source::kPlainRdb:
      target.paths.push_back(JoinPath(folder, dbfilename));
      return target;
    case SnapshotChoice::Source::kSnapshot:
      break;
  }
  check->is_set = true;
  check->manifest = choice->manifest;
  AddSet(folder, check->manifest, &target);
  return target;
}

absl::StatusOr<Target> FindFiles(FileSystem& fs, const CheckRdbOptions& options,
                                 SnapshotCheck* check) {
  const std::string path = Trimmed(options.path);
  absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (!info.ok()) return info.status();
  if (info->is_directory) return FromFolder(fs, path, options.dbfilename, check);
  Target target{{}, DirectoryOf(path)};
  if (!path.ends_with(".manifest")) {
    target.paths.push_back(path);
    return target;
  }
  absl::StatusOr<std::string> text = fs.ReadAll(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<SnapshotManifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) {
    return absl::Status(manifest.status().code(), StrCat(path, ": ", MessageOf(manifest.status())));
  }
  check->is_set = true;
  check->manifest = *std::move(manifest);
  AddSet(target.folder, check->manifest, &target);
  return target;
}

// Holds a shard's file against what the manifest says of it.
void CompareWithManifest(const SnapshotManifest& manifest, size_t shard, rdb::Census* census) {
  if (!census->error.ok()) return;
  const SnapshotFile& file = manifest.shards[shard];
  const rdb::FileAux& aux = census->aux;
  std::vector<std::string>& problems = census->problems;
  if (census->size != file.bytes) {
    problems.push_back(StrCat("has ", census->size, " bytes; the manifest says ", file.bytes));
  }
  if (file.crc64 != 0 && census->crc64 != file.crc64) {
    problems.push_back("is not the file that the manifest names (its checksum differs)");
  }
  if (aux.shard != static_cast<int64_t>(shard) ||
      aux.shards != static_cast<int64_t>(manifest.shards.size())) {
    problems.push_back(StrCat("says that it is shard ", aux.shard, " of ", aux.shards));
  }
  if (aux.epoch != static_cast<int64_t>(manifest.epoch.value)) {
    problems.push_back(
        StrCat("is of epoch ", aux.epoch, ", the snapshot of epoch ", manifest.epoch.value));
  }
}

}  // namespace

bool SnapshotCheck::clean() const {
  return problems.empty() && std::all_of(files.begin(), files.end(),
                                         [](const rdb::Census& file) { return file.clean(); });
}

absl::StatusOr<SnapshotCheck> CheckSnapshot(FileSystem& fs, const CheckRdbOptions& options,
                                            int64_t now_ms) {
  SnapshotCheck check;
  absl::StatusOr<Target> target = FindFiles(fs, options, &check);
  if (!target.ok()) return target.status();
  uint64_t total = 0;
  for (const std::string& path : target->paths) {
    absl::StatusOr<FileInfo> info = fs.Stat(path);
    if (info.ok()) total += info->size;
  }
  std::atomic<uint64_t> done{0};
  const Progress progress(
      "checking", [&done] { return done.load(); }, [total] { return total; }, options.quiet);
  for (size_t i = 0; i < target->paths.size(); ++i) {
    rdb::Census census = rdb::TakeCensus(fs, target->paths[i],
                                         {.now_ms = now_ms,
                                          .deep = !options.shallow,
                                          .biggest = static_cast<size_t>(options.biggest),
                                          .progress = &done});
    // A file of a set that is missing is damage; a file that was named and cannot be read is not.
    if (!check.is_set && !census.error.ok() && !absl::IsDataLoss(census.error) &&
        !absl::IsUnimplemented(census.error) && !absl::IsInvalidArgument(census.error)) {
      return census.error;
    }
    if (check.is_set) CompareWithManifest(check.manifest, i, &census);
    check.files.push_back(std::move(census));
  }
  return check;
}

}  // namespace basalt::tools
