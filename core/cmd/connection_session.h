// What HELLO, AUTH and CLIENT SETNAME share: passwords and names of a connection. The connection's
// thread.
#pragma once

#include <string_view>

#include "core/shard/command_context.h"

namespace basalt {

// Signs the client in; false when user or password are wrong (nothing is replied).
[[nodiscard]] bool SignIn(CommandContext& ctx, std::string_view user, std::string_view password);

// Names the connection; "" takes the name away. False, with the error replied, when the name cannot
// be shown in CLIENT LIST.
[[nodiscard]] bool NameClient(CommandContext& ctx, std::string_view name);

// Printable ASCII without spaces, as CLIENT LIST needs it.
[[nodiscard]] bool FitsClientList(std::string_view text);

}  // namespace basalt
