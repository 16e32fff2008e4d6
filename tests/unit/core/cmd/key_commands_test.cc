#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class KeyCommandsTest : public CommandFixture {};

TEST_F(KeyCommandsTest, DeletesAndCounts) {
  Run("MSET a 1 b 2");
  Run("RPUSH l x");
  EXPECT_EQ(Run("EXISTS a a l none"), "3");
  EXPECT_EQ(Run("TOUCH a none b"), "2");
  EXPECT_EQ(Run("TYPE l"), "list");
  EXPECT_EQ(Run("TYPE none"), "none");
  EXPECT_EQ(Run("DBSIZE"), "3");
  EXPECT_EQ(Run("DEL a a none"), "1");
  EXPECT_EQ(Run("UNLINK b l"), "2");
  EXPECT_EQ(Run("DBSIZE"), "0");
  TakeLog();
  EXPECT_EQ(Run("DEL a"), "0");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(KeyCommandsTest, Rename) {
  EXPECT_EQ(Run("RENAME a b"), "-ERR no such key");
  EXPECT_EQ(Run("RENAMENX a a"), "-ERR no such key");
  Run("SET a 1 EX 10");
  EXPECT_EQ(Run("RENAME a a"), "OK");
  EXPECT_EQ(Run("RENAMENX a a"), "0");
  Run("SET b 2");
  EXPECT_EQ(Run("RENAMENX a b"), "0");
  EXPECT_EQ(Run("RENAME a b"), "OK");
  EXPECT_EQ(Run("GET b"), "1");
  EXPECT_EQ(Run("TTL b"), "10");
  EXPECT_EQ(Run("EXISTS a"), "0");
  EXPECT_EQ(Run("RENAMENX b c"), "1");
}

TEST_F(KeyCommandsTest, CopyAndMoveBetweenDatabases) {
  Run("RPUSH l a b");
  Run("EXPIRE l 10");
  EXPECT_EQ(Run("COPY l m"), "1");
  EXPECT_EQ(Run("TTL m"), "10");
  Run("RPUSH m c");
  EXPECT_EQ(Run("LRANGE l 0 -1"), "[a b]");
  EXPECT_EQ(Run("COPY l m"), "0");
  EXPECT_EQ(Run("COPY l m REPLACE"), "1");
  EXPECT_EQ(Run("LLEN m"), "2");
  EXPECT_EQ(Run("COPY l l"), "-ERR source and destination objects are the same");
  EXPECT_EQ(Run("COPY l l DB 1"), "1");
  EXPECT_EQ(Run("COPY none x"), "0");
  EXPECT_EQ(Run("COPY l m DB 16"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("COPY l m DB x"), kNotInteger);
  EXPECT_EQ(Run("COPY l m DB"), "-ERR syntax error");
  EXPECT_EQ(Run("MOVE l 1"), "0");
  EXPECT_EQ(Run("MOVE l 2"), "1");
  EXPECT_EQ(Run("MOVE m 0"), "-ERR source and destination objects are the same");
  EXPECT_EQ(Run("MOVE m 99"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("MOVE m 99999999999"),
            "-ERR value is out of range, value must between -2147483648 and 2147483647");
  EXPECT_EQ(Run("EXISTS l"), "0");
  UseDb(DbIndex(2));
  EXPECT_EQ(Run("TTL l"), "10");
}

TEST_F(KeyCommandsTest, ObjectTellsHowValuesAreKept) {
  Run("SET n 5");
  Run("SET s text");
  Run("SET r " + std::string(45, 'x'));
  Run("RPUSH l a");
  EXPECT_EQ(Run("OBJECT ENCODING n"), "int");
  EXPECT_EQ(Run("object encoding s"), "embstr");
  EXPECT_EQ(Run("OBJECT ENCODING r"), "raw");
  EXPECT_EQ(Run("OBJECT REFCOUNT s"), "1");
  EXPECT_EQ(Run("OBJECT ENCODING none"), "nil");
  AdvanceMillis(5000);
  EXPECT_EQ(Run("OBJECT IDLETIME s"), "5");
  EXPECT_EQ(Run("TYPE s"), "string");
  EXPECT_EQ(Run("OBJECT IDLETIME s"), "5");
  Run("TOUCH s");
  EXPECT_EQ(Run("OBJECT IDLETIME s"), "0");
  EXPECT_EQ(Run("OBJECT FREQ s").rfind("-ERR An LFU maxmemory policy is not selected", 0), 0u);
  keyspace().UseLfu(true);
  Run("SET f x");
  EXPECT_EQ(Run("OBJECT FREQ f"), "5");
  EXPECT_EQ(Run("OBJECT IDLETIME f").rfind("-ERR An LFU maxmemory policy is selected", 0), 0u);
}

TEST_F(KeyCommandsTest, DumpAndRestoreEveryType) {
  Run("SET n 5");
  Run("SET s text");
  Run("RPUSH l a b");
  Run("HSET h f v");
  Run("SADD i 1 2");
  Run("ZADD z 1.5 m");
  for (const char* key : {"n", "s", "l", "h", "i", "z"}) {
    std::string payload = Reply({"DUMP", key});
    std::string copy = std::string(key) + "2";
    EXPECT_EQ(Reply({"RESTORE", copy, "0", payload}), "OK");
    EXPECT_EQ(Run("TYPE " + copy), Run(std::string("TYPE ") + key));
    EXPECT_EQ(Reply({"DUMP", copy}), payload);
    EXPECT_EQ(Reply({"RESTORE", copy, "0", payload}), "-BUSYKEY Target key name already exists.");
    EXPECT_EQ(Reply({"RESTORE", copy, "100", payload, "REPLACE"}), "OK");
    EXPECT_EQ(Run("PTTL " + copy), "100");
  }
  EXPECT_EQ(Run("DUMP none"), "nil");
}

TEST_F(KeyCommandsTest, RestoreChecksItsWords) {
  Run("SET s text");
  std::string payload = Reply({"DUMP", "s"});
  EXPECT_EQ(Reply({"RESTORE", "k", "-1", payload}), "-ERR Invalid TTL value, must be >= 0");
  EXPECT_EQ(Reply({"RESTORE", "k", "x", payload}), kNotInteger);
  EXPECT_EQ(Reply({"RESTORE", "k", "0", payload, "IDLETIME", "-1"}),
            "-ERR Invalid IDLETIME value, must be >= 0");
  EXPECT_EQ(Reply({"RESTORE", "k", "0", payload, "FREQ", "256"}),
            "-ERR Invalid FREQ value, must be >= 0 and <= 255");
  EXPECT_EQ(Reply({"RESTORE", "k", "0", payload, "FREQ", "1", "IDLETIME", "1"}),
            "-ERR syntax error");
  EXPECT_EQ(Run("RESTORE k 0 junk"), "-ERR DUMP payload version or checksum are wrong");
  EXPECT_EQ(Run("EXISTS k"), "0");
  EXPECT_EQ(Reply({"RESTORE", "k", "0", payload, "IDLETIME", "100"}), "OK");
  EXPECT_EQ(Run("OBJECT IDLETIME k"), "100");
  EXPECT_EQ(Reply({"RESTORE", "k", "1", payload, "REPLACE", "ABSTTL"}), "OK");  // long ago
  EXPECT_EQ(Run("EXISTS k"), "0");
  TakeLog();
  Reply({"RESTORE", "k", "7", payload});
  EXPECT_EQ(TakeLog(), "RESTORE k " + std::to_string(kStartMs + 7) + " " + payload + " ABSTTL");
}

TEST_F(KeyCommandsTest, FlushAndSwap) {
  Run("SET a 1");
  UseDb(DbIndex(1));
  Run("SET b 2");
  TakeLog();
  EXPECT_EQ(Run("SWAPDB 0 1"), "OK");
  EXPECT_EQ(TakeLog(), "SELECT 1\nSWAPDB 0 1\nSELECT 0");
  EXPECT_EQ(Run("GET a"), "1");
  EXPECT_EQ(Run("FLUSHDB ASYNC"), "OK");
  EXPECT_EQ(Run("DBSIZE"), "0");
  UseDb(DbIndex(0));
  EXPECT_EQ(Run("GET b"), "2");
  EXPECT_EQ(Run("FLUSHALL"), "OK");
  EXPECT_EQ(Run("DBSIZE"), "0");
  EXPECT_EQ(Run("FLUSHALL FOO"), "-ERR syntax error");
  EXPECT_EQ(Run("FLUSHDB SYNC SYNC"), "-ERR syntax error");
  EXPECT_EQ(Run("SWAPDB x 1"), "-ERR invalid first DB index");
  EXPECT_EQ(Run("SWAPDB 1 x"), "-ERR invalid second DB index");
  EXPECT_EQ(Run("SWAPDB 1 16"), "-ERR DB index is out of range");
}

class SortTest : public CommandFixture {};

TEST_F(SortTest, NumbersAndTexts) {
  Run("RPUSH l 3 10 -1 2.5");
  EXPECT_EQ(Run("SORT l"), "[-1 2.5 3 10]");
  EXPECT_EQ(Run("SORT l DESC LIMIT 1 2"), "[3 2.5]");
  EXPECT_EQ(Run("SORT l ALPHA"), "[-1 10 2.5 3]");
  EXPECT_EQ(Run("SORT l LIMIT 10 5"), "[]");
  EXPECT_EQ(Run("SORT l LIMIT -5 1"), "[-1]");
  EXPECT_EQ(Run("SORT none"), "[]");
  Run("RPUSH l x");
  EXPECT_EQ(Run("SORT l"), "-ERR One or more scores can't be converted into double");
  EXPECT_EQ(Run("SORT l LIMIT a 1"), kNotInteger);
  EXPECT_EQ(Run("SORT l BY"), "-ERR syntax error");
  EXPECT_EQ(Run("SORT_RO l STORE d"), "-ERR syntax error");
  Run("SET s x");
  EXPECT_EQ(Run("SORT s"), kWrongType);
}

TEST_F(SortTest, ByAndGet) {
  Run("RPUSH l 1 2 3");
  Run("MSET w1 30 w2 10 w3 20 n1 one n3 three");
  Run("HSET h1 w 5 t x");
  Run("HSET h2 w 4");
  EXPECT_EQ(Run("SORT l BY w*"), "[2 3 1]");
  EXPECT_EQ(Run("SORT l BY w* GET # GET n*"), "[2 nil 3 three 1 one]");
  EXPECT_EQ(Run("SORT l BY h*->w GET h*->t"), "[nil nil x]");
  EXPECT_EQ(Run("SORT l BY n* ALPHA DESC"), "[3 1 2]");
  EXPECT_EQ(Run("SORT l BY nosort DESC LIMIT 0 2"), "[3 2]");
  EXPECT_EQ(Run("SORT l BY nosort GET nostar"), "[nil nil nil]");
}

TEST_F(SortTest, StoreReplacesAndDeletes) {
  Run("SADD s c a b");
  Run("SET d old");
  EXPECT_EQ(Run("SORT s BY nosort STORE d"), "3");
  EXPECT_EQ(Run("LRANGE d 0 -1"), "[a b c]");
  EXPECT_EQ(Run("SORT s ALPHA GET x* STORE d"), "3");
  EXPECT_EQ(Run("LRANGE d 0 -1"), "[  ]");
  EXPECT_EQ(Run("SORT none STORE d"), "0");
  EXPECT_EQ(Run("EXISTS d"), "0");
  Run("ZADD z 3 x 1 y 2 w");
  EXPECT_EQ(Run("SORT z BY nosort"), "[y w x]");
  EXPECT_EQ(Run("SORT z BY nosort DESC LIMIT 0 1"), "[x]");
}

}  // namespace
}  // namespace basalt
