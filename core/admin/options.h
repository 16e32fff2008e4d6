// Options by name: what CONFIG GET and CONFIG SET, the config file and the command line
// do. Works on a Config that the caller owns and may change (see core/admin/config.h);
// keeps no state. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/admin/config.h"
#include "core/admin/option.h"

namespace basalt {

enum class When {
  kStartup,  // config file and command line: anything goes, repeated options add up
  kRuntime,  // CONFIG SET: not kImmutable, not kProtected; a value is one text, split at spaces
             // where it takes words
  kRuntimeLocal,  // the same from a client of this machine, for enable-protected-configs local
};

// Sets one option. On failure `config` is unchanged and the message says what is wrong with the
// value, in Redis's words where Redis has the case ("argument must be 'yes' or 'no'"), without the
// option's name. kNotFound: no such option.
absl::Status SetOption(Config& config, std::string_view name, OptionWords values, When when);

// CONFIG SET: all of `pairs` (name, value, name, value, ...) or none. Returns what has to be done
// about those options whose value is now another one; if that fails, the caller puts its copy of
// the old Config back. The message of an error is the whole reply ("ERR CONFIG SET failed ...").
absl::StatusOr<OptionHooks> SetOptions(Config& config, std::span<const std::string_view> pairs,
                                       When when);

// CONFIG GET: (name, value) of every option that one of `patterns` matches, in the order of the
// table, aliases next to their option. A pattern without wildcards answers under the very name that
// was asked for.
std::vector<std::pair<std::string, std::string>> GetOptions(
    const Config& config, std::span<const std::string_view> patterns);

// The value of one option, honoured or ignored, as CONFIG GET shows it. It must exist.
std::string OptionText(const Config& config, std::string_view name);

}  // namespace basalt
