// CONFIG REWRITE: brings the config file in line with the running configuration. Call it from one
// thread, with a Config that does not change meanwhile; it does blocking file I/O.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/admin/config.h"

namespace basalt {

// Rewrites config.config_file: a new file takes the place of the old one in one rename, after an
// fsync. Comments, order, spelling of values that did not change and lines that are not ours to
// judge (include) stay. The message of an error is fit for a reply after "ERR ".
absl::Status RewriteConfigFile(const Config& config);

// The new text for a file whose text was `text`. Reading it gives back every option's
// value in `config`.
absl::StatusOr<std::string> RewriteConfigText(std::string_view text, const Config& config);

}  // namespace basalt
