// Opens the listening sockets. Main thread, at start.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/admin/config.h"

namespace basalt {

// One socket per address of `bind`, on `port`. An address with a '-' before it may be missing on
// this machine. The error names address and port.
absl::StatusOr<std::vector<int>> ListenOn(const std::vector<std::string>& bind, int port,
                                          int backlog);

}  // namespace basalt
