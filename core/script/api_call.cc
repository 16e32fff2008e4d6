// redis.call, redis.pcall and redis.acl_check_cmd.
#include <cstdio>

#include "core/script/api.h"
#include "core/script/run.h"
#include "core/script/sandbox.h"
#include "core/script/to_lua.h"
#include "core/script/vm.h"

namespace basalt::script {
namespace {

constexpr std::string_view kNoArguments =
    "ERR Please specify at least one argument for this redis lib call";
constexpr std::string_view kBadArguments =
    "ERR Lua redis lib command arguments must be strings or integers";

// Makes the arguments the words of the run's command. Numbers become strings where they stand on
// the stack, which keeps the words' memory. Null, or what is wrong.
const char* ReadWords(lua_State* lua, ScriptRun& run) {
  const int count = lua_gettop(lua);
  if (count == 0) return kNoArguments.data();
  for (int i = 1; i <= count; ++i) {
    if (lua_type(lua, i) == LUA_TNUMBER) {
      char text[40];
      int size = snprintf(text, sizeof(text), "%.17g", lua_tonumber(lua, i));
      lua_pushlstring(lua, text, static_cast<size_t>(size));
      lua_replace(lua, i);
    } else if (lua_type(lua, i) != LUA_TSTRING) {
      return kBadArguments.data();
    }
  }
  run.words.clear();
  for (int i = 1; i <= count; ++i) run.words.push_back(Text(lua, i));
  return nullptr;
}

void PushCallError(lua_State* lua, std::string_view text) {
  PushError(lua, text);
  lua_pushboolean(lua, 1);
  lua_setfield(lua, -2, "ignore_error_stats_update");
}

// Pushes the command's result; false when it is an error.
bool RunCommand(lua_State* lua) {
  ScriptRun& run = *Vm::Of(lua).run();
  if (run.unwind() != Unwind::kNot) return RaiseUnwind(lua) != 0;
  if (const char* wrong = ReadWords(lua, run); wrong != nullptr) {
    PushError(lua, wrong);
    return false;
  }
  if (!run.Execute()) {
    if (run.unwind() != Unwind::kNot) return RaiseUnwind(lua) != 0;
    PushCallError(lua, run.error);
    return false;
  }
  if (run.reply.starts_with('-')) {
    PushCallError(lua, std::string_view(run.reply).substr(1, run.reply.find('\r') - 1));
    return false;
  }
  lua_settop(lua, 0);
  PushReply(lua, run.reply);
  return true;
}

int Call(lua_State* lua) {
  if (!RunCommand(lua)) return lua_error(lua);
  return 1;
}

int Pcall(lua_State* lua) {
  RunCommand(lua);
  return 1;
}

// There is one user, who may do everything.
int AclCheckCommand(lua_State* lua) {
  ScriptRun& run = *Vm::Of(lua).run();
  if (const char* wrong = ReadWords(lua, run); wrong != nullptr) return RaiseError(lua, wrong);
  if (run.caller().commands().Find(Args{run.words.data(), run.words.size()}) == nullptr) {
    return RaiseError(lua, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(lua, 1);
  return 1;
}

}  // namespace

void AddCallApi(lua_State* lua) {
  lua_pushcfunction(lua, Call);
  lua_setfield(lua, -2, "call");
  lua_pushcfunction(lua, Pcall);
  lua_setfield(lua, -2, "pcall");
  lua_pushcfunction(lua, AclCheckCommand);
  lua_setfield(lua, -2, "acl_check_cmd");
}

}  // namespace basalt::script
