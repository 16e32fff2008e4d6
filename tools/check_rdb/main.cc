// basalt-check-rdb: options in, report out. The main thread only.
#include <cstdio>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "tools/check_rdb/snapshot_check.h"
#include "tools/common/option_parser.h"
#include "tools/common/output.h"

namespace basalt::tools {
namespace {

constexpr char kProgram[] = "basalt-check-rdb";
constexpr char kHelp[] =
    R"(basalt-check-rdb: checks RDB files and snapshots, and says what is in them

usage: basalt-check-rdb [options] PATH

PATH is an RDB file, a snapshot's manifest, or a data directory, whose newest snapshot is checked: with the checksums,
shards and slots that its manifest promises. Every value is decoded, as a load would, but kept no longer than that.

  --dbfilename NAME   of the snapshots in a directory (default dump.rdb)
  --shallow           step over values instead of decoding them: faster, and memory does not depend on the largest one
  --biggest N         how many of the largest keys of each type are named (default 3)
  --json              one JSON object instead of text
  --quiet             no progress on standard error
  --help

Sizes of keys are those in the file, where values may be compressed.
)";

int Run(const CheckRdbOptions& options) {
  absl::StatusOr<SnapshotCheck> check =
      CheckSnapshot(PosixFileSystem(), options, SystemClock().UnixMillis());
  if (!check.ok()) return Complain(kProgram, check.status());
  if (options.json) {
    std::fputs(SnapshotJson(*check).c_str(), stdout);
  } else {
    PrintSnapshot(*check);
  }
  return check->clean() ? kExitClean : kExitProblems;
}

}  // namespace
}  // namespace basalt::tools

int main(int argc, char** argv) {
  using namespace basalt::tools;  // NOLINT: main is outside of it
  basalt::ConfigureLog(basalt::LogLevel::kWarning, "/dev/stderr");
  CheckRdbOptions options;
  OptionParser parser;
  parser.Text("--dbfilename", &options.dbfilename);
  parser.Flag("--shallow", &options.shallow);
  parser.Number("--biggest", 0, 100, &options.biggest);
  parser.Flag("--json", &options.json);
  parser.Flag("--quiet", &options.quiet);
  std::vector<std::string> arguments;
  bool help = false;
  const std::string wrong = parser.Parse(argc, argv, &arguments, &help);
  if (help) {
    std::printf("%s%s", kHelp, kExitHelp);
    return kExitClean;
  }
  if (!wrong.empty()) return ComplainOfUse(kProgram, wrong);
  if (arguments.size() != 1) return ComplainOfUse(kProgram, "one PATH is needed");
  options.path = arguments[0];
  return Run(options);
}
