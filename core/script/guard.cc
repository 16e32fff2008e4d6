#include "core/script/guard.h"

namespace basalt::script {
namespace {

// Addresses that key the registry.
const char kReals = 0;   // guard -> real table
const char kGuards = 0;  // real table -> guard

void PushRegistry(lua_State* lua, const char* key) {
  lua_pushlightuserdata(lua, const_cast<char*>(key));
  lua_rawget(lua, LUA_REGISTRYINDEX);
}

// Pushes map[value at index]; true when it is a table, otherwise nothing is pushed.
bool PushFound(lua_State* lua, const char* map, int index) {
  lua_pushvalue(lua, index);
  PushRegistry(lua, map);
  lua_insert(lua, -2);
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
  if (lua_istable(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

void Remember(lua_State* lua, const char* map, int key, int value) {
  PushRegistry(lua, map);
  lua_pushvalue(lua, key);
  lua_pushvalue(lua, value);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
}

void GuardElements(lua_State* lua, int table) {
  for (lua_pushnil(lua); lua_next(lua, table) != 0; lua_pop(lua, 1)) {
    if (!lua_istable(lua, -1) || IsGuard(lua, -1)) continue;
    Guard(lua);
    lua_pushvalue(lua, -2);
    lua_pushvalue(lua, -2);
    lua_rawset(lua, table);  // a field that is there already: the traversal may go on
  }
}

}  // namespace

void OpenGuards(lua_State* lua) {
  for (const char* map : {&kReals, &kGuards}) {
    lua_pushlightuserdata(lua, const_cast<char*>(map));
    lua_newtable(lua);
    lua_rawset(lua, LUA_REGISTRYINDEX);
  }
}

void Guard(lua_State* lua) {
  luaL_checkstack(lua, 10, "too many nested tables");
  const int real = lua_gettop(lua);
  if (PushFound(lua, &kGuards, real)) return lua_replace(lua, real);
  lua_newtable(lua);
  const int guard = lua_gettop(lua);
  Remember(lua, &kGuards, real, guard);  // before descending: a table may hold itself
  Remember(lua, &kReals, guard, real);
  GuardElements(lua, real);
  lua_newtable(lua);
  lua_pushvalue(lua, real);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, RefuseWrite);
  lua_setfield(lua, -2, "__newindex");
  lua_setmetatable(lua, guard);
  lua_replace(lua, real);
}

void PushGuardMeta(lua_State* lua, int guard) { lua_getmetatable(lua, guard); }

bool IsGuard(lua_State* lua, int index) {
  if (!lua_istable(lua, index) || !PushFound(lua, &kReals, index)) return false;
  lua_pop(lua, 1);
  return true;
}

bool LookThrough(lua_State* lua, int index) {
  if (!lua_istable(lua, index) || !PushFound(lua, &kReals, index)) return false;
  lua_replace(lua, index);
  return true;
}

int RefuseWrite(lua_State* lua) { return luaL_error(lua, "%s", kReadOnlyError); }

}  // namespace basalt::script
