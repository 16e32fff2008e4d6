// Evaluates one Lua expression with the libraries of scripts, in a bare VM and, where there is one,
// in a redis-server, and gives what came out as text that can be compared: every result with its
// type, control characters escaped, table fields sorted; or the error. One thread.
#pragma once

#include <gtest/gtest.h>

#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/script/libraries.h"
#include "tests/support/redis_process.h"

namespace basalt {

// ARGV[1] is an expression list; ARGV[2] and further are what it may use, as `a` and `b`.
inline constexpr char kProbeScript[] = R"LUA(
local function text(s)
  local shown = s:gsub('[^%w%p ]', function(c) return ('\\x%02x'):format(c:byte()) end)
  return '"' .. shown:gsub('%z', '\\x00') .. '"'
end
local function show(v, depth)
  if type(v) == 'string' then return text(v) end
  if type(v) == 'number' then return ('%.17g'):format(v) end
  if type(v) == 'userdata' then return v == cjson.null and 'null' or 'userdata' end
  if type(v) ~= 'table' then return type(v) == 'function' and 'function' or tostring(v) end
  if depth > 40 then return 'deep' end
  local fields = {}
  for k, x in pairs(v) do
    fields[#fields + 1] = show(k, depth + 1) .. '=' .. show(x, depth + 1)
  end
  table.sort(fields)
  return '{' .. table.concat(fields, ',') .. '}'
end
local chunk = assert(loadstring('local a, b = ... return ' .. ARGV[1], '@probe'))
local function results(ok, ...)
  local shown = {}
  for i = 1, select('#', ...) do shown[i] = show((select(i, ...)), 0) end
  return (ok and '' or 'error: ') .. table.concat(shown, ' ')
end
return results(pcall(chunk, ARGV[2], ARGV[3]))
)LUA";

class LocalProbe {
 public:
  LocalProbe() : lua_(luaL_newstate()) {
    luaL_openlibs(lua_);
    OpenScriptLibraries(lua_);
    EXPECT_EQ(lua_gettop(lua_), 0);
  }
  ~LocalProbe() { lua_close(lua_); }
  LocalProbe(const LocalProbe&) = delete;
  LocalProbe& operator=(const LocalProbe&) = delete;

  std::string Run(std::string_view expression, std::string_view a = {}, std::string_view b = {}) {
    lua_createtable(lua_, 3, 0);
    int index = 0;
    for (const std::string_view argument : {expression, a, b}) {
      lua_pushlstring(lua_, argument.data(), argument.size());
      lua_rawseti(lua_, -2, ++index);
    }
    lua_setglobal(lua_, "ARGV");
    if (luaL_loadstring(lua_, kProbeScript) == 0) lua_pcall(lua_, 0, 1, 0);
    size_t size = 0;
    const char* text = lua_tolstring(lua_, -1, &size);
    std::string result = text ? std::string(text, size) : "no text";
    lua_settop(lua_, 0);
    return result;
  }

 private:
  lua_State* lua_;
};

class RedisProbe {
 public:
  RedisProbe() : server_(RedisProcess::Start(folder_.path())) {}
  bool is_up() const { return server_ != nullptr; }
  std::string Run(std::string_view expression, std::string_view a = {}, std::string_view b = {}) {
    return server_
        ->Command(
            {"EVAL", kProbeScript, "0", std::string(expression), std::string(a), std::string(b)})
        .text;
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RedisProcess> server_;
};

}  // namespace basalt
