// Reads config files in the syntax of redis.conf: one option per line, words plain or in quotes,
// '#' comments, blank lines, `include <file or pattern>`. Start-up only; any one thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/admin/config.h"

namespace basalt {

// Sets every option in `path`, and remembers the file for CONFIG REWRITE. The message of an error
// names file, line and what is wrong; `config` then holds the lines before it.
absl::Status ParseConfigFile(std::string_view path, Config& config);

// The same for text that is at hand. `origin` is what error messages call it; includes are relative
// to the process's current folder, as are all paths in a config file.
absl::Status ParseConfigText(std::string_view text, std::string_view origin, Config& config);

// The whole of a file, or of an open descriptor (which stays open).
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);
absl::StatusOr<std::string> ReadWholeDescriptor(int fd);

}  // namespace basalt
