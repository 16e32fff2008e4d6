#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class StringCommandsTest : public CommandFixture {};

TEST_F(StringCommandsTest, SetsAndGetsAnyBytes) {
  EXPECT_EQ(RunRaw("SET k v"), "+OK\r\n");
  EXPECT_EQ(RunRaw("GET k"), "$1\r\nv\r\n");
  std::string zeros("a\0\r\nb", 5);
  Reply({"SET", zeros, zeros});
  EXPECT_EQ(Reply({"GET", zeros}), zeros);
  EXPECT_EQ(RunRaw("GET none"), "$-1\r\n");
  UseResp(3);
  EXPECT_EQ(RunRaw("GET none"), "_\r\n");
}

TEST_F(StringCommandsTest, SetReplacesAnyTypeAndItsExpiry) {
  Run("RPUSH k a");
  EXPECT_EQ(Run("GET k"), kWrongType);
  EXPECT_EQ(Run("SET k 1 EX 10"), "OK");
  EXPECT_EQ(Run("SET k 2"), "OK");
  EXPECT_EQ(Run("TTL k"), "-1");
}

TEST_F(StringCommandsTest, SetConditions) {
  EXPECT_EQ(Run("SET k a XX"), "nil");
  EXPECT_EQ(Run("SET k a NX"), "OK");
  EXPECT_EQ(Run("SET k b nx"), "nil");
  EXPECT_EQ(Run("SET k b xx"), "OK");
  EXPECT_EQ(Run("GET k"), "b");
  for (const char* line :
       {"SET k v NX XX", "SET k v EX", "SET k v EX 1 PX 1", "SET k v KEEPTTL EX 1",
        "SET k v EX 1 KEEPTTL", "SET k v PERSIST", "SET k v ''", "SET k v EXAT 1 EX 1"}) {
    EXPECT_EQ(Run(line), "-ERR syntax error") << line;
  }
  EXPECT_EQ(Run("SET k c EX 5 EX 10"), "OK");
  EXPECT_EQ(Run("TTL k"), "10");
}

TEST_F(StringCommandsTest, SetGetAnswersTheOldValue) {
  EXPECT_EQ(Run("SET k a GET"), "nil");
  EXPECT_EQ(Run("SET k b GET"), "a");
  EXPECT_EQ(Run("SET k c GET NX"), "b");
  EXPECT_EQ(Run("GET k"), "b");
  EXPECT_EQ(Run("SET n c GET XX"), "nil");
  EXPECT_EQ(Run("EXISTS n"), "0");
  Run("RPUSH l a");
  EXPECT_EQ(Run("SET l x GET"), kWrongType);
  EXPECT_EQ(Run("GETSET l x"), kWrongType);
  EXPECT_EQ(Run("GETSET k d"), "b");
  EXPECT_EQ(Run("GETSET m d"), "nil");
}

TEST_F(StringCommandsTest, TimesOfSet) {
  EXPECT_EQ(Run("SET k v EX 10"), "OK");
  EXPECT_EQ(Run("PTTL k"), "10000");
  EXPECT_EQ(Run("SET k w KEEPTTL"), "OK");
  EXPECT_EQ(Run("PTTL k"), "10000");
  EXPECT_EQ(Run("SET k v PX 5"), "OK");
  EXPECT_EQ(Run("PTTL k"), "5");
  Run("SET k v PXAT " + std::to_string(kStartMs + 77));
  EXPECT_EQ(Run("PTTL k"), "77");
  Run("SET k v EXAT " + std::to_string(kStartMs / 1000 + 7));
  EXPECT_EQ(Run("PTTL k"), "7000");
  AdvanceMillis(7001);
  EXPECT_EQ(Run("GET k"), "nil");
  EXPECT_EQ(Run("SET k v EXAT 1"), "OK");
  EXPECT_EQ(Run("GET k"), "nil");
}

TEST_F(StringCommandsTest, WrongTimes) {
  for (const char* time : {"0", "-1", "9223372036854775807"}) {
    EXPECT_EQ(Run(std::string("SET k v EX ") + time), "-ERR invalid expire time in 'set' command")
        << time;
    EXPECT_EQ(Run(std::string("SETEX k ") + time + " v"),
              "-ERR invalid expire time in 'setex' command")
        << time;
    EXPECT_EQ(Run(std::string("PSETEX k ") + time + " v"),
              "-ERR invalid expire time in 'psetex' command")
        << time;
  }
  EXPECT_EQ(Run("SET k v PXAT 9223372036854775807"), "OK");
  EXPECT_EQ(Run("SET k v EX x"), kNotInteger);
  EXPECT_EQ(Run("SETEX k 1.5 v"), kNotInteger);
  Run("SET k v");
  EXPECT_EQ(Run("GETEX k EX 0"), "-ERR invalid expire time in 'getex' command");
}

TEST_F(StringCommandsTest, LogsMomentsInsteadOfTimesToLive) {
  TakeLog();
  Run("SET k v EX 1");
  EXPECT_EQ(TakeLog(), "SET k v PXAT " + std::to_string(kStartMs + 1000));
  Run("SETEX k 2 v");
  EXPECT_EQ(TakeLog(), "SET k v PXAT " + std::to_string(kStartMs + 2000));
  Run("GETEX k PX 5");
  EXPECT_EQ(TakeLog(), "PEXPIREAT k " + std::to_string(kStartMs + 5));
  Run("GETEX k PERSIST");
  EXPECT_EQ(TakeLog(), "PERSIST k");
  Run("GETEX k");
  Run("GETEX k PERSIST");
  Run("SET k v XX GET NX");
  Run("SETNX k v");
  EXPECT_EQ(TakeLog(), "");
  Run("INCRBYFLOAT f 1.5");
  EXPECT_EQ(TakeLog(), "SET f 1.5 KEEPTTL");
  Run("GETDEL k");
  EXPECT_EQ(TakeLog(), "DEL k");
}

TEST_F(StringCommandsTest, GetexChangesOnlyTheExpiry) {
  EXPECT_EQ(Run("GETEX k EX 1"), "nil");
  Run("SET k v");
  EXPECT_EQ(Run("GETEX k EX 100"), "v");
  EXPECT_EQ(Run("TTL k"), "100");
  EXPECT_EQ(Run("GETEX k"), "v");
  EXPECT_EQ(Run("TTL k"), "100");
  EXPECT_EQ(Run("GETEX k PERSIST"), "v");
  EXPECT_EQ(Run("TTL k"), "-1");
  EXPECT_EQ(Run("GETEX k EXAT 1"), "v");
  EXPECT_EQ(Run("EXISTS k"), "0");
  EXPECT_EQ(Run("GETEX k NX"), "-ERR syntax error");
  EXPECT_EQ(Run("GETEX k PERSIST EX 1"), "-ERR syntax error");
  EXPECT_EQ(Run("GETEX k EX 1 PERSIST"), "-ERR syntax error");
}

TEST_F(StringCommandsTest, SeveralKeys) {
  EXPECT_EQ(Run("MSET a 1 b 2 a 3"), "OK");
  Run("RPUSH l x");
  EXPECT_EQ(Run("MGET a b c l"), "[3 2 nil nil]");
  EXPECT_EQ(Run("MSET a"), "-ERR wrong number of arguments for 'mset' command");
  EXPECT_EQ(Run("MSET a 1 b"), "-ERR wrong number of arguments for 'mset' command");
  EXPECT_EQ(Run("MSETNX c 1 a 9"), "0");
  EXPECT_EQ(Run("EXISTS c"), "0");
  EXPECT_EQ(Run("MSETNX c 1 d 2"), "1");
  EXPECT_EQ(Run("MSETNX c 1 d"), "-ERR wrong number of arguments for 'msetnx' command");
}

TEST_F(StringCommandsTest, Counters) {
  EXPECT_EQ(Run("INCR n"), "1");
  EXPECT_EQ(Run("INCRBY n 41"), "42");
  EXPECT_EQ(Run("DECR n"), "41");
  EXPECT_EQ(Run("DECRBY n 50"), "-9");
  EXPECT_EQ(Run("GET n"), "-9");
  EXPECT_EQ(Run("DECRBY n -9223372036854775808"), "-ERR decrement would overflow");
  Run("SET n 9223372036854775807");
  EXPECT_EQ(Run("INCR n"), "-ERR increment or decrement would overflow");
  EXPECT_EQ(Run("DECRBY n 7"), "9223372036854775800");
  Run("SET n 01");
  EXPECT_EQ(Run("INCR n"), kNotInteger);
  EXPECT_EQ(Run("INCRBY n x"), kNotInteger);
  Run("RPUSH l x");
  EXPECT_EQ(Run("INCR l"), kWrongType);
}

TEST_F(StringCommandsTest, CountersKeepTheExpiryAndTakeTextsThatSpellIntegers) {
  Run("SET n 1 EX 10");
  Run("APPEND n 0");
  EXPECT_EQ(Run("OBJECT ENCODING n"), "raw");
  EXPECT_EQ(Run("INCR n"), "11");
  EXPECT_EQ(Run("OBJECT ENCODING n"), "int");
  EXPECT_EQ(Run("TTL n"), "10");
}

TEST_F(StringCommandsTest, FloatCounters) {
  EXPECT_EQ(Run("INCRBYFLOAT f 10.50"), "10.5");
  EXPECT_EQ(Run("INCRBYFLOAT f 0.1"), "10.6");
  EXPECT_EQ(Run("INCRBYFLOAT f -5"), "5.6");
  Run("SET f 5.0e3");
  EXPECT_EQ(Run("INCRBYFLOAT f 2.0e2"), "5200");
  EXPECT_EQ(Run("INCRBYFLOAT f x"), "-ERR value is not a valid float");
  EXPECT_EQ(Run("INCRBYFLOAT f inf"), "-ERR increment would produce NaN or Infinity");
  Run("SET f abc");
  EXPECT_EQ(Run("INCRBYFLOAT f 1"), "-ERR value is not a valid float");
}

TEST_F(StringCommandsTest, AppendsAndMeasures) {
  EXPECT_EQ(Run("APPEND k 12"), "2");
  EXPECT_EQ(Run("OBJECT ENCODING k"), "int");
  EXPECT_EQ(Run("STRLEN k"), "2");
  EXPECT_EQ(Run("APPEND k 34"), "4");
  EXPECT_EQ(Run("GET k"), "1234");
  EXPECT_EQ(Run("STRLEN none"), "0");
  EXPECT_EQ(Run("APPEND k ''"), "4");
  Run("RPUSH l x");
  EXPECT_EQ(Run("APPEND l x"), kWrongType);
  EXPECT_EQ(Run("STRLEN l"), kWrongType);
}

TEST_F(StringCommandsTest, RangesCountFromBothEnds) {
  Run("SET k Hello");
  const std::pair<const char*, const char*> cases[] = {
      {"0 -1", "Hello"}, {"1 3", "ell"},     {"-3 -2", "ll"},   {"3 1", ""},
      {"-1 -3", ""},     {"0 100", "Hello"}, {"5 9", ""},       {"-100 1", "He"},
      {"0 -100", "H"},   {"-100 -100", "H"}, {"-100 -99", "H"}, {"4 4", "o"}};
  for (const auto& [range, expected] : cases)
    EXPECT_EQ(Run(std::string("GETRANGE k ") + range), expected) << range;
  EXPECT_EQ(Run("SUBSTR k 1 1"), "e");
  EXPECT_EQ(Run("GETRANGE none 0 -1"), "");
  EXPECT_EQ(Run("GETRANGE k a 1"), kNotInteger);
  Run("SET n 12345");
  EXPECT_EQ(Run("GETRANGE n 1 2"), "23");
  Run("SET e ''");
  EXPECT_EQ(Run("GETRANGE e 0 -1"), "");
}

TEST_F(StringCommandsTest, SetrangePadsWithZeros) {
  EXPECT_EQ(Run("SETRANGE k 3 ab"), "5");
  EXPECT_EQ(Reply({"GET", "k"}), std::string("\0\0\0ab", 5));
  EXPECT_EQ(Run("SETRANGE k 1 X"), "5");
  EXPECT_EQ(Reply({"GET", "k"}), std::string("\0X\0ab", 5));
  EXPECT_EQ(Run("SETRANGE none 5 ''"), "0");
  EXPECT_EQ(Run("EXISTS none"), "0");
  EXPECT_EQ(Run("SETRANGE k 100 ''"), "5");
  EXPECT_EQ(Run("SETRANGE k -1 x"), "-ERR offset is out of range");
  EXPECT_EQ(Run("SETRANGE k 536870911 xy"),
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  EXPECT_EQ(Run("SETRANGE k 9223372036854775807 x"),
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)");
}

TEST_F(StringCommandsTest, ReadsCountHitsAndMisses) {
  Run("SET k v");
  const auto before = keyspace().stats;
  Run("GET k");
  Run("MGET k none");
  EXPECT_EQ(keyspace().stats.hits - before.hits, 2u);
  EXPECT_EQ(keyspace().stats.misses - before.misses, 1u);
}

class LcsTest : public CommandFixture {};

TEST_F(LcsTest, TheExampleOfTheManual) {
  Run("MSET a ohmytext b mynewtext");
  EXPECT_EQ(Run("LCS a b"), "mytext");
  EXPECT_EQ(Run("LCS a b LEN"), "6");
  EXPECT_EQ(Run("LCS a b IDX"), "[matches [[[4 7] [5 8]] [[2 3] [0 1]]] len 6]");
  EXPECT_EQ(Run("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN"), "[matches [[[4 7] [5 8] 4]] len 6]");
  UseResp(3);
  EXPECT_EQ(Run("LCS a b IDX"), "{matches [[[4 7] [5 8]] [[2 3] [0 1]]] len 6}");
}

TEST_F(LcsTest, Errors) {
  Run("SET a x");
  Run("RPUSH l x");
  EXPECT_EQ(Run("LCS a l"), "-ERR The specified keys must contain string values");
  EXPECT_EQ(Run("LCS a none"), "");
  EXPECT_EQ(Run("LCS a none IDX"), "[matches [] len 0]");
  EXPECT_EQ(Run("LCS a a IDX LEN"),
            "-ERR If you want both the length and indexes, please just use IDX.");
  EXPECT_EQ(Run("LCS a a FOO"), "-ERR syntax error");
  EXPECT_EQ(Run("LCS a a MINMATCHLEN"), "-ERR syntax error");
  EXPECT_EQ(Run("LCS a a MINMATCHLEN x"), kNotInteger);
  Run("SETRANGE big 99999 x");
  EXPECT_EQ(Run("LCS big big"),
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
}

}  // namespace
}  // namespace basalt
