#include "core/io/file.h"

#include <cerrno>
#include <cstring>

#include "core/base/mutant.h"
#include "core/base/strings.h"

namespace basalt {

absl::Status File::Append(std::string_view data) {
  absl::StatusOr<uint64_t> size = Size();
  if (!size.ok()) return size.status();
  return PWrite(*size, data);
}

absl::Status FileSystem::Exchange(const std::string& a, const std::string& b) {
  return absl::UnimplementedError(StrCat("this file system cannot exchange ", a, " and ", b));
}

absl::StatusOr<std::string> FileSystem::ReadAll(const std::string& path) {
  absl::StatusOr<std::unique_ptr<File>> file = Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  std::string text(*size, '\0');
  absl::StatusOr<size_t> got = (*file)->PRead(0, text.data(), text.size());
  if (!got.ok()) return got.status();
  text.resize(*got);
  return text;
}

absl::Status FileSystem::WriteAtomically(const std::string& path, std::string_view data) {
  const std::string temporary = StrCat(path, ".tmp");
  {
    absl::StatusOr<std::unique_ptr<File>> file = Open(temporary, OpenMode::kCreateEmpty);
    if (!file.ok()) return file.status();
    if (absl::Status s = (*file)->PWrite(0, data); !s.ok()) return s;
    if (absl::Status s = (*file)->Sync(); !s.ok()) return s;
  }
  if (absl::Status s = Rename(temporary, path); !s.ok()) return s;
  if (MutantIs("rename-unsynced")) return absl::OkStatus();
  return SyncDirectory(DirectoryOf(path));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory.back() == '/' ? StrCat(directory, name) : StrCat(directory, "/", name);
}

std::string DirectoryOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

absl::Status ErrnoStatus(std::string_view what, int error) {
  char text[128];
  const std::string message = StrCat(what, ": ", strerror_r(error, text, sizeof(text)));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace basalt
