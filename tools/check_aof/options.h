// What basalt-check-aof was asked to do, checked. Filled once by ParseOptions, then only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/ids.h"

namespace basalt::tools {

struct CheckAofOptions {
  std::string path;
  bool show = false;
  std::optional<uint64_t> shard;  // of --show
  uint64_t width = 100;           // bytes of a record that --show prints
  bool fix = false;
  bool yes = false;
  std::string output;
  std::optional<uint64_t> until_epoch;
  std::optional<int64_t> until_unix_s;
  bool json = false;
  bool quiet = false;  // no progress

  Epoch until() const { return Epoch(until_epoch.value_or(UINT64_MAX)); }
};

// Returns an empty string, or what is wrong in words for the user. Sets `*help` when it is asked
// for.
std::string ParseCheckAofOptions(int argc, const char* const* argv, CheckAofOptions* options,
                                 bool* help);
const char* CheckAofHelp();

}  // namespace basalt::tools
