// What scripts may touch of Lua. Debian's Lua has no read-only tables, so what scripts share is
// guarded by proxies:
//
//   A script sees of every shared table (the globals, `redis`, `string`, `cjson` ...) only its
//   guard: an empty table whose metatable reads through to the real one (__index) and refuses
//   writes (__newindex). The real tables never get into a script's hands: not by next, pairs,
//   rawget, getmetatable or table.foreach, which look through a guard by themselves, and what would
//   write past a metatable (rawset, setmetatable, table.insert ...) refuses guards. There is no
//   getfenv, no debug, no loading of bytecode.
//
// Besides, pcall, xpcall and coroutine.resume go on with an error that must end the run
// (ScriptRun::unwind). All functions raise (lua.h) unless they say otherwise.
#pragma once

#include "core/script/lua.h"
#include "core/script/vm.h"

namespace basalt::script {

// Makes the globals of a fresh state. KEYS and ARGV come with every call.
void OpenSandbox(lua_State* lua);

// Pushes the table of real globals, or what a library sees instead while it is loaded.
void PushGlobals(lua_State* lua);
// The globals are those of a library that is being loaded, or the usual ones again. Does not raise.
void UseLoadGlobals(lua_State* lua, bool loading);

// Raises the error that ends a run.
int RaiseUnwind(lua_State* lua);

// The message handler of scripts: makes any error value a fresh table {err, source, line}.
int HandleError(lua_State* lua);

}  // namespace basalt::script
