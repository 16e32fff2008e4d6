#include <map>
#include <set>

#include "tests/support/command_fixture.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

class HashCommandsTest : public CommandFixture {
 protected:
  void Fill(const std::string& key, size_t fields) {
    for (size_t i = 0; i < fields; ++i)
      Reply({"HSET", key, "f" + std::to_string(i), "v" + std::to_string(i)});
  }
  // Every field that a whole scan answers, and how often; `rest` follows the cursor.
  std::map<std::string, int> ScanAll(const std::string& key, const std::string& rest) {
    std::map<std::string, int> seen;
    std::string cursor = "0";
    do {
      const ReplyValue reply = RunValue("HSCAN " + key + " " + cursor + rest);
      cursor = reply.elements.at(0).text;
      const auto& words = reply.elements.at(1).elements;
      for (size_t i = 0; i < words.size(); i += 2) ++seen[words[i].text];
    } while (cursor != "0");
    return seen;
  }
};

TEST_F(HashCommandsTest, SetCountsNewFields) {
  EXPECT_EQ(Run("HSET h a 1 b 2"), "2");
  EXPECT_EQ(Run("HSET h a 3 c 4"), "1");
  EXPECT_EQ(Run("HGETALL h"), "[a 3 b 2 c 4]");
  EXPECT_EQ(Run("HMSET h a 5"), "OK");
  EXPECT_EQ(Run("HGET h a"), "5");
  EXPECT_EQ(Run("HLEN h"), "3");
}

TEST_F(HashCommandsTest, SetWantsPairs) {
  EXPECT_EQ(Run("HSET h a 1 b"), "-ERR wrong number of arguments for 'hset' command");
  EXPECT_EQ(Run("HMSET h a 1 b"), "-ERR wrong number of arguments for 'hmset' command");
  EXPECT_EQ(Run("EXISTS h"), "0");
}

TEST_F(HashCommandsTest, SetIfNewKeepsOldValues) {
  EXPECT_EQ(Run("HSETNX h a 1"), "1");
  TakeLog();
  EXPECT_EQ(Run("HSETNX h a 2"), "0");
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("HGET h a"), "1");
}

TEST_F(HashCommandsTest, Gets) {
  Run("HSET h a 1 b text");
  EXPECT_EQ(Run("HMGET h a none b"), "[1 nil text]");
  EXPECT_EQ(Run("HMGET none a b"), "[nil nil]");
  EXPECT_EQ(Run("HGET h none"), "nil");
  EXPECT_EQ(Run("HGET none a"), "nil");
  EXPECT_EQ(Run("HEXISTS h a"), "1");
  EXPECT_EQ(Run("HEXISTS h none"), "0");
  EXPECT_EQ(Run("HSTRLEN h b"), "4");
  EXPECT_EQ(Run("HSTRLEN h none"), "0");
  EXPECT_EQ(Run("HKEYS h"), "[a b]");
  EXPECT_EQ(Run("HVALS h"), "[1 text]");
  EXPECT_EQ(Run("HVALS none"), "[]");
}

TEST_F(HashCommandsTest, GetallIsAMapInResp3) {
  Run("HSET h a 1");
  EXPECT_EQ(RunRaw("HGETALL none"), "*0\r\n");
  UseResp(3);
  EXPECT_EQ(RunRaw("HGETALL h"), "%1\r\n$1\r\na\r\n$1\r\n1\r\n");
  EXPECT_EQ(RunRaw("HGETALL none"), "%0\r\n");
  EXPECT_EQ(RunRaw("HKEYS h"), "*1\r\n$1\r\na\r\n");
}

TEST_F(HashCommandsTest, DeletesFieldsAndTheEmptyHash) {
  Run("HSET h a 1 b 2 c 3");
  EXPECT_EQ(Run("HDEL h a none a"), "1");
  TakeLog();
  EXPECT_EQ(Run("HDEL h none"), "0");
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("HDEL h b c d"), "2");
  EXPECT_EQ(Run("EXISTS h"), "0");
  EXPECT_EQ(Run("HDEL h b"), "0");
}

TEST_F(HashCommandsTest, AddsIntegers) {
  EXPECT_EQ(Run("HINCRBY h n 5"), "5");
  EXPECT_EQ(Run("HINCRBY h n -7"), "-2");
  Run("HSET h max 9223372036854775807 text abc float 1.5");
  TakeLog();
  EXPECT_EQ(Run("HINCRBY h max 1"), "-ERR increment or decrement would overflow");
  EXPECT_EQ(Run("HINCRBY h text 1"), "-ERR hash value is not an integer");
  EXPECT_EQ(Run("HINCRBY h float 1"), "-ERR hash value is not an integer");
  EXPECT_EQ(Run("HINCRBY h n x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(TakeLog(), "");
  Run("HINCRBY h n 1");
  EXPECT_EQ(TakeLog(), "HINCRBY h n 1");
}

TEST_F(HashCommandsTest, AddsFloatsAndLogsTheSum) {
  Run("HSET h n 10.50 text abc");
  TakeLog();
  EXPECT_EQ(Run("HINCRBYFLOAT h n 0.1"), "10.6");
  EXPECT_EQ(Run("HINCRBYFLOAT h n -5"), "5.6");
  EXPECT_EQ(Run("HINCRBYFLOAT h new 5.0e3"), "5000");
  EXPECT_EQ(TakeLog(), "HSET h n 10.6\nHSET h n 5.6\nHSET h new 5000");
  EXPECT_EQ(Run("HINCRBYFLOAT h text 1"), "-ERR hash value is not a float");
  EXPECT_EQ(Run("HINCRBYFLOAT h n x"), "-ERR value is not a valid float");
  EXPECT_EQ(Run("HINCRBYFLOAT h n inf"), "-ERR value is NaN or Infinity");
  Run("HSET h inf inf");
  EXPECT_EQ(Run("HINCRBYFLOAT h inf 1"), "-ERR increment would produce NaN or Infinity");
}

TEST_F(HashCommandsTest, AFailedIncrementMakesNoKey) {
  EXPECT_EQ(Run("HINCRBY none n x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("HINCRBYFLOAT none n inf"), "-ERR value is NaN or Infinity");
  EXPECT_EQ(Run("EXISTS none"), "0");
}

TEST_F(HashCommandsTest, RandomFieldsAreTheHashsOwn) {
  for (size_t size : {1, 20, 2000}) {  // both encodings
    const std::string key = "h" + std::to_string(size);
    Fill(key, size);
    EXPECT_EQ(Run("HEXISTS " + key + " " + Run("HRANDFIELD " + key)), "1");
    for (size_t count : {size_t{1}, size / 2 + 1, size, size * 3}) {
      const ReplyValue reply =
          RunValue("HRANDFIELD " + key + " " + std::to_string(count) + " WITHVALUES");
      std::set<std::string> fields;
      for (size_t i = 0; i < reply.elements.size(); i += 2) {
        const std::string& field = reply.elements[i].text;
        fields.insert(field);
        EXPECT_EQ(reply.elements[i + 1].text, "v" + field.substr(1));
      }
      EXPECT_EQ(fields.size(), std::min(count, size)) << "all different";
      EXPECT_EQ(reply.elements.size(), fields.size() * 2);
    }
    EXPECT_EQ(RunValue("HRANDFIELD " + key + " -50").elements.size(), 50u);
  }
}

TEST_F(HashCommandsTest, RandomFieldsOfNothing) {
  Run("HSET h a 1");
  EXPECT_EQ(RunRaw("HRANDFIELD none"), "$-1\r\n");
  EXPECT_EQ(RunRaw("HRANDFIELD none 3"), "*0\r\n");
  EXPECT_EQ(RunRaw("HRANDFIELD h 0"), "*0\r\n");
}

TEST_F(HashCommandsTest, RandomPairsAreNestedInResp3) {
  Run("HSET h a 1");
  EXPECT_EQ(RunRaw("HRANDFIELD h 1 WITHVALUES"), "*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  UseResp(3);
  EXPECT_EQ(RunRaw("HRANDFIELD h 1 WITHVALUES"), "*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  EXPECT_EQ(RunRaw("HRANDFIELD h -2"), "*2\r\n$1\r\na\r\n$1\r\na\r\n");
}

TEST_F(HashCommandsTest, RandomFieldChecksItsArguments) {
  Run("HSET h a 1");
  EXPECT_EQ(Run("HRANDFIELD h x y"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("HRANDFIELD h 1 y"), "-ERR syntax error");
  EXPECT_EQ(Run("HRANDFIELD h 1 WITHVALUES x"), "-ERR syntax error");
  EXPECT_EQ(Run("HRANDFIELD h -9223372036854775808"),
            "-ERR value is out of range, value must between -9223372036854775807 and "
            "9223372036854775807");
  EXPECT_EQ(Run("HRANDFIELD h -9223372036854775807 WITHVALUES"), "-ERR value is out of range");
  EXPECT_EQ(Run("HRANDFIELD h -9223372036854775807"), "-ERR value is out of range")
      << "not an endless reply";
}

TEST_F(HashCommandsTest, ScansEveryFieldOnce) {
  for (size_t size : {3, 3000}) {
    const std::string key = "h" + std::to_string(size);
    Fill(key, size);
    const auto all = ScanAll(key, "");
    EXPECT_EQ(all.size(), size);
    for (const auto& [field, times] : all) EXPECT_EQ(times, 1) << field;
    EXPECT_EQ(ScanAll(key, " MATCH f2* COUNT 1000").size(), size == 3 ? 1 : 1111);
    EXPECT_EQ(ScanAll(key, " MATCH *").size(), size);
  }
}

TEST_F(HashCommandsTest, ScanChecksItsArguments) {
  Run("HSET h a 1");
  EXPECT_EQ(Run("HSCAN h 0"), "[0 [a 1]]");
  EXPECT_EQ(Run("HSCAN none x"), "-ERR invalid cursor");
  EXPECT_EQ(Run("HSCAN none 0 FOO"), "[0 []]") << "a missing key is found before wrong options";
  EXPECT_EQ(Run("HSCAN h 0 COUNT 0"), "-ERR syntax error");
  EXPECT_EQ(Run("HSCAN h 0 COUNT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("HSCAN h 0 TYPE hash"), "-ERR syntax error");
}

TEST_F(HashCommandsTest, OtherTypesAreLeftAlone) {
  Run("SET s x");
  TakeLog();
  for (const char* line :
       {"HSET s a 1", "HMSET s a 1", "HSETNX s a 1", "HGET s a", "HMGET s a", "HDEL s a",
        "HEXISTS s a", "HGETALL s", "HKEYS s", "HVALS s", "HLEN s", "HSTRLEN s a", "HINCRBY s a 1",
        "HINCRBYFLOAT s a 1", "HRANDFIELD s", "HRANDFIELD s 1", "HSCAN s 0"}) {
    EXPECT_EQ(Run(line), kWrongType) << line;
  }
  EXPECT_EQ(TakeLog(), "");
}

TEST_F(HashCommandsTest, CountsHitsMissesAndChanges) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(keyspace().dirty, 2u);
  Run("HGET h none");
  Run("HGET none a");
  EXPECT_EQ(keyspace().stats.hits, 1u) << "the key counts, not the field";
  EXPECT_EQ(keyspace().stats.misses, 1u);
  Run("HDEL h a b");
  EXPECT_EQ(keyspace().dirty, 4u);
}

}  // namespace
}  // namespace basalt
