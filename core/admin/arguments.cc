#include "core/admin/arguments.h"

#include <climits>
#include <string_view>
#include <vector>

#include "core/admin/config_file.h"
#include "core/admin/options.h"
#include "core/admin/version.h"
#include "core/base/status.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr size_t kHelpColumn = 36;

// One --option with the words that follow it.
struct ArgumentOption {
  std::string name;
  std::vector<std::string> values;
};

struct ParsedLine {
  std::string config_file;
  std::vector<ArgumentOption> options;
  bool read_stdin = false;
};

absl::StatusOr<ParsedLine> SplitArguments(int argc, const char* const* argv) {
  ParsedLine line;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (i == 1 && !word.starts_with('-')) {
      line.config_file = word;
    } else if (word == "-") {
      line.read_stdin = true;
    } else if (word.starts_with("--") && word.size() > 2) {
      line.options.push_back({std::string(word.substr(2)), {}});
    } else if (line.options.empty()) {
      return absl::InvalidArgumentError(StrCat("'", word, "' belongs to no option; see --help"));
    } else {
      line.options.back().values.emplace_back(word);
    }
  }
  return line;
}

std::string ValuesText(const Option& option) {
  switch (option.kind) {
    case OptionKind::kBool:
      return "yes|no";
    case OptionKind::kInt:
      return "<number>";
    case OptionKind::kMemory:
      return "<size>";
    case OptionKind::kString:
      return "<text>";
    case OptionKind::kWords:
      return "<value> ...";
    case OptionKind::kEnum:
      break;
  }
  std::string text;
  for (const EnumName& name : option.names) StrAppend(&text, text.empty() ? "" : "|", name.name);
  return text;
}

std::string LimitsText(const Option& option) {
  if (option.kind != OptionKind::kInt || option.max == 0) return "";
  if (option.max >= INT_MAX) return "";
  return StrCat(option.min, " to ", option.max, "; ");
}

void AppendOptionHelp(std::string* out, const Option& option, const Config& defaults) {
  std::string head = StrCat("  --", option.name, " ", ValuesText(option));
  if (head.size() + 2 > kHelpColumn) {
    StrAppend(out, head, "\n", std::string(kHelpColumn, ' '));
  } else {
    StrAppend(out, head, std::string(kHelpColumn - head.size(), ' '));
  }
  std::string value = option.name == "dir" ? "." : option.get(defaults);
  StrAppend(out, option.help, " (", LimitsText(option), "default ", value.empty() ? "empty" : value,
            ")\n");
}

}  // namespace

absl::StatusOr<Invocation> ParseArguments(int argc, const char* const* argv, Config& config,
                                          int stdin_fd) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--help" || word == "-h") return Invocation{false, HelpText()};
    if (word == "--version" || word == "-v") return Invocation{false, VersionText()};
  }
  absl::StatusOr<ParsedLine> line = SplitArguments(argc, argv);
  if (!line.ok()) return line.status();
  if (!line->config_file.empty()) {
    if (absl::Status status = ParseConfigFile(line->config_file, config); !status.ok())
      return status;
  }
  for (const ArgumentOption& option : line->options) {
    absl::Status status = SetOption(config, option.name, option.values, When::kStartup);
    if (status.ok()) continue;
    return absl::InvalidArgumentError(
        option.values.empty()
            ? StrCat("--", option.name, ": ", MessageOf(status))
            : StrCat("--", option.name, " '", option.values[0], "': ", MessageOf(status)));
  }
  if (line->read_stdin) {
    absl::StatusOr<std::string> text = ReadWholeDescriptor(stdin_fd);
    if (!text.ok()) return text.status();
    if (absl::Status status = ParseConfigText(*text, "standard input", config); !status.ok())
      return status;
  }
  return Invocation{};
}

std::string HelpText() {
  const Config defaults;
  std::string out =
      "usage: basalt-server [config file] [--option value ...] [-]\n"
      "       basalt-server --help | --version\n"
      "\n"
      "The config file has one option per line, as redis.conf; '-' reads more such lines from "
      "standard input.\n"
      "Sizes take kb, mb, gb (powers of 1024) and k, m, g (powers of 1000).\n"
      "\n"
      "Options:\n";
  for (const Option& option : OptionTable()) AppendOptionHelp(&out, option, defaults);
  out +=
      "\nOther options of Redis 7.0 are accepted and named in the log as having no effect, or "
      "refused where that would\n"
      "be dangerous.\n";
  return out;
}

std::string VersionText() {
  return StrCat("Basalt server v=", kBasaltVersion, " redis_version=", kRedisVersion,
                " bits=", sizeof(void*) * 8, "\n");
}

}  // namespace basalt
