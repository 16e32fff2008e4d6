// Options of Redis 7.0 that a config file brought from there may hold but that Basalt does not act
// on. Either the value is accepted, kept for CONFIG GET and named in the log with the reason; or,
// where ignoring it would be dangerous (a disabled command still there, a replica that is none), it
// is refused. Constant tables; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/option.h"

namespace basalt {

struct IgnoredOption {
  std::string_view name;
  std::string_view alias;
  std::string_view default_text;  // what CONFIG GET answers until it is set
  std::string_view reason;
};

struct RefusedOption {
  std::string_view name;
  std::string_view alias;
  std::span<const std::string_view> harmless;  // values that ask for nothing, and therefore pass
  std::string_view reason;
  bool in_config_get;
};

std::span<const IgnoredOption> IgnoredOptions();
std::span<const RefusedOption> RefusedOptions();
const IgnoredOption* FindIgnoredOption(std::string_view name);
const RefusedOption* FindRefusedOption(std::string_view name);

// May `words` be given to it although Basalt does not have it?
bool IsHarmless(const RefusedOption& option, OptionWords words);

// One line per ignored option that was given another value than Redis's default, for the
// log at start.
std::vector<std::string> IgnoredOptionNotes(const Config& config);

}  // namespace basalt
