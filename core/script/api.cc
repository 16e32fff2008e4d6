#include "core/script/api.h"

#include "core/admin/version.h"
#include "core/base/log.h"
#include "core/script/run.h"
#include "core/script/sha1.h"
#include "core/script/vm.h"

namespace basalt::script {
namespace {

constexpr int kLogLevels = 4;  // debug, verbose, notice, warning
constexpr int kReplAof = 1, kReplReplica = 2;

int PushSingleField(lua_State* lua, const char* field) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    PushError(lua, "ERR wrong number or type of arguments");
    return 1;
  }
  lua_newtable(lua);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, field);
  return 1;
}

int StatusReply(lua_State* lua) { return PushSingleField(lua, "ok"); }

// The code is the first of several words, or ERR. A leading '-' is taken off.
int ErrorReply(lua_State* lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) return PushSingleField(lua, "err");
  std::string_view text = Text(lua, 1);
  if (text.starts_with('-')) text.remove_prefix(1);
  while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
  lua_pushstring(lua, text.find(' ') == std::string_view::npos ? "ERR " : "");
  Push(lua, text);
  lua_concat(lua, 2);
  PushError(lua, Text(lua, -1));
  return 1;
}

int Sha1Hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "ERR wrong number of arguments");
  char hex[kShaHexBytes];
  std::string_view text = lua_isstring(lua, 1) ? Text(lua, 1) : std::string_view();
  {
    std::string made = script::Sha1Hex(text);  // gone before Lua is called again
    made.copy(hex, sizeof(hex));
  }
  Push(lua, {hex, sizeof(hex)});
  return 1;
}

int Log(lua_State* lua) {
  int words = lua_gettop(lua);
  if (words < 2) return RaiseError(lua, "ERR redis.log() requires two arguments or more.");
  if (!lua_isnumber(lua, 1))
    return RaiseError(lua, "ERR First argument must be a number (log level).");
  int level = static_cast<int>(lua_tonumber(lua, 1));
  if (level < 0 || level >= kLogLevels) return RaiseError(lua, "ERR Invalid debug level.");
  if (static_cast<LogLevel>(level) < CurrentLogLevel()) return 0;
  lua_pushliteral(lua, "");
  for (int i = 2; i <= words; ++i) {
    if (!lua_isstring(lua, i)) continue;
    if (lua_objlen(lua, -1) > 0) {
      lua_pushliteral(lua, " ");
      lua_concat(lua, 2);
    }
    lua_pushvalue(lua, i);
    lua_concat(lua, 2);
  }
  LogLine(static_cast<LogLevel>(level), Text(lua, -1));
  return 0;
}

int SetResp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "ERR redis.setresp() requires one argument.");
  int resp = static_cast<int>(lua_tonumber(lua, 1));
  if (resp != 2 && resp != 3) return RaiseError(lua, "ERR RESP version must be 2 or 3.");
  Vm::Of(lua).run()->resp = resp;
  return 0;
}

// Effects are always logged: what Redis lets a script switch off would be lost on restart.
int SetRepl(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "ERR redis.set_repl() requires two arguments.");
  int flags = static_cast<int>(lua_tonumber(lua, 1));
  if (flags & ~(kReplAof | kReplReplica)) {
    return RaiseError(
        lua, "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  return 0;
}

int ReplicateCommands(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

// Outside of Redis's debugger these do nothing either.
int Breakpoint(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}
int Debug(lua_State*) { return 0; }

void AddFunction(lua_State* lua, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, -2, name);
}

void AddNumber(lua_State* lua, const char* name, int value) {
  lua_pushnumber(lua, value);
  lua_setfield(lua, -2, name);
}

// Log and versions.
void AddCommonApi(lua_State* lua) {
  AddFunction(lua, "log", Log);
  AddNumber(lua, "LOG_DEBUG", 0);
  AddNumber(lua, "LOG_VERBOSE", 1);
  AddNumber(lua, "LOG_NOTICE", 2);
  AddNumber(lua, "LOG_WARNING", 3);
  lua_pushstring(lua, kRedisVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
  AddNumber(lua, "REDIS_VERSION_NUM", kRedisVersionNumber);
}

}  // namespace

void PushError(lua_State* lua, std::string_view text) {
  lua_newtable(lua);
  Push(lua, text);
  lua_setfield(lua, -2, "err");
}

int RaiseError(lua_State* lua, std::string_view text) {
  PushError(lua, text);
  return lua_error(lua);
}

void AddApi(lua_State* lua) {
  AddCommonApi(lua);
  AddCallApi(lua);
  AddFunction(lua, "status_reply", StatusReply);
  AddFunction(lua, "error_reply", ErrorReply);
  AddFunction(lua, "sha1hex", Sha1Hex);
  AddFunction(lua, "setresp", SetResp);
  AddFunction(lua, "set_repl", SetRepl);
  AddNumber(lua, "REPL_NONE", 0);
  AddNumber(lua, "REPL_AOF", kReplAof);
  AddNumber(lua, "REPL_SLAVE", kReplReplica);
  AddNumber(lua, "REPL_REPLICA", kReplReplica);
  AddNumber(lua, "REPL_ALL", kReplAof | kReplReplica);
  if (Vm::Of(lua).kind() != Vm::Kind::kEval) return;
  AddFunction(lua, "replicate_commands", ReplicateCommands);
  AddFunction(lua, "breakpoint", Breakpoint);
  AddFunction(lua, "debug", Debug);
}

void AddLoadApi(lua_State* lua) {
  AddCommonApi(lua);
  AddFunction(lua, "register_function", RegisterFunction);
}

}  // namespace basalt::script
