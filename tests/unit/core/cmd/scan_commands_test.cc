#include <set>

#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class ScanCommandsTest : public CommandFixture {
 protected:
  // Every key that a whole SCAN with `options` answers.
  std::set<std::string> ScanAll(const std::string& options) {
    std::set<std::string> keys;
    std::string cursor = "0";
    do {
      ReplyValue step = RunValue("SCAN " + cursor + options);
      cursor = step.elements[0].text;
      for (const ReplyValue& key : step.elements[1].elements) keys.insert(key.text);
    } while (cursor != "0");
    return keys;
  }
};

TEST_F(ScanCommandsTest, VisitsEveryKeyOnceOrMore) {
  for (int i = 0; i < 3000; ++i) Run("SET key:" + std::to_string(i) + " v");
  EXPECT_EQ(ScanAll("").size(), 3000u);
  EXPECT_EQ(ScanAll(" COUNT 500").size(), 3000u);
  EXPECT_EQ(ScanAll(" MATCH key:1?").size(), 10u);
  EXPECT_EQ(ScanAll(" MATCH * COUNT 1000").size(), 3000u);
  EXPECT_EQ(RunValue("KEYS *").elements.size(), 3000u);
  EXPECT_EQ(RunValue("KEYS key:29??").elements.size(), 100u);
}

TEST_F(ScanCommandsTest, ByType) {
  Run("SET s v");
  Run("RPUSH l v");
  EXPECT_EQ(ScanAll(" TYPE LIST"), std::set<std::string>({"l"}));
  EXPECT_EQ(ScanAll(" TYPE nosuch"), std::set<std::string>());
  EXPECT_EQ(ScanAll(" TYPE string MATCH l*"), std::set<std::string>());
}

TEST_F(ScanCommandsTest, WrongWords) {
  EXPECT_EQ(Run("SCAN x"), "-ERR invalid cursor");
  EXPECT_EQ(Run("SCAN x FOO"), "-ERR invalid cursor");
  EXPECT_EQ(Run("SCAN 0 FOO 1"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 0 COUNT"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 0 COUNT 0"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 0 COUNT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("SCAN 18446744073709551615"), "[0 []]");
}

TEST_F(ScanCommandsTest, ExpiredKeysAreNotSeen) {
  Run("SET a v PX 5");
  Run("SET b v");
  AdvanceMillis(6);
  EXPECT_EQ(Run("KEYS *"), "[b]");
  EXPECT_EQ(ScanAll(""), std::set<std::string>({"b"}));
  EXPECT_EQ(Run("RANDOMKEY"), "b");
}

TEST_F(ScanCommandsTest, RandomKeyIsAnyKey) {
  EXPECT_EQ(Run("RANDOMKEY"), "nil");
  Run("MSET a 1 b 2 c 3");
  std::set<std::string> seen;
  for (int i = 0; i < 300; ++i) seen.insert(Run("RANDOMKEY"));
  EXPECT_EQ(seen, std::set<std::string>({"a", "b", "c"}));
}

}  // namespace
}  // namespace basalt
