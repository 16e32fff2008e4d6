// redis.register_function: by position (name, callback) or with a table of named arguments.
#include "core/script/api.h"
#include "core/script/library_load.h"
#include "core/script/script_flags.h"
#include "core/script/vm.h"

namespace basalt::script {
namespace {

// What a call says. The texts are on Lua's stack, and so is the callback.
struct Arguments {
  std::string_view name;
  std::string_view description;
  bool named = false, described = false;
  uint32_t flags = 0;
  int callback = 0;  // its place on the stack; 0: none
};

// All below return null or what is wrong.

const char* ReadFlags(lua_State* lua, int table, uint32_t* flags) {
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, table, i);
    if (lua_isnil(lua, -1)) return lua_pop(lua, 1), nullptr;
    std::optional<uint32_t> flag;
    if (lua_type(lua, -1) == LUA_TSTRING) flag = ScriptFlagOf(Text(lua, -1));
    if (!flag.has_value()) return "ERR unknown flag given";
    *flags |= *flag;
    lua_pop(lua, 1);
  }
}

// Reads the named argument whose key and value are on top. A callback or text stays on the stack,
// below: at `keep` and on.
const char* ReadNamed(lua_State* lua, Arguments* out, int keep) {
  if (lua_type(lua, -2) == LUA_TNUMBER)
    return "ERR unknown argument given to redis.register_function";
  if (lua_type(lua, -2) != LUA_TSTRING)
    return "ERR named argument key given to redis.register_function is not a string";
  std::string_view key = Text(lua, -2);
  if (key == "function_name") {
    if (!lua_isstring(lua, -1))
      return "ERR function_name argument given to redis.register_function must be a string";
    out->named = true;
    out->name = Text(lua, -1);
    lua_pushvalue(lua, -1);
    lua_replace(lua, keep);
  } else if (key == "description") {
    if (!lua_isstring(lua, -1))
      return "ERR description argument given to redis.register_function must be a string";
    out->described = true;
    out->description = Text(lua, -1);
    lua_pushvalue(lua, -1);
    lua_replace(lua, keep + 1);
  } else if (key == "callback") {
    if (!lua_isfunction(lua, -1))
      return "ERR callback argument given to redis.register_function must be a function";
    out->callback = keep + 2;
    lua_pushvalue(lua, -1);
    lua_replace(lua, keep + 2);
  } else if (key == "flags") {
    if (!lua_istable(lua, -1)) {
      return "ERR flags argument to redis.register_function must be a table representing function "
             "flags";
    }
    return ReadFlags(lua, lua_gettop(lua), &out->flags);
  } else {
    return "ERR unknown argument given to redis.register_function";
  }
  return nullptr;
}

const char* ReadTable(lua_State* lua, Arguments* out) {
  if (!lua_istable(lua, 1)) {
    return "ERR calling redis.register_function with a single argument is only applicable to Lua "
           "table (representing named "
           "arguments).";
  }
  lua_settop(lua, 4);  // room for the name, the description and the callback
  for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
    if (const char* wrong = ReadNamed(lua, out, 2); wrong != nullptr) return wrong;
  }
  if (!out->named) return "ERR redis.register_function must get a function name argument";
  if (out->callback == 0) return "ERR redis.register_function must get a callback argument";
  return nullptr;
}

const char* ReadPositions(lua_State* lua, Arguments* out) {
  if (!lua_isstring(lua, 1))
    return "ERR first argument to redis.register_function must be a string";
  if (!lua_isfunction(lua, 2))
    return "ERR second argument to redis.register_function must be a function";
  out->name = Text(lua, 1);
  out->callback = 2;
  return nullptr;
}

}  // namespace

int RegisterFunction(lua_State* lua) {
  LibraryLoad* load = Vm::Of(lua).library_load();
  if (load == nullptr)
    return RaiseError(lua,
                      "ERR redis.register_function can only be called on FUNCTION LOAD command");
  const int count = lua_gettop(lua);
  if (count < 1 || count > 2)
    return RaiseError(lua, "ERR wrong number of arguments to redis.register_function");
  Arguments arguments;
  const char* wrong = count == 1 ? ReadTable(lua, &arguments) : ReadPositions(lua, &arguments);
  if (wrong != nullptr) return RaiseError(lua, wrong);
  lua_pushvalue(lua, arguments.callback);
  int reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  wrong = load->Add(arguments.name, arguments.described, arguments.description, arguments.flags,
                    reference);
  if (wrong == nullptr) return 0;
  luaL_unref(lua, LUA_REGISTRYINDEX, reference);
  return RaiseError(lua, wrong);
}

}  // namespace basalt::script
