// How the tools for data directories end, for scripts. The same for all of them.
#pragma once

namespace basalt::tools {

enum ExitCode {
  kExitClean = 0,     // nothing wrong, or done as asked
  kExitProblems = 1,  // something is wrong with the data; nothing was changed
  kExitUsage = 2,     // wrong use
  kExitCannot = 3,    // a file cannot be read or written
  kExitInUse = 4,     // a running server uses the data directory
};

inline constexpr char kExitHelp[] =
    R"(
Exit status: 0 nothing wrong, or done as asked · 1 problems found, nothing changed · 2 wrong use
             3 cannot read or write · 4 a running server uses the data directory
)";

}  // namespace basalt::tools
