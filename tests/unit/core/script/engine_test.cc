#include "core/script/engine.h"

#include <pthread.h>

#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class EngineTest : public CommandFixture {
 protected:
  std::string Eval(const std::string& code, const std::vector<std::string>& keys = {},
                   const std::vector<std::string>& args = {}) {
    std::vector<std::string> words = {"EVAL", code, std::to_string(keys.size())};
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), args.begin(), args.end());
    return Reply(words);
  }
  // The error without the script's name and line.
  std::string ErrorOf(const std::string& code) {
    std::string reply = Eval(code);
    return reply.substr(0, reply.find(" script: "));
  }
};

TEST_F(EngineTest, KeysArgumentsAndReplies) {
  EXPECT_EQ(Eval("return {KEYS[1], ARGV[1], #KEYS, #ARGV}", {"k"}, {"a", "b"}), "[k a 1 2]");
  EXPECT_EQ(Eval("return 3.99"), "3");
  EXPECT_EQ(Eval("return {1, 2, nil, 4}"), "[1 2]");
  EXPECT_EQ(Eval("return {ok='fine'}"), "fine");
  EXPECT_EQ(Eval("return {err='MY error'}"), "-MY error");
  EXPECT_EQ(Eval("return false"), "nil");
}

TEST_F(EngineTest, EffectsAreOneGroupInTheLog) {
  EXPECT_EQ(
      Eval("redis.call('set', KEYS[1], 1) return redis.call('incrbyfloat', KEYS[1], 0.5)", {"k"}),
      "1.5");
  EXPECT_EQ(TakeLog(), "MULTI\nset k 1\nSET k 1.5 KEEPTTL\nEXEC");
  EXPECT_EQ(Eval("return redis.call('incr', KEYS[1])", {"n"}), "1");
  EXPECT_EQ(TakeLog(), "incr n");
  EXPECT_EQ(Eval("return redis.call('get', KEYS[1])", {"n"}), "1");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(EngineTest, WhatWasWrittenBeforeAnErrorStays) {
  EXPECT_EQ(ErrorOf("redis.call('set', 'k', 'v') error('boo')"), "-ERR user_script:1: boo");
  EXPECT_EQ(Run("GET k"), "v");
}

TEST_F(EngineTest, ErrorsSayWhere) {
  EXPECT_EQ(ErrorOf("\n\nerror('boo')"), "-ERR user_script:3: boo");
  EXPECT_TRUE(Eval("error('boo')").ends_with(", on @user_script:1."));
  EXPECT_EQ(ErrorOf("return redis.call('nosuch')"),
            "-ERR Unknown Redis command called from script");
  EXPECT_EQ(ErrorOf("return redis.call('get')"),
            "-ERR Wrong number of args calling Redis command from script");
  EXPECT_EQ(ErrorOf("return redis.call('multi')"),
            "-ERR This Redis command is not allowed from script");
  EXPECT_EQ(Eval("return redis.pcall('nosuch').err"),
            "ERR Unknown Redis command called from script");
  EXPECT_EQ(ErrorOf("error({})"), "-ERR unknown error");
}

TEST_F(EngineTest, EvalshaKnowsWhatEvalRan) {
  EXPECT_EQ(Run("EVALSHA 4ca238f611c9d0ae4e9a75a5dbac22aedc379801 0"),
            "-NOSCRIPT No matching script. Please use EVAL.");
  EXPECT_EQ(Eval("return 5"), "5");
  EXPECT_EQ(Run("EVALSHA 4ca238f611c9d0ae4e9a75a5dbac22aedc379801 0"), "5");
  EXPECT_EQ(Run("SCRIPT EXISTS 4ca238f611c9d0ae4e9a75a5dbac22aedc379801 abc"), "[1 0]");
  EXPECT_EQ(Run("SCRIPT FLUSH"), "OK");
  EXPECT_EQ(Run("EVALSHA 4ca238f611c9d0ae4e9a75a5dbac22aedc379801 0"),
            "-NOSCRIPT No matching script. Please use EVAL.");
}

TEST_F(EngineTest, OneStoreServesSeveralEngines) {
  script::ScriptStore store{&AllCommands()};
  script::ScriptEngine first(&store), second(&store);
  std::string sha;
  EXPECT_EQ(first.Load("return 'shared'", &sha), "");
  Keyspace keyspace;
  std::string out;
  CommandContext context({.local = &keyspace, .commands = &AllCommands(), .scripts = &second}, &out,
                         2);
  const std::string_view words[] = {"EVALSHA", sha, "0"};
  context.Begin(*AllCommands().Find("evalsha"), Args{words, 3}, {});
  context.Run();
  EXPECT_EQ(out, "$6\r\nshared\r\n");
}

TEST_F(EngineTest, ReadOnlyScriptsMayNotWrite) {
  EXPECT_TRUE(Reply({"EVAL_RO", "return redis.call('set', KEYS[1], 1)", "1", "k"})
                  .starts_with("-ERR Write commands are not allowed from read-only scripts."));
  EXPECT_TRUE(Eval("#!lua flags=no-writes\nreturn redis.call('set', 'k', 1)")
                  .starts_with("-ERR Write commands are not allowed from read-only scripts."));
  EXPECT_EQ(Run("EXISTS k"), "0");
}

// Each must fail, and leave nothing behind for the scripts that follow.
TEST_F(EngineTest, SharedTablesCannotBeChanged) {
  const char* attacks[] = {
      "x = 1",
      "_G.x = 1",
      "rawset(_G, 'x', 1)",
      "redis.call = nil",
      "string.rep = nil",
      "rawset(string, 'rep', nil)",
      "setmetatable(_G, {})",
      "setmetatable(redis, {})",
      "getmetatable('').__index = {}",
      "rawset(getmetatable(''), '__index', {})",
      "setmetatable(getmetatable(''), {})",
      "getmetatable(_G).__index = {}",
      "rawset(getmetatable(_G), '__index', nil)",
      "table.insert(redis, 1)",
      "table.insert(_G, 1, 2)",
      "table.remove(redis)  table.insert(string, 'x')",
      "local _, t = pairs(string) t.rep = nil",
      "local _, t = pairs(string) rawset(t, 'rep', nil)",
      "for k, v in pairs(_G) do if type(v) == 'table' and k ~= 'KEYS' and k ~= 'ARGV' then v.x = 1 "
      "end end",
      "for k, v in pairs(_G) do if type(v) == 'table' and k ~= 'KEYS' and k ~= 'ARGV' then "
      "rawset(v, 'x', 1) end end",
      "table.foreach(_G, function(k, v) if k == 'string' then v.x = 1 end end)",
      "local k, v = next(_G) while type(v) ~= 'table' or k == 'KEYS' or k == 'ARGV' do k, v = "
      "next(_G, k) end v.x = 1",
      "coroutine.wrap(function() x = 1 end)()",
      "coroutine.wrap(function() rawset(_G, 'x', 1) end)()",
      "loadstring('x = 1')()",
      "load(function() return nil end)() rawset(_G, 'x', 1)",
      "xpcall(function() error() end, function() x = 1 end) error('x')",
      "local t = setmetatable({}, {__newindex=_G}) t.x = 1",
      "local t = setmetatable({}, {__newindex=string}) t.x = 1",
      "getfenv(1).x = 1",
      "setfenv(1, {})",
      "cjson.encode = nil",
      "table.sort(redis) redis.x = 1",
      "table.setn(redis, 3)",
      "debug.getregistry()",
      "string.gsub('x', 'x', function() x = 1 end)",
      "local ok = pcall(function() redis.call = nil end) if not ok then error('refused') end",
  };
  for (const char* attack : attacks) {
    EXPECT_TRUE(Eval(attack).starts_with("-")) << attack << ": " << Eval(attack);
    EXPECT_EQ(Eval("return {rawget(_G, 'x') or 0, rawget(string, 'x') or 0, rawget(redis, 1) or 0, "
                   "type(redis.call), ('ab'):rep(2), "
                   "type(cjson.encode), redis.call('ping')}"),
              "[0 0 0 function abab function PONG]")
        << attack;
  }
}

TEST_F(EngineTest, BytecodeIsNotLoaded) {
  EXPECT_EQ(Eval("return loadstring(string.dump(function() return 5 end)) == nil"), "1");
  EXPECT_EQ(Eval("local s = string.dump(function() return 5 end) local i = 0 "
                 "return load(function() i = i + 1 return s:sub(i, i) ~= '' and s:sub(i, i) or nil "
                 "end) == nil"),
            "1");
  EXPECT_TRUE(Eval("\x1bLuaQ").starts_with("-ERR Error compiling script"));
}

TEST_F(EngineTest, TheStackEnds) {
  EXPECT_TRUE(ErrorOf("local function f() return f() + 1 end return f()").find("stack overflow") !=
              std::string::npos);
  EXPECT_EQ(Eval("return 1"), "1");
  // A table that holds itself ends in an error far inside. Frames are large under a sanitizer, so
  // it gets a large stack.
  std::string reply;
  auto eval = [&] { reply = RawReply({"EVAL", "local t = {} t[1] = t return t", "0"}); };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, size_t{256} << 20), 0);
  pthread_t thread;
  auto run = [](void* f) -> void* {
    (*static_cast<decltype(eval)*>(f))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &eval), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_NE(reply.find("-ERR reached lua stack limit"), std::string::npos);
}

TEST_F(EngineTest, FunctionsLiveInLibraries) {
  const std::string code =
      "#!lua name=lib\nlocal n = 0\nredis.register_function('f', function(k, a) n = n + 1 return "
      "{k[1], a[1], n} end)";
  EXPECT_EQ(Reply({"FUNCTION", "LOAD", code}), "lib");
  EXPECT_EQ(TakeLog(), "FUNCTION LOAD " + code);
  EXPECT_EQ(Run("FCALL f 1 key arg"), "[key arg 1]");
  EXPECT_EQ(Run("FCALL f 1 key arg"), "[key arg 2]");
  EXPECT_EQ(Run("FCALL nope 0"), "-ERR Function not found");
  EXPECT_EQ(Reply({"FUNCTION", "LOAD", code}), "-ERR Library 'lib' already exists");
  EXPECT_EQ(Reply({"FUNCTION", "LOAD", "REPLACE", code}), "lib");
  EXPECT_EQ(Run("FCALL f 1 key arg"), "[key arg 1]");
  const std::string dump = Run("FUNCTION DUMP");
  EXPECT_EQ(Run("FUNCTION FLUSH"), "OK");
  EXPECT_EQ(Run("FCALL f 0"), "-ERR Function not found");
  EXPECT_EQ(Reply({"FUNCTION", "RESTORE", dump}), "OK");
  EXPECT_EQ(Run("FCALL f 1 key arg"), "[key arg 1]");
  std::string torn = dump;
  torn[3] ^= 1;
  EXPECT_EQ(Reply({"FUNCTION", "RESTORE", torn, "FLUSH"}),
            "-ERR DUMP payload version or checksum are wrong");
  EXPECT_EQ(Run("FUNCTION DELETE lib"), "OK");
  EXPECT_EQ(Run("FUNCTION LIST"), "[]");
}

TEST_F(EngineTest, ReplayedLibrariesReplaceWhatIsInTheirWay) {
  script::FunctionRegistry registry;
  using How = script::FunctionRegistry::OnCollision;
  const std::string a = "#!lua name=a\nredis.register_function('f', function() end)";
  const std::string b = "#!lua name=b\nredis.register_function('f', function() end)";
  EXPECT_EQ(registry.Load(a, How::kRefuse), "");
  EXPECT_EQ(registry.Load(b, How::kReplaceLibrary), "ERR Function f already exists");
  EXPECT_EQ(registry.Load(b, How::kReplaceAll), "");
  EXPECT_EQ(registry.All().size(), 1u);
  EXPECT_EQ(registry.All().begin()->first, "b");
}

TEST_F(EngineTest, SelectMovesTheScriptOnly) {
  EXPECT_EQ(Eval("redis.call('select', 3) return redis.call('set', 'k', 'three')"), "OK");
  EXPECT_EQ(Run("EXISTS k"), "0");
  UseDb(DbIndex(3));
  EXPECT_EQ(Run("GET k"), "three");
}

}  // namespace
}  // namespace basalt
