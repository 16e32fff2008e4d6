#include <map>
#include <set>

#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class SetCommandsTest : public CommandFixture {
 protected:
  void Fill(const std::string& key, size_t members) {
    for (size_t i = 0; i < members; ++i) Reply({"SADD", key, "m" + std::to_string(i)});
  }
  // The members of the reply to a line.
  std::multiset<std::string> Members(std::string_view line) {
    std::multiset<std::string> members;
    for (const ReplyValue& element : RunValue(line).elements) members.insert(element.text);
    return members;
  }
};

using Names = std::multiset<std::string>;

TEST_F(SetCommandsTest, AddCountsNewMembers) {
  EXPECT_EQ(Run("SADD s a b a"), "2");
  EXPECT_EQ(Run("SADD s b c"), "1");
  EXPECT_EQ(TakeLog(), "SADD s a b a\nSADD s b c");
  EXPECT_EQ(Run("SADD s a"), "0");
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("SCARD s"), "3");
  EXPECT_EQ(Run("SCARD none"), "0");
}

TEST_F(SetCommandsTest, RemovesMembersAndTheEmptySet) {
  Run("SADD s a b c");
  EXPECT_EQ(Run("SREM s a x"), "1");
  EXPECT_EQ(Run("SREM s x"), "0");
  EXPECT_EQ(Run("SREM s b c b"), "2");
  EXPECT_EQ(Run("EXISTS s"), "0");
  EXPECT_EQ(Run("SREM s b"), "0");
}

TEST_F(SetCommandsTest, TestsMembership) {
  Run("SADD s a 1");
  EXPECT_EQ(Run("SISMEMBER s a"), "1");
  EXPECT_EQ(Run("SISMEMBER s 01"), "0");
  EXPECT_EQ(Run("SISMEMBER none a"), "0");
  EXPECT_EQ(Run("SMISMEMBER s 1 x a"), "[1 0 1]");
  EXPECT_EQ(Run("SMISMEMBER none a b"), "[0 0]");
}

TEST_F(SetCommandsTest, MembersAreASetInResp3) {
  Run("SADD s 2 1");
  EXPECT_EQ(RunRaw("SMEMBERS s"), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(RunRaw("SMEMBERS none"), "*0\r\n");
  UseResp(3);
  EXPECT_EQ(RunRaw("SMEMBERS s"), "~2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(RunRaw("SINTER s s"), "~2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(RunRaw("SUNION none"), "~0\r\n");
  EXPECT_EQ(RunRaw("SINTER s none"), "~0\r\n");
  EXPECT_EQ(RunRaw("SRANDMEMBER s 5"), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(RunRaw("SPOP s 5"), "~2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(RunRaw("SPOP s 5"), "~0\r\n");
  EXPECT_EQ(RunRaw("SPOP s"), "_\r\n");
}

TEST_F(SetCommandsTest, RefusesOtherTypes) {
  Run("SET t 1");
  Run("SADD s a");
  for (const char* line :
       {"SADD t a", "SREM t a", "SISMEMBER t a", "SMISMEMBER t a", "SMEMBERS t", "SCARD t",
        "SPOP t", "SPOP t 0", "SRANDMEMBER t", "SRANDMEMBER t 0", "SMOVE t s a", "SMOVE s t a",
        "SINTER s t", "SINTER none t", "SUNION s t", "SDIFF s t", "SDIFFSTORE d s t",
        "SINTERCARD 2 s t", "SSCAN t 0"}) {
    EXPECT_EQ(Run(line), kWrongType) << line;
  }
  EXPECT_EQ(Run("SMOVE none t a"), "0");
}

TEST_F(SetCommandsTest, Moves) {
  Run("SADD a x y");
  Run("SADD b y");
  EXPECT_EQ(Run("SMOVE a b none"), "0");
  EXPECT_EQ(Run("SMOVE a a x"), "1");
  EXPECT_EQ(Run("SMOVE a a none"), "0");
  TakeLog();
  EXPECT_EQ(Run("SMOVE a b y"), "1");
  EXPECT_EQ(Run("SMOVE a c x"), "1");
  EXPECT_EQ(TakeLog(), "SMOVE a b y\nSMOVE a c x");
  EXPECT_EQ(Run("EXISTS a"), "0");
  EXPECT_EQ(Run("SMEMBERS b"), "[y]");
  EXPECT_EQ(Run("SMEMBERS c"), "[x]");
}

TEST_F(SetCommandsTest, PopIsLoggedAsWhatItRemoved) {
  Fill("s", 5);
  TakeLog();
  const std::string popped = Run("SPOP s");
  EXPECT_EQ(TakeLog(), "SREM s " + popped);
  EXPECT_EQ(Run("SISMEMBER s " + popped), "0");
  const ReplyValue two = RunValue("SPOP s 2");
  EXPECT_EQ(TakeLog(), "SREM s " + two.elements[0].text + " " + two.elements[1].text);
  EXPECT_EQ(Members("SPOP s 9").size(), 2u);
  EXPECT_EQ(TakeLog(), "DEL s");
  EXPECT_EQ(Run("EXISTS s"), "0");
  EXPECT_EQ(Run("SPOP s"), "nil");
  EXPECT_EQ(Run("SPOP s 1"), "[]");
}

TEST_F(SetCommandsTest, ALargePopIsLoggedWhole) {
  Fill("s", 3000);
  TakeLog();
  Names popped = Members("SPOP s 2500");
  EXPECT_EQ(popped.size(), 2500u);
  Names logged;
  const std::string log = TakeLog() + "\n";
  for (size_t from = 0, end; (end = log.find('\n', from)) != std::string::npos; from = end + 1) {
    const std::vector<std::string> words = Words(std::string_view(log).substr(from, end - from));
    EXPECT_EQ(words[0], "SREM");
    logged.insert(words.begin() + 2, words.end());
  }
  EXPECT_EQ(logged, popped);
  EXPECT_EQ(Run("SCARD s"), "500");
}

TEST_F(SetCommandsTest, PopReadsItsCountBeforeTheKey) {
  EXPECT_EQ(Run("SPOP none -1"), kNotPositive);
  EXPECT_EQ(Run("SPOP none x"), kNotPositive);
  EXPECT_EQ(Run("SPOP none 1 1"), "-ERR syntax error");
}

TEST_F(SetCommandsTest, DrawsMembers) {
  Fill("s", 10);
  const Names all = Members("SMEMBERS s");
  EXPECT_EQ(all.count(Run("SRANDMEMBER s")), 1u);
  EXPECT_EQ(Members("SRANDMEMBER s 100"), all);
  const Names some = Members("SRANDMEMBER s 4");
  EXPECT_EQ(some.size(), 4u);
  EXPECT_EQ(std::set<std::string>(some.begin(), some.end()).size(), 4u);
  EXPECT_EQ(Members("SRANDMEMBER s -50").size(), 50u);
  EXPECT_EQ(Run("SRANDMEMBER s 0"), "[]");
  EXPECT_EQ(Run("SRANDMEMBER none"), "nil");
  EXPECT_EQ(Run("SRANDMEMBER none -5"), "[]");
  EXPECT_EQ(Run("SRANDMEMBER s x"), kNotInteger);
  EXPECT_EQ(Run("SRANDMEMBER s 1 1"), "-ERR syntax error");
  EXPECT_EQ(Run("SRANDMEMBER s -9223372036854775808"),
            "-ERR value is out of range, value must between -9223372036854775807 and "
            "9223372036854775807");
}

TEST_F(SetCommandsTest, Combines) {
  Run("SADD a 1 2 3 x");
  Run("SADD b 2 3 4");
  Run("SADD c 3 x");
  EXPECT_EQ(Members("SINTER a b c"), (Names{"3"}));
  EXPECT_EQ(Members("SINTER a"), (Names{"1", "2", "3", "x"}));
  EXPECT_EQ(Members("SINTER a none"), Names{});
  EXPECT_EQ(Members("SUNION b c none"), (Names{"2", "3", "4", "x"}));
  EXPECT_EQ(Members("SDIFF a b c"), (Names{"1"}));
  EXPECT_EQ(Members("SDIFF a none"), (Names{"1", "2", "3", "x"}));
  EXPECT_EQ(Members("SDIFF none a"), Names{});
  EXPECT_EQ(Members("SDIFF a a"), Names{});
}

// The first set is much larger than the others: they are taken off a copy of it.
TEST_F(SetCommandsTest, SubtractsSmallSetsFromALargeOne) {
  Fill("big", 100);
  Run("SADD big 7");
  Fill("most", 100);
  for (int i = 0; i < 4; ++i) Run("SADD few m" + std::to_string(i));
  EXPECT_EQ(Members("SDIFF big few few few few").size(), 97u);
  EXPECT_EQ(Run("SDIFFSTORE d big most"), "1");
  EXPECT_EQ(Run("SMEMBERS d"), "[7]");
}

TEST_F(SetCommandsTest, StoresReplaceTheDestination) {
  Run("SADD a 1 2");
  Run("SADD b 2 3");
  Run("SET d text PX 100000");
  EXPECT_EQ(Run("SINTERSTORE d a b"), "1");
  EXPECT_EQ(Run("SMEMBERS d"), "[2]");
  EXPECT_EQ(Run("PTTL d"), "-1");
  EXPECT_EQ(Run("SUNIONSTORE a a b"), "3");
  EXPECT_EQ(Run("SMEMBERS a"), "[1 2 3]");
  TakeLog();
  EXPECT_EQ(Run("SDIFFSTORE d b a"), "0");
  EXPECT_EQ(Run("EXISTS d"), "0");
  EXPECT_EQ(TakeLog(), "SDIFFSTORE d b a");
  EXPECT_EQ(Run("SDIFFSTORE d b a"), "0");
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(SetCommandsTest, CountsAnIntersection) {
  Run("SADD a 1 2 3 4");
  Run("SADD b 2 3 4 5");
  EXPECT_EQ(Run("SINTERCARD 2 a b"), "3");
  EXPECT_EQ(Run("SINTERCARD 2 a b LIMIT 2"), "2");
  EXPECT_EQ(Run("SINTERCARD 2 a b limit 0"), "3");
  EXPECT_EQ(Run("SINTERCARD 2 a none"), "0");
  EXPECT_EQ(Run("SINTERCARD 0 a"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("SINTERCARD x a"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("SINTERCARD 2 a"), "-ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(Run("SINTERCARD 1 a LIMIT -1"), "-ERR LIMIT can't be negative");
  EXPECT_EQ(Run("SINTERCARD 1 a LIMIT"), "-ERR syntax error");
  EXPECT_EQ(Run("SINTERCARD 1 a b"), "-ERR syntax error");
}

TEST_F(SetCommandsTest, ScansAll) {
  Fill("s", 300);
  std::map<std::string, int> seen;
  std::string cursor = "0";
  do {
    const ReplyValue reply = RunValue("SSCAN s " + cursor + " COUNT 20 MATCH m1*");
    cursor = reply.elements.at(0).text;
    for (const ReplyValue& member : reply.elements.at(1).elements) ++seen[member.text];
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 111u);
  EXPECT_EQ(Run("SSCAN none 0 COUNT x"), "[0 []]");
  EXPECT_EQ(Run("SSCAN s x"), "-ERR invalid cursor");
  EXPECT_EQ(Run("SSCAN s 0 COUNT x"), kNotInteger);
  EXPECT_EQ(Run("SSCAN s 0 COUNT 0"), "-ERR syntax error");
}

TEST_F(SetCommandsTest, EncodingFollowsTheMembers) {
  Run("SADD s 1 2");
  EXPECT_EQ(Run("OBJECT ENCODING s"), "intset");
  Run("SADD s x");
  EXPECT_EQ(Run("OBJECT ENCODING s"), "hashtable");
  Run("SUNIONSTORE d s");
  Run("SREM d x");
  EXPECT_EQ(Run("OBJECT ENCODING d"), "hashtable");
  Run("SINTERSTORE e s d");
  EXPECT_EQ(Run("OBJECT ENCODING e"), "intset");
}

}  // namespace
}  // namespace basalt
