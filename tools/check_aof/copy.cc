#include "tools/check_aof/copy.h"

#include <algorithm>
#include <atomic>

#include "core/base/random.h"
#include "core/base/strings.h"
#include "persistence/aof/log_copy.h"
#include "persistence/aof/log_times.h"
#include "tools/common/option_parser.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

absl::Status Refused(std::string_view what) { return absl::DataLossError(std::string(what)); }

// The base of a rewrite holds everything up to the moment when it was made.
absl::Status CheckBasesAreOlder(const OwnLogCheck& check, int64_t unix_s) {
  for (const std::optional<rdb::Census>& base : check.bases) {
    if (!base || base->aux.created_unix_s <= unix_s) continue;
    return absl::OutOfRangeError(StrCat(NameOf(base->path), " was made later, at ",
                                        MomentText(base->aux.created_unix_s),
                                        "; what was before can only come from an older backup"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Epoch> UntilOf(FileSystem& fs, const OwnLogCheck& check,
                              const CheckAofOptions& options) {
  if (!options.until_unix_s) return options.until();
  if (absl::Status s = CheckBasesAreOlder(check, *options.until_unix_s); !s.ok()) return s;
  return LastEpochOfSecond(fs, check.place.folder, check.scans, *options.until_unix_s);
}

absl::Status Copy(FileSystem& fs, const OwnLogCheck& check, const RecoveryPlan& plan,
                  const std::string& to, bool quiet) {
  uint64_t total = 0;
  for (const ShardPlan& shard : plan.shards) total += shard.kept_bytes;
  std::atomic<uint64_t> done{0};
  const Progress progress(
      "copying", [&done] { return done.load(); }, [total] { return total; }, quiet);
  const LogCopy copy{check.place.folder, to, check.place.stem, Random(RandomSeed()).Next()};
  return CopyLog(fs, copy, check.manifest, check.scans, plan, {.scanned = &done});
}

}  // namespace

absl::StatusOr<CopyOutcome> CopyOwnLog(FileSystem& fs, const OwnLogCheck& check,
                                       const CheckAofOptions& options) {
  if (!check.repair) return Refused("this log is too damaged to be copied (see above)");
  absl::StatusOr<Epoch> until = UntilOf(fs, check, options);
  if (!until.ok()) return until.status();
  const bool damaged = !check.refusals.empty();
  if (damaged && *until > check.repair->cut && !options.yes) {
    return Refused(StrCat("because of the damage the copy would end at epoch ",
                          check.repair->cut.value, "; give --yes to have that"));
  }
  absl::StatusOr<RecoveryPlan> plan = PlanRecovery(
      fs, check.place.folder, check.manifest, check.scans, {.salvage = damaged, .until = *until});
  if (!plan.ok()) return plan.status();
  CopyOutcome outcome{Trimmed(options.output), "", *std::move(plan)};
  if (absl::Status s = Copy(fs, check, outcome.plan, outcome.folder, options.quiet); !s.ok()) {
    return s;
  }
  return outcome;
}

absl::StatusOr<CopyOutcome> RepairOwnLog(FileSystem& fs, const OwnLogCheck& check,
                                         const CheckAofOptions& options, int64_t now_s) {
  if (!check.repair) return Refused("this cannot be repaired (see above)");
  if (!check.refusals.empty() && !options.yes) {
    return Refused("the repair would drop data that had been synced to disk; give --yes to do it");
  }
  const std::string folder = Trimmed(check.place.folder);
  const std::string made = StrCat(folder, ".fixing");
  CopyOutcome outcome{folder, StrCat(folder, ".before-fix-", now_s), *check.repair};
  if (fs.Stat(outcome.backup).ok()) {
    return absl::AlreadyExistsError(StrCat(outcome.backup, " is in the way"));
  }
  if (absl::Status s = Copy(fs, check, outcome.plan, made, options.quiet); !s.ok()) return s;
  // From here on the name leads to the repaired log; before, to the old one; never to none.
  if (absl::Status s = fs.Exchange(made, folder); !s.ok()) return s;
  if (absl::Status s = fs.SyncDirectory(DirectoryOf(folder)); !s.ok()) return s;
  if (absl::Status s = fs.Rename(made, outcome.backup); !s.ok()) return s;
  if (absl::Status s = fs.SyncDirectory(DirectoryOf(folder)); !s.ok()) return s;
  return outcome;
}

}  // namespace basalt::tools
