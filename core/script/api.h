// The functions of the `redis` table. All raise (lua.h).
#pragma once

#include <string_view>

#include "core/script/lua.h"

namespace basalt::script {

// Adds to the table on top what scripts and functions see while they run.
void AddApi(lua_State* lua);
// Adds what a library sees while it is loaded: register_function, log and the versions.
void AddLoadApi(lua_State* lua);

// api_call.cc: redis.call, pcall and acl_check_cmd.
void AddCallApi(lua_State* lua);
// api_register.cc: redis.register_function.
int RegisterFunction(lua_State* lua);

// Pushes {err=text}, the form of errors in scripts. `text` begins with its code.
void PushError(lua_State* lua, std::string_view text);
// The same, raised.
int RaiseError(lua_State* lua, std::string_view text);

}  // namespace basalt::script
