#include "core/script/sandbox.h"

#include <cmath>

#include "core/script/api.h"
#include "core/script/guard.h"
#include "core/script/libraries.h"
#include "core/script/run.h"

namespace basalt::script {
namespace {

// Addresses that key the registry.
const char kGlobals = 0;      // the real globals
const char kLoadGlobals = 0;  // what a library sees while it is loaded
const char kGlobalsMeta = 0;  // the metatable of the globals' guard

constexpr const char* kAllowed[] = {
    "_G",           "_VERSION",       "assert",    "bit",          "cjson",
    "cmsgpack",     "collectgarbage", "coroutine", "error",        "gcinfo",
    "getmetatable", "ipairs",         "load",      "loadstring",   "math",
    "next",         "pairs",          "pcall",     "rawequal",     "rawget",
    "rawset",       "redis",          "select",    "setmetatable", "string",
    "struct",       "table",          "tonumber",  "tostring",     "type",
    "unpack",       "xpcall",
};

bool Unwinding(lua_State* lua) {
  ScriptRun* run = Vm::Of(lua).run();
  return run != nullptr && run->unwind() != Unwind::kNot;
}

void SetRegistry(lua_State* lua, const char* key) {
  lua_pushlightuserdata(lua, const_cast<char*>(key));
  lua_insert(lua, -2);
  lua_rawset(lua, LUA_REGISTRYINDEX);
}

void PushRegistry(lua_State* lua, const char* key) {
  lua_pushlightuserdata(lua, const_cast<char*>(key));
  lua_rawget(lua, LUA_REGISTRYINDEX);
}

// --- what sees through guards

int Next(lua_State* lua) {
  LookThrough(lua, 1);
  return Vm::Of(lua).originals.next(lua);
}

// Upvalues: Next and Lua's own, which is good enough for tables that are no guards.
int Pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(IsGuard(lua, 1) ? 1 : 2));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int RawGet(lua_State* lua) {
  LookThrough(lua, 1);
  return Vm::Of(lua).originals.rawget(lua);
}

int ForEach(lua_State* lua) {
  LookThrough(lua, 1);
  return Vm::Of(lua).originals.foreach (lua);
}

int GetMetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (LookThrough(lua, 1) || lua_type(lua, 1) == LUA_TSTRING) {
    lua_getmetatable(lua, 1) ? Guard(lua) : lua_pushnil(lua);
    return 1;
  }
  return Vm::Of(lua).originals.getmetatable(lua);
}

// --- what would write past guards

int RefuseGuard(lua_State* lua) {
  lua_pushstring(lua, kReadOnlyError);
  return lua_error(lua);
}

int RawSet(lua_State* lua) {
  return IsGuard(lua, 1) ? RefuseGuard(lua) : Vm::Of(lua).originals.rawset(lua);
}
int SetMetatable(lua_State* lua) {
  return IsGuard(lua, 1) ? RefuseGuard(lua) : Vm::Of(lua).originals.setmetatable(lua);
}
int Insert(lua_State* lua) {
  return IsGuard(lua, 1) ? RefuseGuard(lua) : Vm::Of(lua).originals.insert(lua);
}
int Remove(lua_State* lua) {
  return IsGuard(lua, 1) ? RefuseGuard(lua) : Vm::Of(lua).originals.remove(lua);
}

int MissingGlobal(lua_State* lua) {
  const char* name = lua_tostring(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                    name != nullptr ? name : "?");
}

// --- what catches errors

// As in Redis, the error of a command is caught as its text.
int Pcall(lua_State* lua) {
  luaL_checkany(lua, 1);
  int status = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0);
  if (Unwinding(lua)) return RaiseUnwind(lua);
  if (status != 0 && lua_istable(lua, -1)) {
    lua_pushliteral(lua, "err");
    lua_gettable(lua, -2);
    lua_isstring(lua, -1) ? lua_replace(lua, -2) : lua_pop(lua, 1);
  }
  lua_pushboolean(lua, status == 0);
  lua_insert(lua, 1);
  return lua_gettop(lua);
}

int Xpcall(lua_State* lua) {
  int results = Vm::Of(lua).originals.xpcall(lua);
  return Unwinding(lua) ? RaiseUnwind(lua) : results;
}

int Resume(lua_State* lua) {
  int results = Vm::Of(lua).originals.resume(lua);
  return Unwinding(lua) ? RaiseUnwind(lua) : results;
}

// --- text only

int LoadText(lua_State* lua, std::string_view code, const char* chunk) {
  if (code.starts_with(LUA_SIGNATURE[0])) {
    lua_pushnil(lua);
    lua_pushliteral(lua, "bad binary format (bytecode is not loaded)");
    return 2;
  }
  if (luaL_loadbuffer(lua, code.data(), code.size(), chunk) == 0) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int LoadString(lua_State* lua) {
  size_t size = 0;
  const char* code = luaL_checklstring(lua, 1, &size);
  return LoadText(lua, {code, size}, luaL_optstring(lua, 2, code));
}

// Calls the reader here, not from within Lua's parser, which would swallow an error that ends the
// run.
int Load(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  const char* chunk = luaL_optstring(lua, 2, "=(load)");
  lua_settop(lua, 2);
  luaL_Buffer code;
  luaL_buffinit(lua, &code);
  while (true) {
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    if (lua_isnil(lua, -1) || (lua_isstring(lua, -1) && lua_objlen(lua, -1) == 0)) break;
    if (!lua_isstring(lua, -1)) {
      lua_pushnil(lua);
      lua_pushliteral(lua, "reader function must return a string");
      return 2;
    }
    luaL_addvalue(&code);
  }
  lua_pop(lua, 1);
  luaL_pushresult(&code);
  return LoadText(lua, Text(lua, -1), chunk);
}

// --- numbers

int MathRandom(lua_State* lua) {
  const double r = Vm::Of(lua).random().Next();
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, r);
      return 1;
    case 1: {
      int high = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= high, 1, "interval is empty");
      lua_pushnumber(lua, std::floor(r * high) + 1);
      return 1;
    }
    case 2: {
      int low = luaL_checkint(lua, 1);
      int high = luaL_checkint(lua, 2);
      luaL_argcheck(lua, low <= high, 2, "interval is empty");
      lua_pushnumber(lua, std::floor(r * (static_cast<double>(high) - low + 1)) + low);
      return 1;
    }
    default:
      return luaL_error(lua, "wrong number of arguments");
  }
}

int RandomSeed(lua_State* lua) {
  Vm::Of(lua).random().Seed(static_cast<uint32_t>(luaL_checkint(lua, 1)));
  return 0;
}

// --- set-up

void OpenLibrary(lua_State* lua, const char* name, lua_CFunction open) {
  lua_pushcfunction(lua, open);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

// Replaces `name` of the table on top and returns what was there.
lua_CFunction Replace(lua_State* lua, const char* name, lua_CFunction by) {
  lua_getfield(lua, -1, name);
  lua_CFunction was = lua_tocfunction(lua, -1);
  lua_pop(lua, 1);
  lua_pushcfunction(lua, by);
  lua_setfield(lua, -2, name);
  return was;
}

void RemoveForbidden(lua_State* lua) {
  for (lua_pushnil(lua); lua_next(lua, LUA_GLOBALSINDEX) != 0;) {
    lua_pop(lua, 1);
    bool allowed = false;
    for (const char* name : kAllowed)
      allowed |= lua_type(lua, -1) == LUA_TSTRING && Text(lua, -1) == name;
    if (allowed) continue;
    lua_pushvalue(lua, -1);
    lua_pushnil(lua);
    lua_rawset(lua, LUA_GLOBALSINDEX);
  }
}

void ReplaceFunctions(lua_State* lua) {
  Vm::Originals& originals = Vm::Of(lua).originals;
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  originals.next = Replace(lua, "next", Next);
  originals.rawget = Replace(lua, "rawget", RawGet);
  originals.rawset = Replace(lua, "rawset", RawSet);
  originals.getmetatable = Replace(lua, "getmetatable", GetMetatable);
  originals.setmetatable = Replace(lua, "setmetatable", SetMetatable);
  originals.xpcall = Replace(lua, "xpcall", Xpcall);
  Replace(lua, "pcall", Pcall);
  Replace(lua, "load", Load);
  Replace(lua, "loadstring", LoadString);
  lua_pushcfunction(lua, Next);
  lua_pushcfunction(lua, originals.next);
  lua_pushcclosure(lua, Pairs, 2);
  lua_setfield(lua, -2, "pairs");
  lua_getfield(lua, -1, "table");
  originals.insert = Replace(lua, "insert", Insert);
  originals.remove = Replace(lua, "remove", Remove);
  originals.foreach = Replace(lua, "foreach", ForEach);
  lua_getfield(lua, -2, "coroutine");
  originals.resume = Replace(lua, "resume", Resume);
  lua_getfield(lua, -3, "math");
  Replace(lua, "random", MathRandom);
  Replace(lua, "randomseed", RandomSeed);
  lua_pop(lua, 4);
}

// A metatable for the table on top: what is missing there is an error.
void RefuseMissing(lua_State* lua) {
  lua_newtable(lua);
  lua_pushcfunction(lua, MissingGlobal);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

void MakeLoadGlobals(lua_State* lua) {
  lua_newtable(lua);
  lua_newtable(lua);
  AddLoadApi(lua);
  RefuseMissing(lua);
  lua_setfield(lua, -2, "redis");
  RefuseMissing(lua);
  lua_pushvalue(lua, -1);
  Guard(lua);  // for the sake of what it holds
  lua_pop(lua, 1);
  SetRegistry(lua, &kLoadGlobals);
}

}  // namespace

void OpenSandbox(lua_State* lua) {
  OpenLibrary(lua, "", luaopen_base);
  OpenLibrary(lua, LUA_TABLIBNAME, luaopen_table);
  OpenLibrary(lua, LUA_STRLIBNAME, luaopen_string);
  OpenLibrary(lua, LUA_MATHLIBNAME, luaopen_math);
  OpenScriptLibraries(lua);
  lua_newtable(lua);
  AddApi(lua);
  lua_setglobal(lua, "redis");
  RemoveForbidden(lua);
  ReplaceFunctions(lua);
  OpenGuards(lua);
  MakeLoadGlobals(lua);
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  RefuseMissing(lua);
  lua_pushvalue(lua, -1);
  SetRegistry(lua, &kGlobals);
  Guard(lua);
  PushGuardMeta(lua, -1);
  SetRegistry(lua, &kGlobalsMeta);
  // From here on what is compiled in this state has the guard for its globals.
  lua_replace(lua, LUA_GLOBALSINDEX);
}

void PushGlobals(lua_State* lua) { PushRegistry(lua, &kGlobals); }

void UseLoadGlobals(lua_State* lua, bool loading) {
  PushRegistry(lua, &kGlobalsMeta);
  lua_pushliteral(lua, "__index");
  PushRegistry(lua, loading ? &kLoadGlobals : &kGlobals);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
}

int RaiseUnwind(lua_State* lua) {
  lua_pushliteral(lua, "the script is being ended");
  return lua_error(lua);
}

int HandleError(lua_State* lua) {
  lua_settop(lua, 1);
  lua_Debug at;
  // Level 0 is this function, 1 what raised; for a function of C its caller says more.
  bool located = lua_getstack(lua, 1, &at) && lua_getinfo(lua, "Sl", &at);
  if (located && at.what[0] == 'C')
    located = lua_getstack(lua, 2, &at) && lua_getinfo(lua, "Sl", &at);
  lua_newtable(lua);
  if (lua_istable(lua, 1)) {
    LookThrough(lua, 1);
    lua_pushliteral(lua, "err");
    lua_rawget(lua, 1);
    if (lua_type(lua, -1) != LUA_TSTRING) {
      lua_pop(lua, 1);
      lua_pushliteral(lua, "ERR unknown error");
    }
  } else if (lua_isstring(lua, 1)) {
    lua_pushliteral(lua, "ERR ");
    lua_pushvalue(lua, 1);
    lua_concat(lua, 2);
  } else if (lua_isboolean(lua, 1)) {
    lua_pushstring(lua, lua_toboolean(lua, 1) ? "ERR true" : "ERR false");
  } else {
    lua_pushfstring(lua, "ERR %s", lua_typename(lua, lua_type(lua, 1)));
  }
  lua_setfield(lua, 2, "err");
  if (located) {
    lua_pushstring(lua, at.source);
    lua_setfield(lua, 2, "source");
    lua_pushinteger(lua, at.currentline);
    lua_setfield(lua, 2, "line");
  }
  return 1;
}

}  // namespace basalt::script
