#include "tools/check_aof/redis_log.h"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "core/base/status.h"
#include "core/base/strings.h"
#include "persistence/aof/manifest.h"
#include "tools/check_aof/show_record.h"
#include "tools/common/json_text.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

constexpr size_t kCopyBytes = size_t{1} << 20;

absl::StatusOr<std::vector<std::string>> FilesOf(FileSystem& fs, const LogPlace& place) {
  if (!place.file.empty()) return std::vector<std::string>{place.file};
  absl::StatusOr<std::string> text = fs.ReadAll(JoinPath(place.folder, ManifestName(place.stem)));
  if (!text.ok()) return text.status();
  return ParseRedisManifest(*text);
}

absl::StatusOr<RedisFile> CheckFile(FileSystem& fs, const std::string& folder,
                                    const std::string& name, bool last,
                                    std::atomic<uint64_t>* done) {
  const std::string path = JoinPath(folder, name);
  absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (!info.ok()) return info.status();
  RedisFile file{name, info->size, std::nullopt, std::nullopt};
  absl::StatusOr<bool> preamble = HasRdbPreamble(fs, path);
  if (!preamble.ok()) return preamble.status();
  uint64_t from = 0;
  if (*preamble) {
    file.rdb = rdb::TakeCensus(fs, path, {.preamble = true, .progress = done});
    if (!file.rdb->error.ok()) return file;
    from = file.rdb->rdb_size;
  }
  absl::StatusOr<ForeignScan> scan =
      ScanForeignLog(fs, folder, name, from, last, {.salvage = true});
  if (!scan.ok()) return scan.status();
  *done += info->size - from;
  file.scan = *std::move(scan);
  return file;
}

std::vector<std::string> ProblemsOf(const RedisFile& file) {
  std::vector<std::string> problems;
  if (file.rdb && !file.rdb->error.ok()) problems.emplace_back(MessageOf(file.rdb->error));
  if (file.scan) {
    for (const Finding& finding : file.scan->findings) problems.push_back(finding.ToString());
  }
  return problems;
}

absl::Status CopyFile(FileSystem& fs, const std::string& from, const std::string& to) {
  absl::StatusOr<std::unique_ptr<File>> in = fs.Open(from, OpenMode::kRead);
  if (!in.ok()) return in.status();
  absl::StatusOr<std::unique_ptr<File>> out = fs.Open(to, OpenMode::kCreateEmpty);
  if (!out.ok()) return out.status();
  std::string buffer(kCopyBytes, '\0');
  for (uint64_t at = 0;;) {
    absl::StatusOr<size_t> got = (*in)->PRead(at, buffer.data(), buffer.size());
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    absl::Status put = (*out)->PWrite(at, std::string_view(buffer).substr(0, *got));
    if (!put.ok()) return put;
    at += *got;
  }
  if (absl::Status s = (*out)->Sync(); !s.ok()) return s;
  return fs.SyncDirectory(DirectoryOf(to));
}

}  // namespace

bool RedisLogCheck::clean() const {
  return problems.empty() && std::all_of(files.begin(), files.end(), [](const RedisFile& file) {
           return ProblemsOf(file).empty();
         });
}

absl::StatusOr<RedisLogCheck> CheckRedisLog(FileSystem& fs, const LogPlace& place, bool quiet) {
  RedisLogCheck check;
  check.place = place;
  absl::StatusOr<std::vector<std::string>> names = FilesOf(fs, place);
  if (!names.ok()) return names.status();
  uint64_t total = 0;
  for (const std::string& name : *names) {
    absl::StatusOr<FileInfo> info = fs.Stat(JoinPath(place.folder, name));
    if (info.ok()) total += info->size;
  }
  std::atomic<uint64_t> done{0};
  const Progress progress(
      "checking", [&done] { return done.load(); }, [total] { return total; }, quiet);
  for (size_t i = 0; i < names->size(); ++i) {
    const std::string& name = (*names)[i];
    absl::StatusOr<RedisFile> file =
        CheckFile(fs, place.folder, name, i + 1 == names->size(), &done);
    if (absl::IsNotFound(file.status())) {
      check.problems.push_back(Describe(RecoveryCase::kFileMissing, name, 0));
      continue;
    }
    if (!file.ok()) return file.status();
    if (file->rdb && i > 0) {
      check.problems.push_back(StrCat(name, ": an RDB file may only be the first part of a log"));
    }
    check.files.push_back(*std::move(file));
  }
  return check;
}

void PrintRedisLog(const RedisLogCheck& check) {
  std::printf("log of redis-server, %zu files in %s\n", check.files.size(),
              check.place.folder.c_str());
  for (const RedisFile& file : check.files) {
    std::string line = StrCat("  ", file.name, ": ", file.size, " bytes");
    if (file.rdb) StrAppend(&line, ", RDB part with ", file.rdb->keys(), " keys");
    if (file.scan) {
      StrAppend(&line, ", ", file.scan->commands, " commands, good up to byte ",
                file.scan->range.to);
    }
    std::printf("%s\n", line.c_str());
    for (const std::string& problem : ProblemsOf(file)) {
      std::printf("problem: %s\n", problem.c_str());
    }
  }
  for (const std::string& problem : check.problems) std::printf("problem: %s\n", problem.c_str());
  std::printf("%s\n", check.clean() ? "clean" : "problems found");
}

std::string RedisLogJson(const RedisLogCheck& check) {
  JsonText json;
  json.BeginObject();
  json.Member("kind", check.place.file.empty() ? "redis" : "redis-file");
  json.Member("folder", check.place.folder);
  json.Member("clean", check.clean());
  json.BeginArray("files");
  for (const RedisFile& file : check.files) {
    json.BeginObject();
    json.Member("file", file.name);
    json.Member("bytes", file.size);
    if (file.rdb) json.Member("rdb_keys", file.rdb->keys());
    if (file.scan) {
      json.Member("commands", file.scan->commands);
      json.Member("sound_bytes", file.scan->range.to);
    }
    json.BeginArray("problems");
    for (const std::string& problem : ProblemsOf(file)) json.Element(problem);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.BeginArray("problems");
  for (const std::string& problem : check.problems) json.Element(problem);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

absl::Status ShowRedisLog(FileSystem& fs, const RedisLogCheck& check, size_t width) {
  for (const RedisFile& file : check.files) {
    if (!file.scan) continue;
    std::printf("%s\n", file.name.c_str());
    const LogRange& range = file.scan->range;
    LogReader reader(&fs, check.place.folder, {range});
    absl::StatusOr<bool> done = false;
    while (done.ok() && !*done) {
      done = reader.Step(kCopyBytes, [&](std::span<const std::string_view> args) {
        PrintRecord(range.from + reader.bytes_read(), args, width);
        return absl::OkStatus();
      });
    }
    if (!done.ok()) return done.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RepairRedisLog(FileSystem& fs, const RedisLogCheck& check, bool yes,
                                           int64_t now_s) {
  const bool others_clean =
      check.problems.empty() && !check.files.empty() &&
      std::all_of(check.files.begin(), check.files.end() - 1,
                  [](const RedisFile& file) { return ProblemsOf(file).empty(); });
  if (!others_clean || !check.files.back().scan) {
    return absl::DataLossError("this cannot be repaired (see above)");
  }
  const ForeignScan& scan = *check.files.back().scan;
  if (scan.findings[0].decision() == RecoveryDecision::kRefuse && !yes) {
    return absl::DataLossError(
        "the repair would drop whole commands behind the damage; give --yes to do it");
  }
  const std::string path = JoinPath(check.place.folder, check.files.back().name);
  const std::string backup = StrCat(path, ".before-fix-", now_s);
  if (fs.Stat(backup).ok()) return absl::AlreadyExistsError(StrCat(backup, " is in the way"));
  if (absl::Status s = CopyFile(fs, path, backup); !s.ok()) return s;
  absl::StatusOr<std::unique_ptr<File>> file = fs.Open(path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  if (absl::Status s = (*file)->Truncate(scan.range.to); !s.ok()) return s;
  if (absl::Status s = (*file)->Sync(); !s.ok()) return s;
  return backup;
}

}  // namespace basalt::tools
