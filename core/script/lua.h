// Lua 5.1, which is compiled as C: lua_error and every call that may allocate leave by longjmp,
// past C++ frames, whose destructors then never run. Hence the rule of this folder, which every
// file keeps:
//
//   A function that Lua calls, or that calls the Lua API where an error may be raised ("raises" in
//   its comment), has no local with a destructor alive while it does. What it needs of that kind
//   (texts, word lists, the command being run) hangs off the Vm or the ScriptRun, which outlive the
//   protected call; and what works with such objects makes no call into Lua.
//
// Only what runs outside of any protected call, and touches Lua through lua_cpcall and lua_pcall
// alone, may do as it likes.
#pragma once

extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}

#include <string_view>

namespace basalt::script {

// Raises when memory runs out.
inline void Push(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}

// The string at `index`, which must be one. Valid while the value is on the stack.
inline std::string_view Text(lua_State* lua, int index) {
  size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return {text, size};
}

}  // namespace basalt::script
