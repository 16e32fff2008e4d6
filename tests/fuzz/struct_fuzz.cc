// libFuzzer: struct with hostile formats, data and positions. What it unpacks it packs to the same
// size, and struct.size agrees.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <lua.hpp>

#include "core/base/check.h"
#include "core/script/libraries.h"

namespace {

constexpr char kScript[] = R"LUA(
local format, data, position = ...
local function check(ok, ...)
  if not ok then return end
  local n = select('#', ...)
  local stop = select(n, ...)
  if position ~= 1 then return end
  assert(stop >= 1 and stop <= #data + 1 or #format == 0)
  if format:find('0') then return end  -- c0 gives back less than it took
  local packed = struct.pack(format, ...)
  assert(#packed == stop - 1)
  local sized, size = pcall(struct.size, format)
  if sized then assert(size == stop - 1) end
end
check(pcall(struct.unpack, format, data, position))
pcall(struct.pack, format, #data, data, position, -1.5, data, 1e300, 0 / 0, data)
pcall(struct.size, format)
)LUA";

lua_State* NewVm() {
  lua_State* lua = luaL_newstate();
  luaL_openlibs(lua);
  basalt::OpenScriptLibraries(lua);
  BASALT_CHECK(luaL_loadstring(lua, kScript) == 0);
  return lua;
}

}  // namespace

// The first byte says how long the format is, the second where to begin; the rest is data.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static lua_State* const lua = NewVm();  // with the function above at the bottom of its stack
  if (size < 2) return 0;
  const char* text = reinterpret_cast<const char*>(data) + 2;
  const size_t length = data[0] % 24 < size - 2 ? data[0] % 24 : size - 2;
  lua_pushvalue(lua, 1);
  lua_pushlstring(lua, text, length);
  lua_pushlstring(lua, text + length, size - 2 - length);
  lua_pushinteger(lua, data[1] % 4 == 0 ? data[1] / 4 - 2 : 1);
  if (lua_pcall(lua, 3, 0, 0) != 0) {
    std::fprintf(stderr, "%s\n", lua_tostring(lua, -1));
    std::abort();
  }
  lua_settop(lua, 1);
  return 0;
}
