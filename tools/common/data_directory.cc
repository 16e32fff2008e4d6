#include "tools/common/data_directory.h"

#include <algorithm>
#include <optional>

#include "core/base/strings.h"
#include "persistence/aof/log_format.h"
#include "persistence/aof/manifest.h"

namespace basalt::tools {
namespace {

constexpr std::string_view kLockName = "basalt.lock";
constexpr std::string_view kManifestEnding = ".manifest";
constexpr std::string_view kLogFolder = "appendonlydir";
constexpr std::string_view kLogFileMark = "#BF";

bool IsFolder(FileSystem& fs, const std::string& path) {
  absl::StatusOr<FileInfo> info = fs.Stat(path);
  return info.ok() && info->is_directory;
}

absl::StatusOr<std::string> FirstBytes(FileSystem& fs, const std::string& path, size_t n) {
  absl::StatusOr<std::unique_ptr<File>> file = fs.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  std::string text(n, '\0');
  absl::StatusOr<size_t> got = (*file)->PRead(0, text.data(), n);
  if (!got.ok()) return got.status();
  text.resize(*got);
  return text;
}

// "<stem>" of "<stem>.7.shard-0.incr.aof"; nothing for another name.
std::optional<std::string> StemOfLogFile(std::string_view name) {
  const size_t shard = name.find(".shard-");
  if (shard == std::string_view::npos || shard == 0) return std::nullopt;
  const size_t dot = name.rfind('.', shard - 1);
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  return std::string(name.substr(0, dot));
}

absl::StatusOr<LogPlace> FromManifest(FileSystem& fs, const std::string& folder,
                                      const std::string& name) {
  absl::StatusOr<std::string> text = fs.ReadAll(JoinPath(folder, name));
  if (!text.ok()) return text.status();
  LogPlace place;
  place.kind = LooksLikeRedisManifest(*text) ? LogPlace::Kind::kRedisFolder : LogPlace::Kind::kOwn;
  place.folder = folder;
  place.stem = name.substr(0, name.size() - kManifestEnding.size());
  return place;
}

// A manifest in `folder`, or files that miss theirs.
absl::StatusOr<LogPlace> InFolder(FileSystem& fs, const std::string& folder) {
  absl::StatusOr<std::vector<std::string>> names = fs.List(folder);
  if (!names.ok()) return names.status();
  std::vector<std::string> manifests;
  std::optional<std::string> orphan_stem;
  for (const std::string& name : *names) {
    if (name.ends_with(".aof") && !orphan_stem) orphan_stem = StemOfLogFile(name);
    if (!name.ends_with(kManifestEnding)) continue;
    absl::StatusOr<std::string> head = FirstBytes(fs, JoinPath(folder, name), 16);
    if (head.ok() && head->starts_with("basalt-snapshot")) continue;
    manifests.push_back(name);
  }
  if (manifests.size() > 1) {
    return absl::InvalidArgumentError(
        StrCat(folder, " holds several logs; name the manifest of the one you mean"));
  }
  if (manifests.size() == 1) return FromManifest(fs, folder, manifests[0]);
  if (orphan_stem) return LogPlace{LogPlace::Kind::kOwn, folder, *orphan_stem, ""};
  return absl::NotFoundError(StrCat(folder, " holds no log"));
}

std::vector<std::string> FoldersOf(FileSystem& fs, const std::string& path) {
  std::vector<std::string> folders;
  std::string folder = Trimmed(path);
  if (IsFolder(fs, folder)) {
    folders.push_back(folder);
    folders.push_back(JoinPath(folder, ".."));
  } else {
    folders.push_back(DirectoryOf(folder));
    folders.push_back(JoinPath(folders[0], ".."));
  }
  return folders;
}

}  // namespace

std::string Trimmed(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

std::string NameOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

absl::StatusOr<LogPlace> FindLog(FileSystem& fs, const std::string& given) {
  const std::string path = Trimmed(given);
  absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (!info.ok()) return info.status();
  if (info->is_directory) {
    absl::StatusOr<LogPlace> place = InFolder(fs, path);
    const std::string below = JoinPath(path, kLogFolder);
    if (absl::IsNotFound(place.status()) && IsFolder(fs, below)) return InFolder(fs, below);
    return place;
  }
  const std::string name = NameOf(path);
  if (name.ends_with(kManifestEnding)) return FromManifest(fs, DirectoryOf(path), name);
  absl::StatusOr<std::string> head = FirstBytes(fs, path, kLogFileMark.size());
  if (!head.ok()) return head.status();
  LogPlace place;
  place.kind = *head == kLogFileMark ? LogPlace::Kind::kOwnFile : LogPlace::Kind::kRedisFile;
  place.folder = DirectoryOf(path);
  place.file = name;
  return place;
}

bool ServerRunsAt(FileSystem& fs, const std::string& path) {
  return absl::IsFailedPrecondition(LockAgainstServers(fs, path).status());
}

absl::StatusOr<std::vector<std::unique_ptr<DirectoryLock>>> LockAgainstServers(
    FileSystem& fs, const std::string& path) {
  std::vector<std::unique_ptr<DirectoryLock>> locks;
  for (const std::string& folder : FoldersOf(fs, path)) {
    const std::string name = JoinPath(folder, kLockName);
    if (!fs.Stat(name).ok()) continue;
    absl::StatusOr<std::unique_ptr<DirectoryLock>> lock = fs.Lock(name);
    if (!lock.ok()) {
      if (!absl::IsFailedPrecondition(lock.status())) return lock.status();
      return absl::FailedPreconditionError(
          StrCat("a running server uses ", folder, " (it holds ", kLockName, "); stop it first"));
    }
    locks.push_back(*std::move(lock));
  }
  return locks;
}

}  // namespace basalt::tools
