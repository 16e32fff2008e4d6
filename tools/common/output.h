// Words of the tools for their users. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tools/common/exit_code.h"

namespace basalt::tools {

// The first `bytes_max` bytes between quotes, with everything but printable ASCII as \xNN, and
// "..." where something was cut.
std::string Quoted(std::string_view text, size_t bytes_max);

// Prints "<program>: <message>" on standard error and answers how the program ends because of it.
int Complain(std::string_view program, const absl::Status& status);
int ComplainOfUse(std::string_view program, std::string_view what);

}  // namespace basalt::tools
