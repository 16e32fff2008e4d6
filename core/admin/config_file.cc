#include "core/admin/config_file.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/admin/options.h"
#include "core/admin/quoting.h"
#include "core/base/status.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr int kIncludeDepthMax = 16;

std::string_view Trim(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return "";
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

class Loader {
 public:
  explicit Loader(Config& config) : config_(config) {}

  absl::Status LoadText(std::string_view text, std::string_view origin) {
    for (size_t number = 1; !text.empty(); ++number) {
      size_t end = text.find('\n');
      std::string_view line = Trim(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.empty() || line.front() == '#') continue;
      absl::Status status = LoadLine(line);
      if (status.ok()) continue;
      if (included_failed_) return status;
      return absl::InvalidArgumentError(
          StrCat(origin, ", line ", number, ": '", line, "': ", MessageOf(status)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status LoadLine(std::string_view line) {
    auto words = SplitQuoted(line);
    if (!words)
      return absl::InvalidArgumentError("a quote is not closed, or not followed by a space");
    const std::string& name = words->front();
    OptionWords values(words->data() + 1, words->size() - 1);
    if (EqualsNoCase(name, "include")) return Include(values);
    return SetOption(config_, name, values, When::kStartup);
  }

  absl::Status Include(OptionWords values) {
    if (values.size() != 1) return absl::InvalidArgumentError("wrong number of arguments");
    if (depth_ == kIncludeDepthMax)
      return absl::InvalidArgumentError("files include each other too deeply");
    glob_t found;
    // GLOB_NOCHECK: a path that matches nothing is opened as it stands, unless it is a pattern,
    // which may match nothing.
    if (glob(values[0].c_str(), GLOB_NOCHECK, nullptr, &found) != 0) {
      return absl::InvalidArgumentError(StrCat("cannot look for '", values[0], "'"));
    }
    std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    if (paths.size() == 1 && paths[0] == values[0] &&
        values[0].find_first_of("*?[") != std::string::npos &&
        access(paths[0].c_str(), F_OK) != 0) {
      return absl::OkStatus();
    }
    for (const std::string& path : paths) {
      absl::StatusOr<std::string> text = ReadWholeFile(path);
      if (!text.ok()) return text.status();
      ++depth_;
      absl::Status status = LoadText(*text, path);
      --depth_;
      if (!status.ok()) {
        included_failed_ = true;  // the message names the included file already
        return status;
      }
    }
    return absl::OkStatus();
  }

  Config& config_;
  int depth_ = 0;
  bool included_failed_ = false;
};

}  // namespace

absl::StatusOr<std::string> ReadWholeDescriptor(int fd) {
  std::string text;
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::UnavailableError(strerror(errno));
    text.append(buffer, static_cast<size_t>(n));
  }
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return absl::NotFoundError(StrCat("cannot open config file '", path, "': ", strerror(errno)));
  absl::StatusOr<std::string> text = ReadWholeDescriptor(fd);
  close(fd);
  if (!text.ok()) {
    return absl::UnavailableError(
        StrCat("cannot read config file '", path, "': ", strerror(errno)));
  }
  return text;
}

absl::Status ParseConfigText(std::string_view text, std::string_view origin, Config& config) {
  return Loader(config).LoadText(text, origin);
}

absl::Status ParseConfigFile(std::string_view path, Config& config) {
  const std::string name(path);
  absl::StatusOr<std::string> text = ReadWholeFile(name);
  if (!text.ok()) return text.status();
  char* absolute = realpath(name.c_str(), nullptr);
  config.config_file = absolute ? absolute : name;
  free(absolute);
  return ParseConfigText(*text, name, config);
}

}  // namespace basalt
