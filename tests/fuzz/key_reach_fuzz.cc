// libFuzzer: script text of any kind. What TouchesOnlyDeclaredKeys says yes to is run with a
// redis.call that dies when it is given a key which is not in KEYS. The input also picks pieces of
// scripts from a list, for bytes alone seldom make a script that is both valid and devious.
#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/cmd/all_commands.h"
#include "core/script/key_reach.h"

namespace {

constexpr std::string_view kPieces[] = {
    "redis.call(",
    "redis.pcall(",
    "'GET'",
    "'SET'",
    "'DEL'",
    "'MSET'",
    "'LRANGE'",
    "'RENAME'",
    ",",
    ",",
    ")",
    ")",
    "KEYS[1]",
    "KEYS[2]",
    "KEYS[#KEYS]",
    "KEYS",
    "ARGV[1]",
    "ARGV",
    "'x'",
    "1",
    "unpack(",
    "local k = ",
    "k",
    "k = ",
    "local a ",
    "a",
    "a, ",
    "= ",
    " return ",
    " if ",
    " then ",
    " end ",
    " for ",
    " in ipairs(",
    " do ",
    " while ",
    " else ",
    " ..",
    " or ",
    " and ",
    " not ",
    "#",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "--",
    "\n",
    "; ",
    "local ",
    "redis",
    ".call",
    "pcall(",
    "tostring(",
    "table.insert(",
    "table.concat(",
    "setmetatable(",
    "string.upper(",
    "select(",
    "...",
    "\"",
    "'",
};

// Raises nothing: an error would jump over its vectors.
bool CheckWords(lua_State* lua) {
  std::vector<std::string_view> words;
  for (int i = 1; i <= lua_gettop(lua); ++i) {
    size_t size = 0;
    const char* text = lua_tolstring(lua, i, &size);
    if (text == nullptr) return false;
    words.emplace_back(text, size);
  }
  const basalt::Args args{words.data(), words.size()};
  const basalt::CommandSpec* spec = words.empty() ? nullptr : basalt::AllCommands().Find(args);
  std::vector<uint32_t> keys;
  if (spec != nullptr && spec->ArityFits(words.size()) && FindKeys(*spec, args, &keys)) {
    for (uint32_t i : keys) BASALT_CHECK(words[i] == "declared:1" || words[i] == "declared:2");
  }
  return true;
}

int Call(lua_State* lua) {
  if (!CheckWords(lua)) return luaL_error(lua, "no string");
  lua_pushliteral(lua, "value");
  return 1;
}

void Stop(lua_State* lua, lua_Debug*) { luaL_error(lua, "long enough"); }

void PushList(lua_State* lua, const char* name, const char* first, const char* second) {
  lua_newtable(lua);
  lua_pushstring(lua, first);
  lua_rawseti(lua, -2, 1);
  lua_pushstring(lua, second);
  lua_rawseti(lua, -2, 2);
  lua_setglobal(lua, name);
}

void Run(std::string_view code) {
  lua_State* lua = luaL_newstate();
  for (lua_CFunction open : {luaopen_base, luaopen_table, luaopen_string}) {
    lua_pushcfunction(lua, open);
    lua_call(lua, 0, 0);
  }
  for (const char* unsafe : {"dofile", "loadfile", "print", "newproxy"}) {
    lua_pushnil(lua);
    lua_setglobal(lua, unsafe);
  }
  PushList(lua, "KEYS", "declared:1", "declared:2");
  PushList(lua, "ARGV", "argument:1", "argument:2");
  lua_newtable(lua);
  for (const char* name : {"call", "pcall"}) {
    lua_pushcfunction(lua, Call);
    lua_setfield(lua, -2, name);
  }
  lua_setglobal(lua, "redis");
  lua_sethook(lua, Stop, LUA_MASKCOUNT, 20000);
  if (luaL_loadbuffer(lua, code.data(), code.size(), "script") == 0) lua_pcall(lua, 0, 0, 0);
  lua_close(lua);
}

void Check(std::string_view code) {
  if (basalt::script::TouchesOnlyDeclaredKeys(code, basalt::AllCommands())) Run(code);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Check({reinterpret_cast<const char*>(data), size});
  std::string code;
  for (size_t i = 0; i < size; ++i) code += kPieces[data[i] % std::size(kPieces)];
  Check(code);
  return 0;
}
