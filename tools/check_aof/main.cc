// basalt-check-aof: says what it was asked to say and do. The main thread only.
#include <cstdio>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/strings.h"
#include "tools/check_aof/copy.h"
#include "tools/check_aof/options.h"
#include "tools/check_aof/own_log.h"
#include "tools/check_aof/redis_log.h"
#include "tools/common/json_text.h"
#include "tools/common/output.h"

namespace basalt::tools {
namespace {

constexpr char kProgram[] = "basalt-check-aof";

int Fail(const absl::Status& status) { return Complain(kProgram, status); }

void PrintDone(const CheckAofOptions& options, const std::string& folder, const std::string& backup,
               const std::string& summary) {
  if (options.json) {
    JsonText json;
    json.BeginObject();
    json.Member("done", options.fix ? "fix" : "copy");
    json.Member("folder", folder);
    if (!backup.empty()) json.Member("backup", backup);
    if (!summary.empty()) json.Member("summary", summary);
    json.EndObject();
    std::fputs(json.Take().c_str(), stdout);
    return;
  }
  std::printf("%s %s\n", options.fix ? "repaired" : "written:", folder.c_str());
  if (!summary.empty()) std::printf("it holds the %s\n", summary.c_str());
  if (!backup.empty()) std::printf("as it was: %s\n", backup.c_str());
}

int RunOwn(FileSystem& fs, const LogPlace& place, bool server_runs,
           const CheckAofOptions& options) {
  absl::StatusOr<OwnLogCheck> check = CheckOwnLog(fs, place, options.quiet);
  if (!check.ok()) return Fail(check.status());
  check->server_runs = server_runs;
  const bool writes = options.fix || !options.output.empty();
  if (writes && check->single_file) {
    return ComplainOfUse(kProgram, "one file is not enough for that: name the log's folder");
  }
  if (options.show) {
    absl::Status shown = ShowOwnLog(fs, *check, options.shard, options.width);
    if (!shown.ok()) return Fail(shown);
  }
  if (options.json && !writes) {
    std::fputs(OwnLogJson(*check).c_str(), stdout);
  } else if (!options.json) {
    PrintOwnLog(*check);
  }
  if (!writes || (options.fix && check->clean()))
    return check->clean() ? kExitClean : kExitProblems;
  absl::StatusOr<CopyOutcome> outcome =
      options.fix ? RepairOwnLog(fs, *check, options, SystemClock().UnixMillis() / 1000)
                  : CopyOwnLog(fs, *check, options);
  if (!outcome.ok()) return Fail(outcome.status());
  PrintDone(options, outcome->folder, outcome->backup, outcome->plan.Summary());
  return kExitClean;
}

int RunRedis(FileSystem& fs, const LogPlace& place, const CheckAofOptions& options) {
  if (!options.output.empty()) {
    return ComplainOfUse(
        kProgram, "a log of redis-server is not copied; redis-check-aof can truncate it to a time");
  }
  if (options.shard) return ComplainOfUse(kProgram, "a log of redis-server has no shards");
  absl::StatusOr<RedisLogCheck> check = CheckRedisLog(fs, place, options.quiet);
  if (!check.ok()) return Fail(check.status());
  if (options.show) {
    if (absl::Status s = ShowRedisLog(fs, *check, options.width); !s.ok()) return Fail(s);
  }
  if (options.json && !options.fix) {
    std::fputs(RedisLogJson(*check).c_str(), stdout);
  } else if (!options.json) {
    PrintRedisLog(*check);
  }
  if (!options.fix || check->clean()) return check->clean() ? kExitClean : kExitProblems;
  absl::StatusOr<std::string> backup =
      RepairRedisLog(fs, *check, options.yes, SystemClock().UnixMillis() / 1000);
  if (!backup.ok()) return Fail(backup.status());
  PrintDone(options, place.folder, *backup, "");
  return kExitClean;
}

int Run(const CheckAofOptions& options) {
  FileSystem& fs = PosixFileSystem();
  absl::StatusOr<LogPlace> place = FindLog(fs, options.path);
  if (!place.ok()) return Fail(place.status());
  const bool server_runs = ServerRunsAt(fs, place->folder);
  // Held while this program writes, so that no server starts on half of it.
  std::vector<std::unique_ptr<DirectoryLock>> locks;
  if (options.fix || !options.output.empty()) {
    auto taken = LockAgainstServers(fs, options.fix ? place->folder : options.output);
    if (!taken.ok()) return Fail(taken.status());
    locks = *std::move(taken);
  }
  const bool own = place->kind == LogPlace::Kind::kOwn || place->kind == LogPlace::Kind::kOwnFile;
  return own ? RunOwn(fs, *place, server_runs, options) : RunRedis(fs, *place, options);
}

}  // namespace
}  // namespace basalt::tools

int main(int argc, char** argv) {
  using namespace basalt::tools;  // NOLINT: main is outside of it
  basalt::ConfigureLog(basalt::LogLevel::kWarning, "/dev/stderr");
  CheckAofOptions options;
  bool help = false;
  const std::string wrong = ParseCheckAofOptions(argc, argv, &options, &help);
  if (help) {
    std::fputs(CheckAofHelp(), stdout);
    return kExitClean;
  }
  if (!wrong.empty()) return ComplainOfUse(kProgram, wrong);
  return Run(options);
}
