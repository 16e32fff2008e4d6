#include "core/admin/option_values.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/admin/option_kinds.h"
#include "core/base/numbers.h"
#include "core/base/strings.h"

namespace basalt::options {
namespace {

constexpr size_t kBindMax = 16;
constexpr std::string_view kClassNames[kClientClasses] = {"normal", "slave", "pubsub"};

absl::Status Invalid(std::string_view text) {
  return absl::InvalidArgumentError(std::string(text));
}

bool IsBlank(OptionWords words) { return words.empty() || (words.size() == 1 && words[0].empty()); }

std::string JoinWords(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) StrAppend(&out, out.empty() ? "" : " ", word);
  return out;
}

bool ParseClientClass(std::string_view text, size_t* index) {
  for (size_t i = 0; i < kClientClasses; ++i) {
    if (EqualsNoCase(text, kClassNames[i])) return *index = i, true;
  }
  return EqualsNoCase(text, "replica") ? (*index = static_cast<size_t>(ClientClass::kReplica), true)
                                       : false;
}

absl::Status ReadFileName(OptionWords words, std::string_view option, std::string_view what,
                          std::string* out) {
  std::string name;
  if (absl::Status status = ReadString(words, &name); !status.ok()) return status;
  if (name.find('/') != std::string::npos)
    return Invalid(StrCat(option, " can't be a path, just a ", what));
  if (name.empty() || name == "." || name == "..")
    return Invalid(StrCat(option, " can't be empty"));
  *out = std::move(name);
  return absl::OkStatus();
}

}  // namespace

absl::Status SetSave(const Option&, OptionWords words, Config& config) {
  std::vector<SavePoint> points;
  if (!IsBlank(words)) {
    if (words.size() % 2 != 0) return Invalid("Invalid save parameters");
    if (!config.save_is_default) points = config.save;
    for (size_t i = 0; i < words.size(); i += 2) {
      SavePoint point;
      bool parsed =
          ParseInt64(words[i], &point.seconds) && ParseInt64(words[i + 1], &point.changes);
      if (!parsed || point.seconds < 1 || point.changes < 0)
        return Invalid("Invalid save parameters");
      points.push_back(point);
    }
  }
  config.save = std::move(points);
  config.save_is_default = false;
  return absl::OkStatus();
}

std::string GetSave(const Config& config) {
  std::string out;
  for (const SavePoint& point : config.save) {
    StrAppend(&out, out.empty() ? "" : " ", point.seconds, " ", point.changes);
  }
  return out;
}

std::vector<std::string> SaveLines(const Config& config) {
  std::vector<std::string> lines;
  for (const SavePoint& point : config.save)
    lines.push_back(StrCat(point.seconds, " ", point.changes));
  if (lines.empty()) lines.push_back("\"\"");
  return lines;
}

absl::Status SetOutputLimit(const Option&, OptionWords words, Config& config) {
  if (IsBlank(words)) return absl::OkStatus();
  if (words.size() % 4 != 0)
    return Invalid("Wrong number of arguments in buffer limit configuration.");
  auto limits = config.client_output_buffer_limit;
  for (size_t i = 0; i < words.size(); i += 4) {
    size_t index;
    if (!ParseClientClass(words[i], &index)) {
      return Invalid("Invalid client class specified in buffer limit configuration.");
    }
    OutputLimit limit;
    bool parsed = ParseMemory(words[i + 1], &limit.hard) &&
                  ParseMemory(words[i + 2], &limit.soft) &&
                  ParseInt64(words[i + 3], &limit.soft_seconds);
    if (!parsed || limit.soft_seconds < 0) {
      return Invalid("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    limits[index] = limit;
  }
  config.client_output_buffer_limit = limits;
  return absl::OkStatus();
}

std::string GetOutputLimit(const Config& config) {
  std::string out;
  for (size_t i = 0; i < kClientClasses; ++i) {
    const OutputLimit& limit = config.client_output_buffer_limit[i];
    StrAppend(&out, i ? " " : "", kClassNames[i], " ", limit.hard, " ", limit.soft, " ",
              limit.soft_seconds);
  }
  return out;
}

std::vector<std::string> OutputLimitLines(const Config& config) {
  const Config defaults;
  std::vector<std::string> lines;
  for (size_t i = 0; i < kClientClasses; ++i) {
    const OutputLimit& limit = config.client_output_buffer_limit[i];
    if (limit == defaults.client_output_buffer_limit[i]) continue;
    lines.push_back(StrCat(i == 1 ? "replica" : kClassNames[i], " ", FormatMemory(limit.hard), " ",
                           FormatMemory(limit.soft), " ", limit.soft_seconds));
  }
  return lines;
}

absl::Status SetPercentiles(const Option&, OptionWords words, Config& config) {
  std::vector<double> percentiles;
  if (!IsBlank(words)) {
    for (const std::string& word : words) {
      double value;
      if (!ParseDouble(word, &value))
        return Invalid("Invalid latency-tracking-info-percentiles parameters");
      if (value < 0 || value > 100) {
        return Invalid(
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
      }
      percentiles.push_back(value);
    }
  }
  config.latency_tracking_info_percentiles = std::move(percentiles);
  return absl::OkStatus();
}

std::string GetPercentiles(const Config& config) {
  std::string out;
  for (double value : config.latency_tracking_info_percentiles) {
    char text[32];
    size_t n = static_cast<size_t>(std::to_chars(text, text + sizeof(text), value).ptr - text);
    StrAppend(&out, out.empty() ? "" : " ", std::string_view(text, n));
  }
  return out;
}

absl::Status SetBind(const Option&, OptionWords words, Config& config) {
  if (words.size() > kBindMax) return Invalid("Too many bind addresses specified.");
  config.bind.clear();
  if (!IsBlank(words)) config.bind.assign(words.begin(), words.end());
  return absl::OkStatus();
}

std::string GetBind(const Config& config) { return JoinWords(config.bind); }

absl::Status SetDir(const Option&, OptionWords words, Config& config) {
  std::string path;
  if (absl::Status status = ReadString(words, &path); !status.ok()) return status;
  struct stat info;
  char* absolute = realpath(path.c_str(), nullptr);
  if (absolute == nullptr) return Invalid(strerror(errno));
  std::string resolved = absolute;
  free(absolute);
  if (stat(resolved.c_str(), &info) != 0) return Invalid(strerror(errno));
  if (!S_ISDIR(info.st_mode)) return Invalid(strerror(ENOTDIR));
  config.dir = std::move(resolved);
  return absl::OkStatus();
}

std::string GetDir(const Config& config) {
  char* absolute = realpath(config.dir.c_str(), nullptr);
  if (absolute == nullptr) return config.dir;
  std::string resolved = absolute;
  free(absolute);
  return resolved;
}

absl::Status SetDbFilename(const Option&, OptionWords words, Config& config) {
  return ReadFileName(words, "dbfilename", "filename", &config.dbfilename);
}
absl::Status SetAppendFilename(const Option&, OptionWords words, Config& config) {
  return ReadFileName(words, "appendfilename", "filename", &config.appendfilename);
}
absl::Status SetAppendDirname(const Option&, OptionWords words, Config& config) {
  return ReadFileName(words, "appenddirname", "dirname", &config.appenddirname);
}

absl::Status SetHz(const Option& option, OptionWords words, Config& config) {
  int64_t hz;
  if (absl::Status status = ReadInt(option, words, &hz); !status.ok()) return status;
  config.hz = hz < 1 ? 1 : hz > 500 ? 500 : hz;
  return absl::OkStatus();
}

absl::Status SetDatabases(const Option& option, OptionWords words, Config& config) {
  int64_t databases;
  if (absl::Status status = ReadInt(option, words, &databases); !status.ok()) return status;
  if (databases != kDatabases)
    return Invalid(StrCat("Basalt has ", kDatabases, " databases, no more and no fewer"));
  return absl::OkStatus();
}

absl::Status SetDaemonize(const Option&, OptionWords words, Config& config) {
  bool daemonize = false;
  if (absl::Status status = ReadBool(words, &daemonize); !status.ok()) return status;
  if (daemonize) {
    return Invalid(
        "Basalt stays in the foreground: say 'no' and let systemd, a container or `&` put it in "
        "the background");
  }
  return absl::OkStatus();
}

absl::Status ReadShutdown(OptionWords words, uint32_t* flags) {
  uint32_t result = 0;
  if (words.empty()) return Invalid("wrong number of arguments");
  for (const std::string& word : words) {
    if (EqualsNoCase(word, "save")) {
      result |= kShutdownSave;
    } else if (EqualsNoCase(word, "nosave")) {
      result |= kShutdownNoSave;
    } else if (EqualsNoCase(word, "now")) {
      result |= kShutdownNow;
    } else if (EqualsNoCase(word, "force")) {
      result |= kShutdownForce;
    } else if (!EqualsNoCase(word, "default")) {
      return Invalid("argument(s) must be one of the following: default, save, nosave, now, force");
    }
  }
  if ((result & kShutdownSave) && (result & kShutdownNoSave)) {
    return Invalid("shutdown options SAVE and NOSAVE can't be used simultaneously");
  }
  *flags = result;
  return absl::OkStatus();
}

std::string ShutdownText(uint32_t flags) {
  if (flags == 0) return "default";
  std::string out;
  constexpr std::pair<uint32_t, std::string_view> kNames[] = {{kShutdownSave, "save"},
                                                              {kShutdownNoSave, "nosave"},
                                                              {kShutdownNow, "now"},
                                                              {kShutdownForce, "force"}};
  for (auto [flag, name] : kNames) {
    if (flags & flag) StrAppend(&out, out.empty() ? "" : " ", name);
  }
  return out;
}

}  // namespace basalt::options
