#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

constexpr const char* kNotFloat = "-ERR timeout is not a float or out of range";
constexpr const char* kNegative = "-ERR timeout is negative";

class ListBlockingTest : public CommandFixture {
 protected:
  std::string Content(const std::string& key) { return Run("LRANGE " + key + " 0 -1"); }
  // What the command waits for; it must not have replied then.
  std::string Waits(std::string_view line) {
    EXPECT_EQ(RunRaw(line), "") << line;
    return waits_for();
  }
};

TEST_F(ListBlockingTest, TakesFromTheFirstListWithoutWaiting) {
  AllowBlocking();
  Run("RPUSH l a b c d");
  Run("RPUSH later x");
  TakeLog();
  EXPECT_EQ(Run("BLPOP none l later 0"), "[l a]");
  EXPECT_EQ(waits_for(), "");
  EXPECT_EQ(Run("BRPOP none l later 0"), "[l d]");
  EXPECT_EQ(Run("BLMPOP 0 2 none l RIGHT"), "[l [c]]");
  EXPECT_EQ(TakeLog(), "LPOP l\nRPOP l\nRPOP l 1");
  EXPECT_EQ(Run("BLMPOP 0 1 l LEFT COUNT 5"), "[l [b]]");
  EXPECT_EQ(Run("EXISTS l"), "0");
  EXPECT_EQ(TakeLog(), "LPOP l 1");
}

TEST_F(ListBlockingTest, MovesWithoutWaiting) {
  AllowBlocking();
  Run("RPUSH l a b c");
  TakeLog();
  EXPECT_EQ(Run("BLMOVE l d LEFT RIGHT 0"), "a");
  EXPECT_EQ(Run("BRPOPLPUSH l d 0"), "c");
  EXPECT_EQ(Run("BLMOVE d d left right 0"), "c");
  EXPECT_EQ(Content("d"), "[a c]");
  EXPECT_EQ(Content("l"), "[b]");
  EXPECT_EQ(TakeLog(), "LMOVE l d LEFT RIGHT\nRPOPLPUSH l d\nLMOVE d d left right");
}

TEST_F(ListBlockingTest, WaitsForItsKeysWhenThereIsNothing) {
  AllowBlocking();
  EXPECT_EQ(Waits("BLPOP a b a 0"), "list a b a 0ms");
  EXPECT_EQ(Waits("BRPOP a 1.5"), "list a 1500ms");
  EXPECT_EQ(Waits("BLMOVE a b LEFT RIGHT 2"), "list a 2000ms");
  EXPECT_EQ(Waits("BRPOPLPUSH a b 3"), "list a 3000ms");
  EXPECT_EQ(Waits("BLMPOP 4 2 a b LEFT COUNT 2"), "list a b 4000ms");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ListBlockingTest, RepliesAtOnceWhereItMayNotWait) {
  for (const char* line : {"BLPOP a b 0", "BRPOP a 0", "BLMPOP 0 1 a LEFT"})
    EXPECT_EQ(RunRaw(line), "*-1\r\n") << line;
  for (const char* line : {"BLMOVE a b LEFT RIGHT 0", "BRPOPLPUSH a b 0"})
    EXPECT_EQ(RunRaw(line), "$-1\r\n") << line;
  EXPECT_EQ(waits_for(), "");
  UseResp(3);
  for (const char* line : {"BLPOP a b 0", "BRPOP a 0", "BLMPOP 0 1 a LEFT",
                           "BLMOVE a b LEFT RIGHT 0", "BRPOPLPUSH a b 0"})
    EXPECT_EQ(RunRaw(line), "_\r\n") << line;
}

TEST_F(ListBlockingTest, TimeoutsAreRoundedUpAndBounded) {
  AllowBlocking();
  const std::pair<const char*, const char*> kTimeouts[] = {
      {"0.0000001", "list k 1ms"},
      {"0.0011", "list k 2ms"},
      {"-0.001", "list k 0ms"},
      {"-0", "list k 0ms"},
      {"0x10", "list k 16000ms"},
      {"1e2", "list k 100000ms"},
      {"9223372036854775.807", "list k 3153600000000ms"},
  };
  for (const auto& [timeout, waits] : kTimeouts)
    EXPECT_EQ(Waits(std::string("BLPOP k ") + timeout), waits) << timeout;
  for (const char* timeout : {"x", "''", "nan", "1x", "1e5000"})
    EXPECT_EQ(Run(std::string("BLPOP k ") + timeout), kNotFloat) << timeout;
  EXPECT_EQ(Reply({"BLPOP", "k", " 1"}), kNotFloat);
  for (const char* timeout : {"-1", "-0.0011", "-inf", "inf", "1e300", "9223372036854776"})
    EXPECT_EQ(Run(std::string("BLPOP k ") + timeout), kNegative) << timeout;
}

TEST_F(ListBlockingTest, ChecksItsWordsInRedissOrder) {
  AllowBlocking();
  Run("SET s x");
  EXPECT_EQ(Run("BLPOP s x"), kNotFloat);
  EXPECT_EQ(Run("BRPOP s -1"), kNegative);
  EXPECT_EQ(Run("BLMOVE s d LEFTX RIGHT x"), "-ERR syntax error");
  EXPECT_EQ(Run("BLMOVE s d LEFT RIGHTX x"), "-ERR syntax error");
  EXPECT_EQ(Run("BLMOVE s d LEFT RIGHT x"), kNotFloat);
  EXPECT_EQ(Run("BRPOPLPUSH s d -1"), kNegative);
  EXPECT_EQ(Run("BLMPOP x 0 k LEFT"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("BLMPOP x 2 k LEFT"), "-ERR syntax error");
  EXPECT_EQ(Run("BLMPOP x 1 k FOO"), "-ERR syntax error");
  EXPECT_EQ(Run("BLMPOP x 1 k LEFT COUNT 0"), "-ERR count should be greater than 0");
  EXPECT_EQ(Run("BLMPOP x 1 k LEFT"), kNotFloat);
  EXPECT_EQ(Run("BLMPOP -1 1 k LEFT"), kNegative);
  EXPECT_EQ(Run("BLMOVE a b LEFT RIGHT"), "-ERR wrong number of arguments for 'blmove' command");
}

TEST_F(ListBlockingTest, AnotherTypeBeforeAnyListIsAnError) {
  AllowBlocking();
  Run("SET s x");
  Run("RPUSH l a b");
  TakeLog();
  EXPECT_EQ(Run("BLPOP none s l 0"), kWrongType);
  EXPECT_EQ(Run("BLMPOP 0 3 none s l LEFT"), kWrongType);
  EXPECT_EQ(Run("BLMOVE s l LEFT LEFT 0"), kWrongType);
  EXPECT_EQ(Run("BRPOPLPUSH l s 0"), kWrongType);
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Content("l"), "[a b]");
  EXPECT_EQ(Run("BLPOP none l s 0"), "[l a]");
  // A target of another type is not looked at before there is something to move.
  EXPECT_EQ(Waits("BLMOVE none s LEFT LEFT 0"), "list none 0ms");
}

TEST_F(ListBlockingTest, TriedAgainItTakesFromTheReadyKeyOnly) {
  Run("RPUSH a x");
  Run("RPUSH b y");
  Run("SET s x");
  TakeLog();
  AllowBlocking("b");
  EXPECT_EQ(Run("BLPOP a s b 0"), "[b y]");
  EXPECT_EQ(TakeLog(), "LPOP b");
  EXPECT_EQ(Waits("BLPOP a s b 7"), "list a s b 7000ms");
  EXPECT_EQ(Waits("BRPOP a b 7"), "list a b 7000ms");
  EXPECT_EQ(Waits("BLMPOP 7 3 a s b LEFT"), "list a s b 7000ms");
  EXPECT_EQ(Waits("BLMOVE b a LEFT LEFT 7"), "list b 7000ms");
  AllowBlocking("a");
  EXPECT_EQ(Run("BLMPOP 0 3 s b a LEFT"), "[a [x]]");
}

TEST_F(ListBlockingTest, TriedAgainAnotherTypeIsNothing) {
  Run("SET s x");
  Run("RPUSH l a");
  TakeLog();
  AllowBlocking("s");
  EXPECT_EQ(Waits("BLPOP s 1"), "list s 1000ms");
  EXPECT_EQ(Waits("BLMPOP 1 1 s LEFT"), "list s 1000ms");
  EXPECT_EQ(Waits("BRPOPLPUSH s l 1"), "list s 1000ms");
  AllowBlocking("l");
  EXPECT_EQ(Run("BLMOVE l s LEFT LEFT 1"), kWrongType);  // but as a target it is an error
  EXPECT_EQ(Content("l"), "[a]");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ListBlockingTest, WhatIsPushedMakesAKeyReady) {
  BlockedKeys& blocked = keyspace().blocked_keys();
  for (const char* key : {"a", "b", "c"})
    blocked.Add(DbIndex(0), key, {1, ValueType::kList, std::make_shared<Waiter>()});
  Run("LPUSH b 1 2");
  Run("RPUSH b 3");
  Run("BLMOVE b a LEFT LEFT 0");
  Run("SORT b ALPHA STORE c");
  std::string ready;
  while (auto key = blocked.TakeReady()) ready += key->key;
  EXPECT_EQ(ready, "bac");
}

TEST_F(ListBlockingTest, KeysAreWhereRedisFindsThem) {
  EXPECT_EQ(Run("COMMAND GETKEYS BLPOP a b 0"), "[a b]");
  EXPECT_EQ(Run("COMMAND GETKEYS BRPOPLPUSH a b 0"), "[a b]");
  EXPECT_EQ(Run("COMMAND GETKEYS BLMPOP 0 2 a b LEFT COUNT 1"), "[a b]");
  EXPECT_EQ(Run("COMMAND GETKEYS BLMPOP 0 9 a b LEFT"),
            "-ERR Invalid arguments specified for command");
}

}  // namespace
}  // namespace basalt
