#include "core/script/libraries.h"

#include <lua.hpp>

extern "C" {
int luaopen_bit(lua_State* lua);
int luaopen_cjson(lua_State* lua);
}

#include "core/script/lib_cmsgpack.h"
#include "core/script/lib_struct.h"

namespace basalt {
namespace {

// The package's opener returns the library's table.
void OpenPackage(lua_State* lua, const char* name, lua_CFunction open) {
  lua_pushcfunction(lua, open);
  lua_call(lua, 0, 1);
  lua_setglobal(lua, name);
}

}  // namespace

void OpenScriptLibraries(lua_State* lua) {
  OpenPackage(lua, "cjson", luaopen_cjson);
  OpenPackage(lua, "bit", luaopen_bit);
  OpenCmsgpackLibrary(lua);
  OpenStructLibrary(lua);
}

}  // namespace basalt
