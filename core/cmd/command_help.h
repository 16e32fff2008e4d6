// The replies of the HELP subcommands: one shape for all containers. The thread that runs the
// command.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/shard/command_context.h"

namespace basalt {

// A heading with the container's name, then `lines` (usage and explanation in turns, as the caller
// indents them), then HELP itself.
void ReplyHelp(CommandContext& ctx, std::initializer_list<std::string_view> lines);

}  // namespace basalt
