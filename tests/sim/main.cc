// Runs seeds of the simulator (README.md).
//
//   sim_test                      what ctest runs: from seed 1 on, for a bounded time
//   sim_test --disk-errors        the same, EIO and ENOSPC, too; --slow-shards: see run.h
//   sim_test --seeds N --from S   so many seeds; BASALT_SIM_SEEDS=N: the same, from a random one on
//   sim_test --seed S             one, with a trace of all that happens
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/base/log.h"
#include "core/base/random.h"
#include "tests/sim/run.h"

namespace basalt::sim {
namespace {

constexpr uint64_t kSeedsOfCi = 3000;
constexpr double kSecondsOfCi = 45;
constexpr double kSecondsOfCiWithErrors = 15;
constexpr double kForever = 1e9;

struct Options {
  uint64_t from = 1;
  uint64_t seeds = kSeedsOfCi;
  double seconds = kSecondsOfCi;
  bool one = false;
  RunOptions run;
};

bool Parse(int argc, char** argv, Options* options) {
  for (; argc > 1; --argc, ++argv) {
    if (std::strcmp(argv[1], "--disk-errors") == 0) {
      options->run.disk_errors = true;
      options->seconds = kSecondsOfCiWithErrors;
    } else if (std::strcmp(argv[1], "--slow-shards") == 0) {
      options->run.slow_shards = true;
    } else {
      break;
    }
  }
  if (const char* seeds = std::getenv("BASALT_SIM_SEEDS")) {
    options->seeds = std::strtoull(seeds, nullptr, 10);
    options->seconds = kForever;
    options->from = RandomSeed() >> 16;
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    const uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seed") == 0) {
      options->one = options->run.trace = true;
      options->from = value;
    } else if (std::strcmp(argv[i], "--seeds") == 0) {
      options->seeds = value;
      options->seconds = kForever;
    } else if (std::strcmp(argv[i], "--from") == 0) {
      options->from = value;
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: sim_test [--disk-errors] [--slow-shards] [--seeds N] [--from SEED] | "
                 "--seed SEED\n");
    return 2;
  }
  ConfigureLog(options.one ? LogLevel::kNotice : LogLevel::kWarning,
               options.one ? "" : "/dev/null");
  if (options.one) {
    const Outcome outcome = RunSeed(options.from, options.run);
    std::printf("%s\n", outcome.failure.empty() ? "all rules held" : outcome.failure.c_str());
    return outcome.failure.empty() ? 0 : 1;
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  std::printf("from seed %llu on\n", static_cast<unsigned long long>(options.from));
  std::fflush(stdout);
  Outcome sum;
  uint64_t done = 0, failed = 0;
  for (; done < options.seeds && (done == 0 || seconds() < options.seconds) && failed < 5; ++done) {
    const uint64_t seed = options.from + done;
    Outcome outcome = RunSeed(seed, options.run);
    // Now and then: that a seed says everything.
    if (done % 64 == 0 && outcome.failure.empty()) {
      if (RunSeed(seed, options.run).fingerprint != outcome.fingerprint) {
        outcome.failure = "a second run went differently";
      }
    }
    sum.lives += outcome.lives;
    sum.turns += outcome.turns;
    sum.disk_operations += outcome.disk_operations;
    sum.counts.operations += outcome.counts.operations;
    sum.counts.survived += outcome.counts.survived;
    sum.counts.known_lost += outcome.counts.known_lost;
    sum.counts.checks += outcome.counts.checks;
    if (outcome.failure.empty()) continue;
    ++failed;
    std::printf("FAILED seed %llu: %s\n    replay: sim_test %s%s--seed %llu\n",
                static_cast<unsigned long long>(seed), outcome.failure.c_str(),
                options.run.disk_errors ? "--disk-errors " : "",
                options.run.slow_shards ? "--slow-shards " : "",
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
  }
  std::printf(
      "%llu seeds, %u lives, %llu checks, %llu operations (%llu survived, %llu known ones lost "
      "under everysec or no), %llu disk operations, %llu turns, %.1f s\n",
      static_cast<unsigned long long>(done), sum.lives,
      static_cast<unsigned long long>(sum.counts.checks),
      static_cast<unsigned long long>(sum.counts.operations),
      static_cast<unsigned long long>(sum.counts.survived),
      static_cast<unsigned long long>(sum.counts.known_lost),
      static_cast<unsigned long long>(sum.disk_operations),
      static_cast<unsigned long long>(sum.turns), seconds());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace basalt::sim

int main(int argc, char** argv) { return basalt::sim::Main(argc, argv); }
