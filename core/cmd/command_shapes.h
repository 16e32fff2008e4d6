// How COMMAND shows a row of the command table: flags, ACL categories, key specifications. Constant
// data in, replies out; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "core/resp/reply.h"
#include "core/shard/command_spec.h"

namespace basalt {

std::vector<std::string_view> FlagNames(const CommandSpec& spec);
// "@read", "@string" ..., in Redis's order.
std::vector<std::string_view> CategoriesOf(const CommandSpec& spec);
bool IsCategory(std::string_view name);  // with or without '@'

// One element of COMMAND's array.
void WriteCommandInfo(const CommandSpec& spec, Reply& reply);

// What the command does to the key at `position` of `args`: "RW", "access", ...
std::vector<std::string_view> KeyFlagsAt(const CommandSpec& spec, Args args, uint32_t position);

}  // namespace basalt
