// basalt-export: options in, one file out. The main thread only.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/admin/config_file.h"
#include "core/base/log.h"
#include "core/base/strings.h"
#include "persistence/rdb/hex64.h"
#include "tools/common/data_directory.h"
#include "tools/common/json_text.h"
#include "tools/common/option_parser.h"
#include "tools/common/output.h"
#include "tools/common/progress.h"
#include "tools/export/export.h"

namespace basalt::tools {
namespace {

constexpr char kProgram[] = "basalt-export";
constexpr char kHelp[] =
    R"(basalt-export: writes what a data directory holds as one dump.rdb, which redis-server loads

usage: basalt-export [options] --output FILE

  --dir DIR           the data directory (default: that of --config, else the current folder)
  --config FILE       the server's configuration: directory, file names, and whether the log counts (appendonly)
  --source S          log, snapshot, or auto (default): as the configuration says; without one, what is there
  --output FILE       written beside it first, then renamed, so that FILE is whole or not there
  --force             replace FILE
  --no-compress       leave strings as they are
  --threads N         to load with (default: one per core)
  --json              one JSON object instead of text
  --quiet             no progress on standard error
  --help

What a start would load is loaded, and nothing in the data directory is changed. All data must fit in memory. The log
of a running server is refused; its snapshot may be exported with --source snapshot.
)";

struct CommandLine {
  std::string dir, config_file, output;
  bool no_compress = false, json = false;
  ExportOptions options;
};

bool ParseSource(std::string_view text, ExportOptions::Source* source) {
  if (text == "auto") return *source = ExportOptions::Source::kAuto, true;
  if (text == "log") return *source = ExportOptions::Source::kLog, true;
  if (text == "snapshot") return *source = ExportOptions::Source::kSnapshot, true;
  return false;
}

std::string Parse(int argc, char** argv, CommandLine* line, bool* help) {
  OptionParser parser;
  parser.Text("--dir", &line->dir);
  parser.Text("--config", &line->config_file);
  parser.Text("--output", &line->output);
  parser.Value("--source",
               [line](std::string_view text) { return ParseSource(text, &line->options.source); });
  parser.Flag("--force", &line->options.force);
  parser.Flag("--no-compress", &line->no_compress);
  parser.Number("--threads", 1, 1024, &line->options.threads);
  parser.Flag("--json", &line->json);
  parser.Flag("--quiet", &line->options.quiet);
  std::vector<std::string> arguments;
  const std::string wrong = parser.Parse(argc, argv, &arguments, help);
  if (*help || !wrong.empty()) return wrong;
  if (!arguments.empty()) return "no such argument: " + arguments[0];
  return line->output.empty() ? "--output is needed" : "";
}

// The output's path, independent of the current folder. Its folder must be there.
absl::StatusOr<std::string> AbsoluteOutput(const std::string& output) {
  char* folder = realpath(DirectoryOf(output).c_str(), nullptr);
  if (folder == nullptr) return ErrnoStatus(StrCat("folder of ", output), errno);
  std::string path = JoinPath(folder, NameOf(output));
  std::free(folder);
  return path;
}

absl::StatusOr<ExportResult> Run(CommandLine& line) {
  absl::StatusOr<std::string> output = AbsoluteOutput(line.output);
  if (!output.ok()) return output.status();
  line.options.output = *std::move(output);
  line.options.compress = !line.no_compress;
  Config config;
  if (!line.config_file.empty()) {
    if (absl::Status s = ParseConfigFile(line.config_file, config); !s.ok()) return s;
    if (line.options.source == ExportOptions::Source::kAuto) {
      line.options.source =
          config.appendonly ? ExportOptions::Source::kLog : ExportOptions::Source::kSnapshot;
    }
  }
  if (!line.dir.empty()) config.dir = line.dir;
  if (chdir(config.dir.c_str()) != 0) return ErrnoStatus(StrCat("folder ", config.dir), errno);
  return Export(PosixFileSystem(), config, line.options);
}

void Print(const ExportResult& result, const CommandLine& line) {
  if (line.json) {
    JsonText json;
    json.BeginObject();
    json.Member("source", result.source);
    json.Member("output", line.options.output);
    json.Member("keys", result.file.keys);
    json.Member("bytes", result.file.bytes);
    json.Member("crc64", rdb::FormatHex64(result.file.crc64));
    json.Member("functions", result.functions);
    json.Member("records_dropped", result.records_dropped);
    json.Member("milliseconds", result.milliseconds);
    json.EndObject();
    std::fputs(json.Take().c_str(), stdout);
    return;
  }
  const std::string text =
      StrCat(line.options.output, ": ", result.file.keys, " keys, ", SizeText(result.file.bytes),
             ", from the ", result.source, ", in ", result.milliseconds, " ms");
  std::printf("%s\n", text.c_str());
  if (result.functions > 0) {
    std::printf("%llu function libraries\n", static_cast<unsigned long long>(result.functions));
  }
  if (result.records_dropped > 0) {
    std::printf("%llu records of the log were left out, as a start would do\n",
                static_cast<unsigned long long>(result.records_dropped));
  }
}

}  // namespace
}  // namespace basalt::tools

int main(int argc, char** argv) {
  using namespace basalt::tools;  // NOLINT: main is outside of it
  basalt::ConfigureLog(basalt::LogLevel::kWarning, "/dev/stderr");
  CommandLine line;
  bool help = false;
  const std::string wrong = Parse(argc, argv, &line, &help);
  if (help) {
    std::printf("%s%s", kHelp, kExitHelp);
    return kExitClean;
  }
  if (!wrong.empty()) return ComplainOfUse(kProgram, wrong);
  absl::StatusOr<ExportResult> result = Run(line);
  if (!result.ok()) return Complain(kProgram, result.status());
  Print(*result, line);
  return kExitClean;
}
