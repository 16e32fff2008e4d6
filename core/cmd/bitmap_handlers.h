// What the files of the bit commands share: the handlers for their rows in bitmap_commands.cc, and
// how a bit's position is read. Each handler runs on the thread that owns the keys.
#pragma once

#include <cstddef>
#include <cstdint>

namespace basalt {

class CommandContext;

// args[i] as a bit's position within the longest string allowed. With `width` > 0 also "#n", the
// n-th field of that width.
[[nodiscard]] bool BitOffsetArg(CommandContext& ctx, size_t i, unsigned width, uint64_t* offset);

// bitmap_op.cc
void BitopCommand(CommandContext& ctx);

// bitmap_field.cc
void BitfieldCommand(CommandContext& ctx);

}  // namespace basalt
