#include "core/script/key_reach.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "core/cmd/all_commands.h"
#include "core/script/lua_tokens.h"

namespace basalt::script {
namespace {

bool DeclaredOnly(std::string_view code) { return TouchesOnlyDeclaredKeys(code, AllCommands()); }

void ExpectAll(bool wanted, std::initializer_list<std::string_view> scripts) {
  for (std::string_view code : scripts) EXPECT_EQ(DeclaredOnly(code), wanted) << code;
}

TEST(KeyReachTest, ScriptsThatNameTheirKeysPlainly) {
  ExpectAll(
      true,
      {"return 1", "", "return redis.call('SET', KEYS[1], ARGV[1])",
       "return redis.call(\"set\", KEYS[1], 'KEYS', #KEYS)",
       "return redis.pcall([[get]], KEYS[#KEYS])",
       "redis.call('MSET', KEYS[1], 1, KEYS[2], ARGV[1]) return redis.call('MGET', KEYS[1], "
       "KEYS[2])",
       "for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end",
       "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else "
       "return 0 end",
       "local n = tonumber(redis.call('GET', KEYS[1])) if n > 3 then redis.call('INCRBY', "
       "KEYS[1], n) end",
       "local key = KEYS[1] local now = redis.call('TIME') redis.call('ZADD', key, now[1], "
       "ARGV[1])",
       "local key = KEYS[1]; return redis.call('HSET', key, 'f', redis.call('HGET', KEYS[2], "
       "'g'))",
       "return {KEYS[1], KEYS[2], KEYS[3]}", "return redis.call('LRANGE', KEYS[1], unpack(ARGV))",
       "-- redis.call('GET', 'x')\nreturn redis.sha1hex(KEYS[1])",
       "--[==[ redis.call('GET', 'x') ]] ]==] return redis.status_reply('x')",
       "local s = \"redis.call('GET', 'x')\" return redis.call('APPEND', KEYS[1], s)",
       "return redis.call('RENAME', KEYS[1], KEYS[2])"});
}

TEST(KeyReachTest, KeysThatAreNotDeclared) {
  ExpectAll(false, {"return redis.call('GET', 'x')",
                    "return redis.call('GET', ARGV[1])",
                    "return redis.call('GET', KEYS[1] .. 'x')",
                    "return redis.call('GET', 'x' .. KEYS[1])",
                    "return redis.call('GET', (KEYS[1]))",
                    "return redis.call('GET')",
                    "return redis.call('GET', unpack(ARGV))",
                    "return redis.call('DEL', KEYS[1], 'x')",
                    "return redis.call('DEL', KEYS[1], unpack(ARGV))",
                    "return redis.call('DEL', KEYS[1], f'x')",
                    "return redis.call('MSET', KEYS[1], 1, 'x', 2)",
                    "return redis.call('MSET', KEYS[1], unpack(ARGV))",
                    "return redis.call('RENAME', KEYS[1])",
                    "return redis.call('SORT', KEYS[1], 'BY', 'w_*')",
                    "return redis.call('ZUNIONSTORE', KEYS[1], 1, 'x')",
                    "return redis.call('DBSIZE')",
                    "return redis.call('KEYS', '*')",
                    "return redis.call('SCAN', 0)",
                    "return redis.call('OBJECT', 'ENCODING', 'x')",
                    "return redis.call('BLPOP', KEYS[1], 'x', 0)",
                    "return redis.call('NOSUCH', KEYS[1])",
                    "return redis.call(ARGV[1], KEYS[1])",
                    "return redis.call('S\\69T', KEYS[1], 1)",
                    "return redis.call('GET' .. '', KEYS[1])"});
}

TEST(KeyReachTest, WaysAroundTheText) {
  ExpectAll(false, {"local r = redis return r.call('GET', 'x')",
                    "return redis['call']('GET', 'x')",
                    "return redis.call'PING'",
                    "local c = redis.call return c('GET', 'x')",
                    "return pcall(redis.call, 'GET', 'x')",
                    "return ({redis})[1].call('GET', 'x')",
                    "return _G['redis'].call('GET', 'x')",
                    "return loadstring('return redis.call(\"GET\", \"x\")')()",
                    "local f = function(k) return redis.call('GET', k) end return f('x')",
                    "KEYS[1] = 'x' return redis.call('GET', KEYS[1])",
                    "KEYS = {'x'} return redis.call('GET', KEYS[1])",
                    "local KEYS = {'x'} return redis.call('GET', KEYS[1])",
                    "local a = 5 KEYS[1], a = 'x', 1 return redis.call('GET', KEYS[1])",
                    "local a a, KEYS[1] = 1, 'x' return redis.call('GET', KEYS[1])",
                    "local a, b a, KEYS[1], b = 1, 'x', 2 return redis.call('GET', KEYS[1])",
                    "KEYS[1], KEYS[2] = 'x', 'y' return redis.call('GET', KEYS[1])",
                    "table.insert(KEYS, 'x') return redis.call('GET', KEYS[#KEYS])",
                    "local k = KEYS k[1] = 'x' return redis.call('GET', KEYS[1])",
                    "setmetatable(KEYS, {__index = ARGV}) return redis.call('GET', KEYS[7])",
                    "return redis.call('SET', _VERSION, 1)",
                    "do local _VERSION = KEYS[1] end return redis.call('SET', _VERSION, 1)"});
}

TEST(KeyReachTest, AnAliasIsGoodOnlyWhileNothingElseCanBeInIt) {
  EXPECT_TRUE(DeclaredOnly("local k = KEYS[1] return redis.call('GET', k)"));
  EXPECT_TRUE(DeclaredOnly("local k = KEYS[1] if k then return redis.call('SET', k, k) end"));
  ExpectAll(false, {"local k = KEYS[1] k = 'x' return redis.call('GET', k)",
                    "local k = KEYS[1] local k = 'x' return redis.call('GET', k)",
                    "local k = KEYS[1] local a, k = 1, 'x' return redis.call('GET', k)",
                    "local k = KEYS[1] local a a, k = 1, 'x' return redis.call('GET', k)",
                    "local k = KEYS[1] local a k, a = 'x', 1 return redis.call('GET', k)",
                    "local k = KEYS[1] for k = 1, 2 do redis.call('GET', k) end",
                    "local k = KEYS[1] for i, k in ipairs(ARGV) do redis.call('GET', k) end",
                    "local k = KEYS[1] or 'x' return redis.call('GET', k)",
                    "local k = KEYS[1] .. 'x' return redis.call('GET', k)",
                    "local k = KEYS[1]:rep(2) return redis.call('GET', k)",
                    "k = KEYS[1] return redis.call('GET', k)"});
}

TEST(KeyReachTest, TextThatIsNoLua) {
  ExpectAll(false, {std::string_view("return 'x"), std::string_view("--[[ x"),
                    std::string_view("return [[ [[ ]]"),
                    std::string_view("return redis.call('GET', KEYS[1)"),
                    std::string_view("return 1\0", 9), std::string_view("redis"),
                    std::string_view("redis.call("), std::string_view("local k = KEYS[")});
}

TEST(KeyReachTest, LargeScriptsAreNotFollowed) {
  const std::string call = "redis.call('GET', KEYS[1]) ";
  std::string code = "return 1";
  for (int i = 0; i < 100; ++i) code = call + code;
  EXPECT_TRUE(DeclaredOnly(code));
  for (int i = 0; i < 200; ++i) code = call + code;
  EXPECT_FALSE(DeclaredOnly(code));
  EXPECT_TRUE(DeclaredOnly("--" + std::string(20'000, 'x') + "\nreturn 1"));
  EXPECT_FALSE(DeclaredOnly("--" + std::string(40'000, 'x') + "\nreturn 1"));
}

std::string Tokens(std::string_view code) {
  std::vector<LuaToken> tokens;
  if (!ReadLuaTokens(code, &tokens)) return "error";
  std::string out;
  for (const LuaToken& token : tokens) {
    if (token.kind == LuaToken::Kind::kEnd) break;
    if (!out.empty()) out += ' ';
    out += "nsd-"[static_cast<size_t>(token.kind)];
    out += token.text;
  }
  return out;
}

TEST(LuaTokensTest, EveryKind) {
  EXPECT_EQ(Tokens("a.b1 = 'x'"), "na -. nb1 -= sx");
  EXPECT_EQ(Tokens("1e-3+0x1F..3.5"), "d1e-3 -+ d0x1F -.. d3.5");
  EXPECT_EQ(Tokens("a..b ... ~= == <= >="), "na -.. nb -... -~= -== -<= ->=");
  EXPECT_EQ(Tokens("'a\\'b' \"c\\\"\""), "sa\\'b sc\\\"");
  EXPECT_EQ(Tokens("[[a]b]] [=[c]]]=] x[1]"), "sa]b sc]] nx -[ d1 -]");
  EXPECT_EQ(Tokens("a--b\rc--[[d\n]]e--[=d\nf"), "na nc ne nf");
  EXPECT_EQ(Tokens(""), "");
}

TEST(LuaTokensTest, WhatLuaRefuses) {
  for (const char* code : {"'a", "'a\nb'", "[[a", "[==[a]=]", "--[[", "'\\"})
    EXPECT_EQ(Tokens(code), "error") << code;
}

}  // namespace
}  // namespace basalt::script
