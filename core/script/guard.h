// The proxies of shared tables (sandbox.h). All functions raise (lua.h).
#pragma once

#include "core/script/lua.h"

namespace basalt::script {

inline constexpr char kReadOnlyError[] = "Attempt to modify a readonly table";

// Readies a fresh state.
void OpenGuards(lua_State* lua);

// Replaces the table on top of the stack by its guard. Tables in it are replaced by theirs.
void Guard(lua_State* lua);
// Pushes the guard's metatable, where what it reads through to is `__index`.
void PushGuardMeta(lua_State* lua, int guard);
bool IsGuard(lua_State* lua, int index);
// Replaces a guard at `index` by the real table; leaves all else alone. The real table must not get
// into a script's hands.
bool LookThrough(lua_State* lua, int index);

// __newindex of guards: raises, with the script's line.
int RefuseWrite(lua_State* lua);

}  // namespace basalt::script
