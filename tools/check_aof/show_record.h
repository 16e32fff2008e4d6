// One logged command as a line of text. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace basalt::tools {

// Prints "<offset>: "name" "argument" ...", about `width` bytes of the command at most.
void PrintRecord(uint64_t offset, std::span<const std::string_view> args, size_t width);

}  // namespace basalt::tools
