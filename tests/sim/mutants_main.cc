// The simulator with faults built in (core/base/mutant.h): each must be found.
//
//   sim_mutants                       each mutant: by the seed in the list, or by another one that
//   is looked for BASALT_SIM_SEEDS=N sim_mutants    the same, and so many seeds are tried
//   sim_mutants --search NAME|all     the first seed that catches it
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/log.h"
#include "core/base/mutant.h"
#include "tests/sim/run.h"

namespace basalt::sim {
namespace {

constexpr RunOptions kPlain{.plain = true};
constexpr RunOptions kPlainDiskErrors{.disk_errors = true, .plain = true};
constexpr RunOptions kPlainSlowShards{.plain = true, .slow_shards = true};
constexpr RunOptions kAll{};
constexpr RunOptions kDiskErrors{.disk_errors = true};

struct Mutant {
  const char* name;
  uint64_t seed;  // that catches it
  const char* what;
  RunOptions options = kPlain;
};

// A change of the product or of the workload moves what a seed does: then the search finds another.
constexpr Mutant kMutants[] = {
    {"ack-before-fsync", 1, "a written batch counts as durable"},
    {"failed-sync-believed", 10, "a failed fsync counts as one that succeeded", kPlainDiskErrors},
    {"read-ungated", 435, "a read under always does not wait for the write it shows"},
    {"scan-ungated", 1976, "SCAN shows a part of a transaction whose others are not durable"},
    {"park-unsynced", 42, "a park under always ends before its effects are durable"},
    {"hold-dropped", 306, "a transaction's keys are let go before all its parts are durable"},
    {"source-untied", 708, "a copy from shard to shard may become durable before its source"},
    {"cut-ignored", 1, "recovery takes what lies beyond the cut"},
    {"torn-part-kept", 9, "recovery takes a part of a transaction whose others are missing"},
    {"void-forgotten", 330, "the next recovery does not know what the last one dropped"},
    {"kept-unsynced", 266, "recovery promises what is only in the page cache"},
    {"kept-not-rewritten", 155, "recovery only syncs again what may have failed to be synced",
     kPlainDiskErrors},
    {"epoch-floor-ignored", 323, "an epoch is called complete before a granted transaction has run",
     kPlainSlowShards},
    {"epoch-read-early", 203, "a tick reads its epoch before its messages have arrived",
     kPlainSlowShards},
    {"policy-mark-missing", 2, "a change of the policy leaves no mark in the logs"},
    {"mark-unsynced", 1676,
     "a record under always may be durable before the marks of the change to it", kPlainSlowShards},
    {"rename-unsynced", 4, "a new manifest's name is not made durable"},
    {"script-part-unlogged", 5, "what a script did before it failed is not logged", kAll},
    {"exec-in-part", 41, "a script in an EXEC is refused while the rest is run", kDiskErrors},
    {"park-in-the-past", 20466, "a park sets the time of its shards back", kAll},
    {"expire-unlogged", 50, "the log does not hear that a key has expired", kAll},
    {"snapshot-unsynced", 1, "a snapshot counts before its files are durable", kAll},
    {"leave-unflushed", 8, "SHUTDOWN leaves the end of the log to the system", kAll},
    {"everything-unlogged", 2, "the log does not hear of FUNCTION LOAD", kAll},
    {"libraries-left-out", 2, "snapshots and bases are without libraries", kAll},
    {"generation-reused", 92, "a snapshot is written over the files of the last one", kAll},
};

constexpr uint64_t kSearchMax = 100'000;
constexpr double kSearchSecondsMax = 100;  // of all searches that take the place of a listed seed
constexpr double kForever = 1e9;

std::string RunMutant(const Mutant& mutant, uint64_t seed, bool with_fault = true) {
  ChosenMutant() = with_fault ? mutant.name : "";
  const Outcome outcome = RunSeed(seed, mutant.options);
  ChosenMutant() = "";
  return outcome.failure;
}

double Seconds() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

bool Search(const Mutant& mutant, uint64_t seeds_max, double seconds_max) {
  const double begin = Seconds();
  uint64_t seed = 1;
  for (; seed <= seeds_max && Seconds() - begin < seconds_max; ++seed) {
    const std::string failure = RunMutant(mutant, seed);
    if (!failure.empty() && RunMutant(mutant, seed, /*with_fault=*/false).empty()) {
      std::printf("%-22s seed %llu: %s\n", mutant.name, static_cast<unsigned long long>(seed),
                  failure.c_str());
      std::fflush(stdout);
      return true;
    }
  }
  std::printf("%-22s NOT CAUGHT by %llu seeds: %s\n", mutant.name,
              static_cast<unsigned long long>(seed - 1), mutant.what);
  std::fflush(stdout);
  return false;
}

int SearchNamed(std::string_view name) {
  int missed = 0, known = 0;
  for (const Mutant& mutant : kMutants) {
    if (name != "all" && name != mutant.name) continue;
    ++known;
    missed += !Search(mutant, kSearchMax, kForever);
  }
  return known == 0 ? 2 : missed > 0 ? 1 : 0;
}

int Main(int argc, char** argv) {
  ConfigureLog(LogLevel::kWarning, "/dev/null");
  if (argc == 3 && std::strcmp(argv[1], "--search") == 0) return SearchNamed(argv[2]);
  if (argc != 1) {
    std::fprintf(stderr, "usage: sim_mutants [--search NAME|all]\n");
    return 2;
  }
  const char* const seeds = std::getenv("BASALT_SIM_SEEDS");
  const uint64_t seeds_max = seeds != nullptr ? std::strtoull(seeds, nullptr, 10) : kSearchMax;
  double seconds_left = seeds != nullptr ? kForever : kSearchSecondsMax;
  int missed = 0;
  for (const Mutant& mutant : kMutants) {
    const std::string failure = RunMutant(mutant, mutant.seed);
    if (const std::string honest = RunMutant(mutant, mutant.seed, false); !honest.empty()) {
      std::printf("seed %llu without a fault: %s\n", static_cast<unsigned long long>(mutant.seed),
                  honest.c_str());
      ++missed;
    }
    if (!failure.empty()) {
      std::printf("%-22s seed %llu: %s\n", mutant.name,
                  static_cast<unsigned long long>(mutant.seed), failure.c_str());
      continue;
    }
    std::printf("%-22s not by seed %llu, but:\n", mutant.name,
                static_cast<unsigned long long>(mutant.seed));
    const double begin = Seconds();
    missed += !Search(mutant, seeds_max, seconds_left);
    seconds_left -= Seconds() - begin;
  }
  return missed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace basalt::sim

int main(int argc, char** argv) { return basalt::sim::Main(argc, argv); }
