// The command line: basalt-server [config file] [--option value ...] [-]. Start-up only;
// one thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/admin/config.h"

namespace basalt {

struct Invocation {
  bool run =
      true;  // false: print `text` (the answer to --help or --version) and leave with success
  std::string text;
};

// Puts what the arguments say into `config`: first the config file (the first argument, unless it
// begins with '-'), then the --options in order, then the lines on standard input if one argument
// is '-'. Later ones win. The message of an error is fit to be printed as it is.
absl::StatusOr<Invocation> ParseArguments(int argc, const char* const* argv, Config& config,
                                          int stdin_fd = 0);

// How to call the server, and every option with its values, default and meaning.
std::string HelpText();
std::string VersionText();

}  // namespace basalt
