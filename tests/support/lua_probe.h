// Evaluates Lua expressions with the libraries of scripts, in a bare VM and, where there is one, in
// a redis-server, and gives what came out as text that can be compared: every result with its type,
// control characters escaped, table fields sorted; or the error. One thread.
#pragma once

#include <gtest/gtest.h>

#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/script/libraries.h"
#include "tests/support/redis_process.h"

namespace basalt {

// An expression list, and two texts that it may use as `a` and `b`.
struct ProbeCase {
  std::string expression, a, b;
};

// ARGV holds the three parts of every case; returns as many texts as there are cases.
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
local function results(ok, ...)
  local shown = {}
  for i = 1, select('#', ...) do shown[i] = show((select(i, ...)), 0) end
  return (ok and '' or 'error: ') .. table.concat(shown, ' ')
end
local all = {}
for i = 1, #ARGV, 3 do
  local chunk, wrong = loadstring('local a, b = ... return ' .. ARGV[i], '@probe')
  all[#all + 1] = chunk and results(pcall(chunk, ARGV[i + 1], ARGV[i + 2])) or wrong
end
return all
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

  std::vector<std::string> Run(const std::vector<ProbeCase>& cases) {
    lua_newtable(lua_);
    int index = 0;
    for (const ProbeCase& c : cases) {
      for (const std::string* argument : {&c.expression, &c.a, &c.b}) {
        lua_pushlstring(lua_, argument->data(), argument->size());
        lua_rawseti(lua_, -2, ++index);
      }
    }
    lua_setglobal(lua_, "ARGV");
    if (luaL_loadstring(lua_, kProbeScript) == 0) lua_pcall(lua_, 0, 1, 0);
    std::vector<std::string> results(cases.size());
    if (!lua_istable(lua_, -1)) {
      ADD_FAILURE() << lua_tostring(lua_, -1);
      lua_newtable(lua_);
    }
    for (size_t i = 0; i < cases.size(); ++i) {
      lua_rawgeti(lua_, -1, static_cast<int>(i + 1));
      size_t size = 0;
      if (const char* text = lua_tolstring(lua_, -1, &size)) results[i].assign(text, size);
      lua_pop(lua_, 1);
    }
    lua_settop(lua_, 0);
    return results;
  }
  std::string Run(const std::string& expression) { return Run({{expression, "", ""}})[0]; }

 private:
  lua_State* lua_;
};

class RedisProbe {
 public:
  RedisProbe() : server_(RedisProcess::Start(folder_.path())) {}
  bool is_up() const { return server_ != nullptr; }
  std::vector<std::string> Run(const std::vector<ProbeCase>& cases) {
    std::vector<std::string> command = {"EVAL", kProbeScript, "0"};
    for (const ProbeCase& c : cases) command.insert(command.end(), {c.expression, c.a, c.b});
    const ReplyValue reply = server_->Command(command);
    std::vector<std::string> results;
    for (const ReplyValue& element : reply.elements) results.push_back(element.text);
    EXPECT_EQ(results.size(), cases.size()) << reply.text;
    results.resize(cases.size());
    return results;
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RedisProcess> server_;
};

}  // namespace basalt
