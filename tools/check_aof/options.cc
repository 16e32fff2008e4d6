#include "tools/check_aof/options.h"

#include <vector>

#include "tools/common/option_parser.h"

namespace basalt::tools {
namespace {

constexpr char kHelp[] =
    R"(basalt-check-aof: checks, shows, repairs and restores append-only logs

usage: basalt-check-aof [options] PATH

PATH is a log's folder (appendonlydir), the data directory above it, its manifest, or one log file; of Basalt or of
redis-server. Without further options the log is checked: every checksum is verified, and what a server's start would
load, drop or refuse is told, by the server's own code.

  --show              print every batch and record, and whether a start would keep it
  --shard N           only of this shard
  --width N           print at most so many bytes of a record (default 100)

  --output DIR        write what counts as a new log into DIR, which must be empty or missing
  --until-epoch N     of it only what was written up to the end of epoch N
  --until-time T      only what was written up to the second T: Unix seconds, or UTC as "2026-01-31 23:59:59".
                      The log must note the time (aof-timestamp-enabled yes).

  --fix               repair the log in place: everything up to the last good cut over all shards is kept. The log
                      as it was stays beside it, as PATH.before-fix-<time>.
  --yes               go on although data is lost that had been synced to disk

  --json              one JSON object instead of text
  --quiet             no progress on standard error
  --help

Times in a log say when a batch was written, to the second. A moment is turned into the last epoch before it, and the
epoch cuts all shards alike.

Exit status: 0 nothing wrong, or done as asked · 1 problems found, nothing changed · 2 wrong use
             3 cannot read or write · 4 a running server uses the data directory
)";

std::string CheckTogether(const CheckAofOptions& o, size_t arguments) {
  if (arguments != 1) return "one PATH is needed";
  const bool until = o.until_epoch.has_value() || o.until_unix_s.has_value();
  if (o.until_epoch && o.until_unix_s) return "--until-epoch and --until-time exclude each other";
  if (until && o.output.empty()) return "--until-epoch and --until-time need --output";
  if (int{o.show} + int{o.fix} + int{!o.output.empty()} > 1) {
    return "--show, --fix and --output exclude each other";
  }
  if (o.show && o.json) return "--show prints text only";
  if (o.shard && !o.show) return "--shard belongs to --show";
  return "";
}

}  // namespace

const char* CheckAofHelp() { return kHelp; }

std::string ParseCheckAofOptions(int argc, const char* const* argv, CheckAofOptions* options,
                                 bool* help) {
  OptionParser parser;
  uint64_t shard = UINT64_MAX, epoch = UINT64_MAX;
  parser.Flag("--show", &options->show);
  parser.Number("--shard", 0, kMaxShards - 1, &shard);
  parser.Number("--width", 1, 1 << 20, &options->width);
  parser.Text("--output", &options->output);
  parser.Number("--until-epoch", 0, UINT64_MAX - 1, &epoch);
  parser.Value("--until-time", [options](std::string_view text) {
    return ParseMoment(text, &options->until_unix_s.emplace());
  });
  parser.Flag("--fix", &options->fix);
  parser.Flag("--yes", &options->yes);
  parser.Flag("--json", &options->json);
  parser.Flag("--quiet", &options->quiet);
  std::vector<std::string> arguments;
  std::string wrong = parser.Parse(argc, argv, &arguments, help);
  if (*help || !wrong.empty()) return wrong;
  if (shard != UINT64_MAX) options->shard = shard;
  if (epoch != UINT64_MAX) options->until_epoch = epoch;
  if (!arguments.empty()) options->path = arguments[0];
  return CheckTogether(*options, arguments.size());
}

}  // namespace basalt::tools
