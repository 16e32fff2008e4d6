// Reading MessagePack into a Lua VM, for lib_cmsgpack.cc. Raises Lua errors (longjmps).
#pragma once

#include <cstddef>

struct lua_State;

namespace basalt {

// What is still to be read. The bytes belong to a string that the caller keeps on the Lua stack.
struct MsgpackInput {
  const char* at;
  size_t left;
};

// Pushes the next value; an error when there is none, or none that it knows. The Lua stack bounds
// how deep values may nest (some 4,000 levels of arrays), and with it the recursion.
void PushMsgpackValue(lua_State* lua, MsgpackInput* input);

}  // namespace basalt
