#include "persistence/snapshot/manifest_files.h"

#include <algorithm>
#include <functional>

#include "core/base/mutant.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

absl::Status CheckFiles(FileSystem& fs, const std::string& directory,
                        const SnapshotManifest& manifest) {
  for (const SnapshotFile& file : manifest.shards) {
    const std::string path = JoinPath(directory, file.name);
    absl::StatusOr<FileInfo> info = fs.Stat(path);
    if (absl::IsNotFound(info.status())) return absl::DataLossError(StrCat(path, " is missing"));
    if (!info.ok()) return info.status();
    if (info->is_directory || info->size != file.bytes) {
      return absl::DataLossError(
          StrCat(path, " has ", info->size, " bytes, its manifest says ", file.bytes));
    }
  }
  return absl::OkStatus();
}

// Generations that have a manifest, newest first.
std::vector<uint64_t> ManifestGenerations(const std::vector<std::string>& names,
                                          const std::string& dbfilename) {
  std::vector<uint64_t> generations;
  for (const std::string& name : names) {
    const SnapshotName parsed = ParseSnapshotName(dbfilename, name);
    if (parsed.kind == SnapshotName::Kind::kManifest && !parsed.temporary) {
      generations.push_back(parsed.generation);
    }
  }
  std::sort(generations.begin(), generations.end(), std::greater<>());
  return generations;
}

// Removes the files that `obsolete` says and makes that durable.
absl::Status RemoveWhere(FileSystem& fs, const std::string& directory,
                         const std::string& dbfilename,
                         const std::function<bool(const SnapshotName&)>& obsolete) {
  absl::StatusOr<std::vector<std::string>> names = fs.List(directory);
  if (!names.ok()) return names.status();
  bool removed = false;
  for (const std::string& name : *names) {
    const SnapshotName parsed = ParseSnapshotName(dbfilename, name);
    if (parsed.kind == SnapshotName::Kind::kForeign || !obsolete(parsed)) continue;
    absl::Status status = fs.Remove(JoinPath(directory, name));
    if (!status.ok() && !absl::IsNotFound(status)) return status;
    removed = true;
  }
  return removed ? fs.SyncDirectory(directory) : absl::OkStatus();
}

}  // namespace

absl::Status StoreManifest(FileSystem& fs, const std::string& directory,
                           const std::string& dbfilename, const SnapshotManifest& manifest) {
  const std::string text = FormatManifest(manifest);
  // What could not be read back must never be stored: it would be the newest snapshot.
  if (absl::Status readable = ParseManifest(text).status(); !readable.ok()) return readable;
  if (absl::Status files = CheckFiles(fs, directory, manifest); !files.ok()) return files;
  return fs.WriteAtomically(
      JoinPath(directory, SnapshotManifestName(dbfilename, manifest.generation)), text);
}

absl::StatusOr<SnapshotManifest> LoadManifest(FileSystem& fs, const std::string& directory,
                                              const std::string& dbfilename, uint64_t generation) {
  const std::string path = JoinPath(directory, SnapshotManifestName(dbfilename, generation));
  absl::StatusOr<std::string> text = fs.ReadAll(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<SnapshotManifest> manifest = ParseManifest(*text);
  if (!manifest.ok())
    return absl::DataLossError(StrCat(path, ": ", std::string(manifest.status().message())));
  if (manifest->generation != generation) {
    return absl::DataLossError(StrCat(path, ": it is of generation ", manifest->generation));
  }
  if (absl::Status files = CheckFiles(fs, directory, *manifest); !files.ok()) return files;
  return manifest;
}

absl::StatusOr<SnapshotChoice> ChooseSnapshot(FileSystem& fs, const std::string& directory,
                                              const std::string& dbfilename) {
  absl::StatusOr<std::vector<std::string>> names = fs.List(directory);
  if (!names.ok()) return names.status();
  SnapshotChoice choice;
  for (const uint64_t generation : ManifestGenerations(*names, dbfilename)) {
    absl::StatusOr<SnapshotManifest> manifest = LoadManifest(fs, directory, dbfilename, generation);
    if (manifest.ok()) {
      choice.source = SnapshotChoice::Source::kSnapshot;
      choice.manifest = *std::move(manifest);
      break;
    }
    if (!absl::IsDataLoss(manifest.status())) return manifest.status();
    choice.damaged = true;
    choice.notes.push_back(StrCat("snapshot ", generation,
                                  " is not whole: ", std::string(manifest.status().message())));
  }
  if (std::find(names->begin(), names->end(), dbfilename) == names->end()) return choice;
  const std::string plain = JoinPath(directory, dbfilename);
  if (choice.source == SnapshotChoice::Source::kSnapshot) {
    choice.notes.push_back(StrCat(plain, " is not loaded: there is a snapshot of generation ",
                                  choice.manifest.generation));
  } else {
    choice.source = SnapshotChoice::Source::kPlainRdb;
  }
  return choice;
}

absl::StatusOr<uint64_t> NextSnapshotGeneration(FileSystem& fs, const std::string& directory,
                                                const std::string& dbfilename) {
  absl::StatusOr<std::vector<std::string>> names = fs.List(directory);
  if (!names.ok()) return names.status();
  uint64_t newest = 0;
  for (const std::string& name : *names) {
    const SnapshotName parsed = ParseSnapshotName(dbfilename, name);
    if (parsed.kind != SnapshotName::Kind::kForeign) newest = std::max(newest, parsed.generation);
  }
  return MutantIs("generation-reused") ? std::max<uint64_t>(newest, 1) : newest + 1;
}

absl::Status RemoveUnfinished(FileSystem& fs, const std::string& directory,
                              const std::string& dbfilename, uint64_t generation) {
  const absl::Status stands =
      fs.Stat(JoinPath(directory, SnapshotManifestName(dbfilename, generation))).status();
  if (!absl::IsNotFound(stands)) return stands;
  return RemoveWhere(fs, directory, dbfilename,
                     [&](const SnapshotName& name) { return name.generation == generation; });
}

absl::Status RemoveOlderSnapshots(FileSystem& fs, const std::string& directory,
                                  const std::string& dbfilename, uint64_t generation) {
  if (absl::Status whole = LoadManifest(fs, directory, dbfilename, generation).status();
      !whole.ok()) {
    return absl::FailedPreconditionError(
        StrCat("older snapshots are kept: ", std::string(whole.message())));
  }
  // Manifests first: otherwise a power cut in between leaves one whose files are gone, which looks
  // like damage.
  absl::Status status = RemoveWhere(fs, directory, dbfilename, [&](const SnapshotName& name) {
    return name.kind == SnapshotName::Kind::kManifest && !name.temporary &&
           name.generation < generation;
  });
  if (!status.ok()) return status;
  return RemoveWhere(fs, directory, dbfilename, [&](const SnapshotName& name) {
    return name.generation < generation || (name.temporary && name.generation == generation);
  });
}

}  // namespace basalt
