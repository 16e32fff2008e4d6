// Options whose value is more than one plain word: how each is read, shown and written. Pure
// functions, except that `dir` looks at the file system; any thread. A reader changes its Config
// only when it succeeds.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/admin/option.h"

namespace basalt::options {

// save <seconds> <changes> [...] or save "": adds to what a config file said before, see
// Config::save_is_default.
absl::Status SetSave(const Option&, OptionWords words, Config& config);
std::string GetSave(const Config& config);
std::vector<std::string> SaveLines(const Config& config);

// client-output-buffer-limit <class> <hard> <soft> <seconds> [...]: classes not named
// keep their limit.
absl::Status SetOutputLimit(const Option&, OptionWords words, Config& config);
std::string GetOutputLimit(const Config& config);
std::vector<std::string> OutputLimitLines(const Config& config);

// notify-keyspace-events <letters of NotifyClass>
absl::Status SetNotify(const Option&, OptionWords words, Config& config);
std::string GetNotify(const Config& config);

// latency-tracking-info-percentiles <0..100> [...]
absl::Status SetPercentiles(const Option&, OptionWords words, Config& config);
std::string GetPercentiles(const Config& config);

// bind <address> [...]; "-" before an address means that it may be missing, "*" and "::*" all of
// IPv4 and IPv6.
absl::Status SetBind(const Option& option, OptionWords words, Config& config);
std::string GetBind(const Config& config);

// dir <existing directory>, kept as an absolute path.
absl::Status SetDir(const Option&, OptionWords words, Config& config);
std::string GetDir(const Config& config);

// A file name without a folder in front.
absl::Status SetDbFilename(const Option&, OptionWords words, Config& config);
absl::Status SetAppendFilename(const Option&, OptionWords words, Config& config);
absl::Status SetAppendDirname(const Option&, OptionWords words, Config& config);

// hz is brought into 1..500 rather than refused, as in Redis.
absl::Status SetHz(const Option& option, OptionWords words, Config& config);

// Accept the one value that Basalt has, and say why there is no other.
absl::Status SetDatabases(const Option&, OptionWords words, Config& config);
absl::Status SetDaemonize(const Option&, OptionWords words, Config& config);

// shutdown-on-sigint, shutdown-on-sigterm: default | [save|nosave] [now] [force]
absl::Status ReadShutdown(OptionWords words, uint32_t* flags);
std::string ShutdownText(uint32_t flags);

template <uint32_t Config::*Field>
absl::Status SetShutdown(const Option&, OptionWords words, Config& config) {
  return ReadShutdown(words, &(config.*Field));
}
template <uint32_t Config::*Field>
std::string GetShutdown(const Config& config) {
  return ShutdownText(config.*Field);
}

}  // namespace basalt::options
