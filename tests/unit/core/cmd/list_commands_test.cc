#include <deque>

#include "tests/support/command_fixture.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

class ListCommandsTest : public CommandFixture {
 protected:
  std::string Content(const std::string& key) { return Run("LRANGE " + key + " 0 -1"); }
};

TEST_F(ListCommandsTest, PushesAtEitherEndInTheOrderGiven) {
  EXPECT_EQ(Run("RPUSH l a b"), "2");
  EXPECT_EQ(Run("LPUSH l c d"), "4");
  EXPECT_EQ(Content("l"), "[d c a b]");
  EXPECT_EQ(Run("LLEN l"), "4");
}

TEST_F(ListCommandsTest, PushXLeavesMissingKeysAlone) {
  EXPECT_EQ(Run("LPUSHX l a"), "0");
  EXPECT_EQ(Run("RPUSHX l a"), "0");
  EXPECT_EQ(Run("EXISTS l"), "0");
  EXPECT_EQ(TakeLog(), "");
  Run("RPUSH l a");
  EXPECT_EQ(Run("LPUSHX l x y"), "3");
  EXPECT_EQ(Run("RPUSHX l z"), "4");
  EXPECT_EQ(Content("l"), "[y x a z]");
}

TEST_F(ListCommandsTest, PopsAndDeletesTheEmptyList) {
  Run("RPUSH l a b c");
  EXPECT_EQ(Run("LPOP l"), "a");
  EXPECT_EQ(Run("RPOP l"), "c");
  EXPECT_EQ(Run("RPOP l"), "b");
  EXPECT_EQ(Run("EXISTS l"), "0");
  EXPECT_EQ(RunRaw("LPOP l"), "$-1\r\n");
}

TEST_F(ListCommandsTest, PopsSeveral) {
  Run("RPUSH l a b c d e");
  EXPECT_EQ(Run("LPOP l 2"), "[a b]");
  EXPECT_EQ(Run("RPOP l 2"), "[e d]");
  EXPECT_EQ(Run("LPOP l 0"), "[]");
  EXPECT_EQ(Run("LPOP l 100"), "[c]");
  EXPECT_EQ(Run("EXISTS l"), "0");
  EXPECT_EQ(RunRaw("LPOP l 100"), "*-1\r\n");
  EXPECT_EQ(RunRaw("LPOP l 0"), "*-1\r\n");
  UseResp(3);
  EXPECT_EQ(RunRaw("LPOP l 100"), "_\r\n");
}

TEST_F(ListCommandsTest, PopChecksItsCountBeforeTheKey) {
  Run("SET s x");
  EXPECT_EQ(Run("LPOP s -1"), "-ERR value is out of range, must be positive");
  EXPECT_EQ(Run("LPOP s x"), "-ERR value is out of range, must be positive");
  EXPECT_EQ(Run("LPOP s 1 2"), "-ERR wrong number of arguments for 'lpop' command");
  EXPECT_EQ(Run("LPOP s 1"), kWrongType);
}

TEST_F(ListCommandsTest, RangesAreClipped) {
  Run("RPUSH l a b c");
  EXPECT_EQ(Run("LRANGE l -2 -1"), "[b c]");
  EXPECT_EQ(Run("LRANGE l -100 100"), "[a b c]");
  EXPECT_EQ(Run("LRANGE l 2 1"), "[]");
  EXPECT_EQ(Run("LRANGE l 3 5"), "[]");
  EXPECT_EQ(Run("LRANGE none 0 -1"), "[]");
  EXPECT_EQ(Run("LRANGE l -9223372036854775808 9223372036854775807"), "[a b c]");
  EXPECT_EQ(Run("LRANGE none x 1"), "-ERR value is not an integer or out of range");
}

TEST_F(ListCommandsTest, IndexIsReadAfterTheKey) {
  Run("RPUSH l a b c");
  Run("SET s x");
  EXPECT_EQ(Run("LINDEX l 0"), "a");
  EXPECT_EQ(Run("LINDEX l -1"), "c");
  EXPECT_EQ(Run("LINDEX l 3"), "nil");
  EXPECT_EQ(Run("LINDEX none x"), "nil");
  EXPECT_EQ(Run("LINDEX s x"), kWrongType);
  EXPECT_EQ(Run("LINDEX l x"), "-ERR value is not an integer or out of range");
}

TEST_F(ListCommandsTest, SetReplacesOneElement) {
  Run("RPUSH l a b c");
  EXPECT_EQ(Run("LSET l 1 x"), "OK");
  EXPECT_EQ(Run("LSET l -1 12"), "OK");
  EXPECT_EQ(Content("l"), "[a x 12]");
  EXPECT_EQ(Run("LSET l 3 x"), "-ERR index out of range");
  EXPECT_EQ(Run("LSET none x y"), "-ERR no such key");
  EXPECT_EQ(Run("LSET l x y"), "-ERR value is not an integer or out of range");
}

TEST_F(ListCommandsTest, InsertsBesideTheFirstPivot) {
  Run("RPUSH l a b a");
  EXPECT_EQ(Run("LINSERT l BEFORE a x"), "4");
  EXPECT_EQ(Run("LINSERT l after a y"), "5");
  EXPECT_EQ(Content("l"), "[x a y b a]");
  EXPECT_EQ(Run("LINSERT l BEFORE none x"), "-1");
  EXPECT_EQ(Run("LINSERT none BEFORE a x"), "0");
  EXPECT_EQ(Run("LINSERT l BESIDE a x"), "-ERR syntax error");
}

TEST_F(ListCommandsTest, RemovesFromEitherEnd) {
  Run("RPUSH l a b a c a");
  EXPECT_EQ(Run("LREM l -1 a"), "1");
  EXPECT_EQ(Content("l"), "[a b a c]");
  EXPECT_EQ(Run("LREM l 1 a"), "1");
  EXPECT_EQ(Content("l"), "[b a c]");
  TakeLog();
  EXPECT_EQ(Run("LREM l 0 none"), "0");
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("LREM l -9223372036854775808 a"), "1");
  Run("LREM l 0 b");
  Run("LREM l 0 c");
  EXPECT_EQ(Run("EXISTS l"), "0");
}

TEST_F(ListCommandsTest, Trims) {
  Run("RPUSH l a b c d e");
  EXPECT_EQ(Run("LTRIM l 1 -2"), "OK");
  EXPECT_EQ(Content("l"), "[b c d]");
  TakeLog();
  EXPECT_EQ(Run("LTRIM l 0 -1"), "OK");
  EXPECT_EQ(TakeLog(), "") << "nothing was removed";
  EXPECT_EQ(Run("LTRIM l 5 9"), "OK");
  EXPECT_EQ(Run("EXISTS l"), "0");
  EXPECT_EQ(TakeLog(), "LTRIM l 5 9");
  EXPECT_EQ(Run("LTRIM none 0 1"), "OK");
}

TEST_F(ListCommandsTest, FindsPositions) {
  Run("RPUSH l a b c 1 2 3 c c");
  EXPECT_EQ(Run("LPOS l c"), "2");
  EXPECT_EQ(Run("LPOS l c RANK 2"), "6");
  EXPECT_EQ(Run("LPOS l c RANK -1"), "7");
  EXPECT_EQ(Run("LPOS l c COUNT 2"), "[2 6]");
  EXPECT_EQ(Run("LPOS l c COUNT 0"), "[2 6 7]");
  EXPECT_EQ(Run("LPOS l c COUNT 0 RANK -2"), "[6 2]");
  EXPECT_EQ(Run("LPOS l c COUNT 0 MAXLEN 3"), "[2]");
  EXPECT_EQ(Run("LPOS l c MAXLEN 2"), "nil");
  EXPECT_EQ(Run("LPOS l none COUNT 0"), "[]");
  EXPECT_EQ(Run("LPOS none c COUNT 0"), "[]");
  EXPECT_EQ(Run("LPOS none c"), "nil");
  EXPECT_EQ(Run("LPOS l c RANK -9223372036854775808"), "7");
  EXPECT_EQ(Run("LPOS l c RANK -9223372036854775808 COUNT 1"), "[7 6 2]") << "as Redis";
}

TEST_F(ListCommandsTest, PositionOptionsAreCheckedFirst) {
  EXPECT_TRUE(Run("LPOS none c RANK 0").starts_with("-ERR RANK can't be zero"));
  EXPECT_EQ(Run("LPOS none c COUNT -1"), "-ERR COUNT can't be negative");
  EXPECT_EQ(Run("LPOS none c MAXLEN x"), "-ERR MAXLEN can't be negative");
  EXPECT_EQ(Run("LPOS none c RANK"), "-ERR syntax error");
  EXPECT_EQ(Run("LPOS none c RANK x"), "-ERR value is not an integer or out of range");
}

TEST_F(ListCommandsTest, MovesBetweenLists) {
  Run("RPUSH l a b c");
  EXPECT_EQ(Run("LMOVE l m LEFT RIGHT"), "a");
  EXPECT_EQ(Run("LMOVE l m right LEFT"), "c");
  EXPECT_EQ(Content("m"), "[c a]");
  EXPECT_EQ(Run("RPOPLPUSH l m"), "b");
  EXPECT_EQ(Content("m"), "[b c a]");
  EXPECT_EQ(Run("EXISTS l"), "0");
  EXPECT_EQ(Run("RPOPLPUSH l m"), "nil");
}

TEST_F(ListCommandsTest, MovingToItselfRotates) {
  Run("RPUSH l a b c");
  EXPECT_EQ(Run("RPOPLPUSH l l"), "c");
  EXPECT_EQ(Content("l"), "[c a b]");
  EXPECT_EQ(Run("LMOVE l l LEFT LEFT"), "c");
  EXPECT_EQ(Content("l"), "[c a b]");
  Run("RPUSH one a");
  EXPECT_EQ(Run("RPOPLPUSH one one"), "a");
  EXPECT_EQ(Content("one"), "[a]");
}

TEST_F(ListCommandsTest, AMoveThatFailsTakesNothing) {
  Run("RPUSH l a");
  Run("SET s x");
  TakeLog();
  EXPECT_EQ(Run("LMOVE l s LEFT LEFT"), kWrongType);
  EXPECT_EQ(Run("LMOVE s l LEFT LEFT"), kWrongType);
  EXPECT_EQ(Run("LMOVE none s LEFT LEFT"), "nil") << "the target does not matter then";
  EXPECT_EQ(Run("LMOVE l m UP LEFT"), "-ERR syntax error");
  EXPECT_EQ(Run("LMOVE l m LEFT UP"), "-ERR syntax error");
  EXPECT_EQ(Content("l"), "[a]");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(ListCommandsTest, MultiPopTakesTheFirstListThatIsThere) {
  Run("RPUSH l a b c");
  Run("RPUSH m x");
  TakeLog();
  EXPECT_EQ(Run("LMPOP 3 none l m LEFT COUNT 2"), "[l [a b]]");
  EXPECT_EQ(Run("LMPOP 2 l m RIGHT COUNT 10"), "[l [c]]");
  EXPECT_EQ(TakeLog(), "LPOP l 2\nRPOP l 1") << "the log names the key that it was";
  EXPECT_EQ(Run("LMPOP 2 l m RIGHT"), "[m [x]]");
  EXPECT_EQ(RunRaw("LMPOP 2 l m RIGHT"), "*-1\r\n");
  Run("SET s x");
  EXPECT_EQ(Run("LMPOP 2 l s RIGHT"), kWrongType);
}

TEST_F(ListCommandsTest, MultiPopChecksItsArguments) {
  EXPECT_EQ(Run("LMPOP 0 l LEFT"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("LMPOP x l LEFT"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("LMPOP 2 l LEFT"), "-ERR syntax error");
  EXPECT_EQ(Run("LMPOP 9223372036854775807 l LEFT"), "-ERR syntax error");
  EXPECT_EQ(Run("LMPOP 1 l UP"), "-ERR syntax error");
  EXPECT_EQ(Run("LMPOP 1 l LEFT COUNT"), "-ERR syntax error");
  EXPECT_EQ(Run("LMPOP 1 l LEFT COUNT 0"), "-ERR count should be greater than 0");
  EXPECT_EQ(Run("LMPOP 1 l LEFT COUNT x"), "-ERR count should be greater than 0");
  EXPECT_EQ(Run("LMPOP 1 l LEFT COUNT 1 COUNT 1"), "-ERR syntax error");
}

TEST_F(ListCommandsTest, OtherTypesAreLeftAlone) {
  Run("SET s x");
  TakeLog();
  for (const char* line : {"LPUSH s a", "RPUSHX s a", "RPOP s", "LLEN s", "LRANGE s 0 1",
                           "LSET s 0 a", "LINSERT s BEFORE a b", "LREM s 0 a", "LTRIM s 0 1",
                           "LPOS s a", "RPOPLPUSH s l", "LMPOP 1 s LEFT"}) {
    EXPECT_EQ(Run(line), kWrongType) << line;
  }
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("GET s"), "x");
}

TEST_F(ListCommandsTest, CountsChangesAsRedisDoes) {
  const uint64_t before = keyspace().dirty;
  Run("RPUSH l a b c d e f");
  EXPECT_EQ(keyspace().dirty - before, 6u);
  Run("LPOP l 2");
  EXPECT_EQ(keyspace().dirty - before, 8u);
  Run("LMOVE l m LEFT LEFT");
  EXPECT_EQ(keyspace().dirty - before, 9u);
  Run("LTRIM l 0 0");
  EXPECT_EQ(keyspace().dirty - before, 11u);
}

class RandomListCommandsTest : public SeededTest {};

// Long lists over many nodes, held against a deque.
TEST_F(RandomListCommandsTest, BehavesLikeADeque) {
  struct Runner : CommandFixture {
    using CommandFixture::Reply;
    void TestBody() override {}
  } server;
  std::deque<std::string> model;
  for (int step = 0; step < 3000; ++step) {
    const std::string value = RandomValue(2000);
    const bool head = OneIn(2);
    if (Below(5) < 3) {
      head ? model.push_front(value) : model.push_back(value);
      ASSERT_EQ(server.Reply({head ? "LPUSH" : "RPUSH", "l", value}), std::to_string(model.size()));
    } else if (!model.empty()) {
      ASSERT_EQ(server.Reply({head ? "LPOP" : "RPOP", "l"}), head ? model.front() : model.back());
      head ? model.pop_front() : model.pop_back();
    }
    if (model.empty()) continue;
    const size_t at = Below(model.size());
    ASSERT_EQ(server.Reply({"LINDEX", "l", std::to_string(at)}), model[at]);
    if (OneIn(10)) {
      ASSERT_EQ(server.Reply({"LSET", "l", std::to_string(at), value}), "OK");
      model[at] = value;
    }
  }
}

}  // namespace
}  // namespace basalt
