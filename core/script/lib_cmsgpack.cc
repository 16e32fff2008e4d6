#include "core/script/lib_cmsgpack.h"

#include <lua.hpp>

#include "core/script/msgpack_decode.h"
#include "core/script/msgpack_encode.h"

namespace basalt {
namespace {

int PackAll(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) luaL_argerror(lua, 0, "MessagePack pack needs input.");
  if (!lua_checkstack(lua, count)) {
    luaL_argerror(lua, 0, "Too many arguments for MessagePack pack.");
  }
  MsgpackEncoder encoder(lua);
  for (int i = 1; i <= count; ++i) encoder.Put(i);
  encoder.PushResult();
  return 1;
}

int UnpackAll(lua_State* lua) {
  size_t length;
  const char* data = luaL_checklstring(lua, 1, &length);
  MsgpackInput input = {data, length};
  int values = 0;
  for (; input.left > 0; ++values) PushMsgpackValue(lua, &input);
  return values;
}

// `limit` values from `offset`; none of the arguments but the string is on the stack any more.
int UnpackSome(lua_State* lua, lua_Integer limit, lua_Integer offset) {
  size_t length;
  const char* data = luaL_checklstring(lua, 1, &length);
  if (limit < 0 || offset < 0) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.",
                      static_cast<int>(offset), static_cast<int>(length));
  }
  if (static_cast<size_t>(offset) > length) {
    return luaL_error(lua, "Start offset %d greater than input length %d.",
                      static_cast<int>(offset), static_cast<int>(length));
  }
  if (limit == 0 && offset == 0) return UnpackAll(lua);
  MsgpackInput input = {data + offset, length - static_cast<size_t>(offset)};
  int values = 0;
  for (; input.left > 0 && values < limit; ++values) PushMsgpackValue(lua, &input);
  luaL_checkstack(lua, 1, "in function mp_unpack_full");
  lua_pushinteger(lua, input.left == 0 ? -1 : static_cast<lua_Integer>(length - input.left));
  lua_insert(lua, 2);
  return values + 1;
}

int UnpackOne(lua_State* lua) {
  const lua_Integer offset = luaL_optinteger(lua, 2, 0);
  lua_settop(lua, 1);
  return UnpackSome(lua, 1, offset);
}

int UnpackLimit(lua_State* lua) {
  const lua_Integer limit = luaL_checkinteger(lua, 2);
  const lua_Integer offset = luaL_optinteger(lua, 3, 0);
  lua_settop(lua, 1);
  return UnpackSome(lua, limit, offset);
}

constexpr luaL_Reg kPackFunctions[] = {{"pack", PackAll},
                                       {"unpack", UnpackAll},
                                       {"unpack_one", UnpackOne},
                                       {"unpack_limit", UnpackLimit},
                                       {nullptr, nullptr}};

void SetText(lua_State* lua, const char* field, const char* text) {
  lua_pushstring(lua, text);
  lua_setfield(lua, -2, field);
}

}  // namespace

void OpenCmsgpackLibrary(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kPackFunctions);
  SetText(lua, "_NAME", "cmsgpack");
  SetText(lua, "_VERSION", "lua-cmsgpack 0.4.0");  // the one whose functions these are
  SetText(lua, "_DESCRIPTION", "MessagePack for Lua");
  lua_setglobal(lua, "cmsgpack");
}

}  // namespace basalt
