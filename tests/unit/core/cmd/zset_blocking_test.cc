#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

constexpr const char* kNotFloat = "-ERR timeout is not a float or out of range";
constexpr const char* kNegative = "-ERR timeout is negative";

class ZSetBlockingTest : public CommandFixture {
 protected:
  // What the command waits for; it must not have replied then.
  std::string Waits(std::string_view line) {
    EXPECT_EQ(RunRaw(line), "") << line;
    return waits_for();
  }
};

TEST_F(ZSetBlockingTest, TakesFromTheFirstSetWithoutWaiting) {
  AllowBlocking();
  Run("ZADD z 1 a 2 b 3.5 c 4 d 5 e");
  Run("ZADD later 1 x");
  TakeLog();
  EXPECT_EQ(Run("BZPOPMIN none z later 0"), "[z a 1]");
  EXPECT_EQ(Run("BZPOPMAX none z later 0"), "[z e 5]");
  EXPECT_EQ(Run("BZMPOP 0 2 none z MAX"), "[z [[d 4]]]");
  EXPECT_EQ(Run("BZMPOP 0 1 z MIN COUNT 9"), "[z [[b 2] [c 3.5]]]");
  EXPECT_EQ(waits_for(), "");
  EXPECT_EQ(Run("EXISTS z"), "0");
  EXPECT_EQ(TakeLog(), "ZPOPMIN z\nZPOPMAX z\nZPOPMAX z 1\nZPOPMIN z 2");
}

TEST_F(ZSetBlockingTest, ScoresAreDoublesInResp3) {
  Run("ZADD z 1 a 2.5 b");
  EXPECT_EQ(RunRaw("BZPOPMAX z 0"), "*3\r\n$1\r\nz\r\n$1\r\nb\r\n$3\r\n2.5\r\n");
  UseResp(3);
  EXPECT_EQ(RunRaw("BZPOPMIN z 0"), "*3\r\n$1\r\nz\r\n$1\r\na\r\n,1\r\n");
  Run("ZADD z 4 d");
  EXPECT_EQ(RunRaw("BZMPOP 0 1 z MAX"), "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\nd\r\n,4\r\n");
}

TEST_F(ZSetBlockingTest, WaitsForItsKeysWhenThereIsNothing) {
  AllowBlocking();
  EXPECT_EQ(Waits("BZPOPMIN a b 0"), "zset a b 0ms");
  EXPECT_EQ(Waits("BZPOPMAX a 0.0001"), "zset a 1ms");
  EXPECT_EQ(Waits("BZMPOP 4 2 a b MIN COUNT 2"), "zset a b 4000ms");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ZSetBlockingTest, RepliesAtOnceWhereItMayNotWait) {
  for (int resp : {2, 3}) {
    UseResp(resp);
    for (const char* line : {"BZPOPMIN a b 0", "BZPOPMAX a 0", "BZMPOP 0 1 a MIN"})
      EXPECT_EQ(RunRaw(line), resp == 2 ? "*-1\r\n" : "_\r\n") << line;
  }
  EXPECT_EQ(waits_for(), "");
}

TEST_F(ZSetBlockingTest, ChecksItsWordsInRedissOrder) {
  AllowBlocking();
  Run("SET s x");
  EXPECT_EQ(Run("BZPOPMIN s x"), kNotFloat);
  EXPECT_EQ(Run("BZPOPMAX s -1"), kNegative);
  EXPECT_EQ(Run("BZMPOP x 0 k MIN"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("BZMPOP x 1 k FOO"), "-ERR syntax error");
  EXPECT_EQ(Run("BZMPOP x 1 k MIN COUNT 0"), "-ERR count should be greater than 0");
  EXPECT_EQ(Run("BZMPOP x 1 k MIN"), kNotFloat);
  EXPECT_EQ(Run("BZMPOP -1 1 s MIN"), kNegative);
}

TEST_F(ZSetBlockingTest, AnotherTypeBeforeAnySetIsAnError) {
  AllowBlocking();
  Run("SET s x");
  Run("ZADD z 1 a");
  TakeLog();
  EXPECT_EQ(Run("BZPOPMIN none s z 0"), kWrongType);
  EXPECT_EQ(Run("BZMPOP 0 3 none s z MIN"), kWrongType);
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("BZPOPMAX none z s 0"), "[z a 1]");
}

TEST_F(ZSetBlockingTest, TriedAgainItTakesFromTheReadyKeyOnly) {
  Run("ZADD a 1 x");
  Run("ZADD b 1 y 2 z");
  Run("SET s x");
  TakeLog();
  AllowBlocking("b");
  EXPECT_EQ(Run("BZPOPMIN a s b 0"), "[b y 1]");
  EXPECT_EQ(Run("BZMPOP 0 3 a s b MAX"), "[b [[z 2]]]");
  EXPECT_EQ(TakeLog(), "ZPOPMIN b\nZPOPMAX b 1");
  EXPECT_EQ(Waits("BZPOPMAX a s b 7"), "zset a s b 7000ms");
  AllowBlocking("s");  // it holds another type by now
  EXPECT_EQ(Waits("BZPOPMIN a s b 7"), "zset a s b 7000ms");
  EXPECT_EQ(Waits("BZMPOP 7 2 a s MIN"), "zset a s 7000ms");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ZSetBlockingTest, AddingMakesAKeyReady) {
  BlockedKeys& blocked = keyspace().blocked_keys();
  for (const char* key : {"a", "b", "c", "d"})
    blocked.Add(DbIndex(0), key, {1, ValueType::kZSet, std::make_shared<Waiter>()});
  Run("ZADD c 1 x");
  Run("ZINCRBY a 1 x");
  Run("ZUNIONSTORE b 1 a");
  Run("ZRANGESTORE d a 5 6");  // nothing to store
  std::string ready;
  while (auto key = blocked.TakeReady()) ready += key->key;
  EXPECT_EQ(ready, "cab");
}

TEST_F(ZSetBlockingTest, KeysAreWhereRedisFindsThem) {
  EXPECT_EQ(Run("COMMAND GETKEYS BZPOPMIN a b 0"), "[a b]");
  EXPECT_EQ(Run("COMMAND GETKEYS BZMPOP 0 2 a b MIN"), "[a b]");
}

}  // namespace
}  // namespace basalt
