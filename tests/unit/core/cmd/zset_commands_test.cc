#include <map>
#include <set>

#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

constexpr const char* kSyntax = "-ERR syntax error";

class ZSetCommandsTest : public CommandFixture {
 protected:
  std::string All(const std::string& key) { return Run("ZRANGE " + key + " 0 -1 WITHSCORES"); }
};

// Both encodings: listpack, and hash table with tree.
class ZSetRangeTest : public ZSetCommandsTest, public ::testing::WithParamInterface<bool> {
 protected:
  // a=1 b=2 ... e=5; the large encoding comes from a member that is gone again.
  ZSetRangeTest() {
    if (GetParam()) {
      Run("ZADD z 0 " + std::string(100, 'x'));
      Run("ZADD names 0 " + std::string(100, 'x'));
    }
    Run("ZADD z 1 a 2 b 3 c 4 d 5 e");
    Run("ZADD names 0 a 0 b 0 c 0 d 0 e");
    Run("ZREM z " + std::string(100, 'x'));
    Run("ZREM names " + std::string(100, 'x'));
  }
};

INSTANTIATE_TEST_SUITE_P(Encodings, ZSetRangeTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "skiplist" : "listpack"; });

TEST_F(ZSetCommandsTest, AddCountsNewMembersOrChangedOnes) {
  EXPECT_EQ(Run("ZADD z 1 a 2 b 1.5 a"), "2");
  EXPECT_EQ(All("z"), "[a 1.5 b 2]");
  EXPECT_EQ(Run("ZADD z CH 3 a 2 b 4 c"), "2");
  TakeLog();
  EXPECT_EQ(Run("ZADD z 3 a 2 b"), "0");
  EXPECT_EQ(TakeLog(), "");
  EXPECT_EQ(Run("ZADD z 1 a"), "0");
  EXPECT_EQ(TakeLog(), "ZADD z 1 a");
  EXPECT_EQ(Run("ZCARD z"), "3");
  EXPECT_EQ(Run("ZCARD none"), "0");
}

TEST_F(ZSetCommandsTest, AddOptionsSayWhichMembersMayChange) {
  Run("ZADD z 5 a");
  EXPECT_EQ(Run("ZADD z NX 1 a 1 b"), "1");
  EXPECT_EQ(Run("ZADD z XX CH 2 b 2 c"), "1");
  EXPECT_EQ(Run("ZADD z GT CH 4 a 3 b 1 d"), "2");
  EXPECT_EQ(Run("ZADD z lt ch 9 a 1 b"), "1");
  EXPECT_EQ(All("z"), "[b 1 d 1 a 5]");
  EXPECT_EQ(Run("ZADD none XX 1 a"), "0");
  EXPECT_EQ(Run("EXISTS none"), "0");
}

TEST_F(ZSetCommandsTest, AddMayIncrement) {
  EXPECT_EQ(Run("ZADD z INCR 1.5 a"), "1.5");
  EXPECT_EQ(Run("ZADD z INCR 1 a"), "2.5");
  EXPECT_EQ(Run("ZADD z INCR NX 1 a"), "nil");
  EXPECT_EQ(Run("ZADD z INCR XX 1 b"), "nil");
  EXPECT_EQ(Run("ZADD none INCR XX 1 b"), "nil");
  EXPECT_EQ(Run("ZADD z INCR GT -1 a"), "nil");
  EXPECT_EQ(Run("ZADD z INCR 0 a"), "2.5");
  EXPECT_EQ(Run("ZINCRBY z 0.5 a"), "3");
  EXPECT_EQ(Run("ZINCRBY z inf b"), "inf");
  EXPECT_EQ(Run("ZINCRBY z -inf b"), "-ERR resulting score is not a number (NaN)");
  EXPECT_EQ(Run("ZSCORE z b"), "inf");
  UseResp(3);
  EXPECT_EQ(RunRaw("ZINCRBY z 1 a"), ",4\r\n");
  EXPECT_EQ(RunRaw("ZADD z INCR XX 1 none"), "_\r\n");
}

TEST_F(ZSetCommandsTest, AddChecksItsWordsInOrder) {
  Run("SET t 1");
  EXPECT_EQ(Run("ZADD t 1 a 2"), kSyntax);
  EXPECT_EQ(Run("ZADD t NX XX"), kSyntax);
  EXPECT_EQ(Run("ZADD t NX XX GT x a"),
            "-ERR XX and NX options at the same time are not compatible");
  EXPECT_EQ(Run("ZADD t NX GT x a"),
            "-ERR GT, LT, and/or NX options at the same time are not compatible");
  EXPECT_EQ(Run("ZADD t GT LT x a"),
            "-ERR GT, LT, and/or NX options at the same time are not compatible");
  EXPECT_EQ(Run("ZADD t INCR x a 1 b"),
            "-ERR INCR option supports a single increment-element pair");
  EXPECT_EQ(Run("ZADD t 1 a x b"), "-ERR value is not a valid float");
  EXPECT_EQ(Run("ZADD t nan a"), "-ERR value is not a valid float");
  EXPECT_EQ(Run("ZADD t 1 a"), kWrongType);
  EXPECT_EQ(Run("ZINCRBY z nx a"), kSyntax);
  EXPECT_EQ(Run("EXISTS z"), "0");
}

TEST_F(ZSetCommandsTest, RemovesMembersAndTheEmptySet) {
  Run("ZADD z 1 a 2 b 3 c");
  EXPECT_EQ(Run("ZREM z a x a"), "1");
  EXPECT_EQ(Run("ZREM z x"), "0");
  EXPECT_EQ(Run("ZREM z b c"), "2");
  EXPECT_EQ(Run("EXISTS z"), "0");
  EXPECT_EQ(Run("ZREM z b"), "0");
}

TEST_F(ZSetCommandsTest, RefusesOtherTypes) {
  Run("SET t 1");
  Run("ZADD z 1 a");
  for (const char* line : {"ZADD t 1 a",
                           "ZADD t XX 1 a",
                           "ZINCRBY t 1 a",
                           "ZREM t a",
                           "ZCARD t",
                           "ZSCORE t a",
                           "ZMSCORE t a",
                           "ZCOUNT t 0 1",
                           "ZLEXCOUNT t - +",
                           "ZRANK t a",
                           "ZREVRANK t a",
                           "ZRANGE t 0 1",
                           "ZRANGESTORE d t 0 1",
                           "ZRANGEBYSCORE t 0 1",
                           "ZRANGEBYLEX t - +",
                           "ZPOPMIN t",
                           "ZPOPMAX t 0",
                           "ZMPOP 2 none t MIN",
                           "ZREMRANGEBYRANK t 0 1",
                           "ZREMRANGEBYSCORE t 0 1",
                           "ZREMRANGEBYLEX t - +",
                           "ZUNION 2 z t",
                           "ZINTERSTORE d 2 none t",
                           "ZINTERCARD 2 z t",
                           "ZRANDMEMBER t",
                           "ZRANDMEMBER t 0",
                           "ZSCAN t 0"}) {
    EXPECT_EQ(Run(line), kWrongType) << line;
  }
}

TEST_P(ZSetRangeTest, AnswersScoresAndRanks) {
  EXPECT_EQ(Run("ZSCORE z c"), "3");
  EXPECT_EQ(Run("ZSCORE z x"), "nil");
  EXPECT_EQ(Run("ZSCORE none x"), "nil");
  EXPECT_EQ(Run("ZMSCORE z e x a"), "[5 nil 1]");
  EXPECT_EQ(Run("ZMSCORE none a"), "[nil]");
  EXPECT_EQ(Run("ZRANK z b"), "1");
  EXPECT_EQ(Run("ZREVRANK z b"), "3");
  EXPECT_EQ(Run("ZRANK z x"), "nil");
  EXPECT_EQ(Run("ZREVRANK none b"), "nil");
  UseResp(3);
  EXPECT_EQ(RunRaw("ZSCORE z c"), ",3\r\n");
  EXPECT_EQ(RunRaw("ZMSCORE z c x"), "*2\r\n,3\r\n_\r\n");
}

TEST_P(ZSetRangeTest, RangesByRank) {
  EXPECT_EQ(Run("ZRANGE z 1 3"), "[b c d]");
  EXPECT_EQ(Run("ZRANGE z -2 100 WITHSCORES"), "[d 4 e 5]");
  EXPECT_EQ(Run("ZRANGE z 0 1 REV"), "[e d]");
  EXPECT_EQ(Run("ZREVRANGE z 1 -2 withscores"), "[d 4 c 3 b 2]");
  EXPECT_EQ(Run("ZRANGE z 3 1"), "[]");
  EXPECT_EQ(Run("ZRANGE z 5 9"), "[]");
  EXPECT_EQ(Run("ZRANGE none 0 -1"), "[]");
  EXPECT_EQ(Run("ZRANGE z 0 0 LIMIT 3 -1"), "[a]");
}

TEST_P(ZSetRangeTest, RangesByScore) {
  EXPECT_EQ(Run("ZRANGE z (1 3 BYSCORE"), "[b c]");
  EXPECT_EQ(Run("ZRANGE z 4 -inf BYSCORE REV LIMIT 1 2"), "[c b]");
  EXPECT_EQ(Run("ZRANGEBYSCORE z 2 +inf LIMIT 1 -1 WITHSCORES"), "[c 3 d 4 e 5]");
  EXPECT_EQ(Run("ZRANGEBYSCORE z 2 +inf LIMIT 1 0"), "[]");
  EXPECT_EQ(Run("ZRANGEBYSCORE z 2 +inf LIMIT -1 2"), "[]");
  EXPECT_EQ(Run("ZRANGEBYSCORE z 2 +inf LIMIT 9 2"), "[]");
  EXPECT_EQ(Run("ZREVRANGEBYSCORE z (5 (2"), "[d c]");
  EXPECT_EQ(Run("ZREVRANGEBYSCORE z 1 5"), "[]");
  EXPECT_EQ(Run("ZRANGEBYSCORE z '' 1"), "[a]");
  EXPECT_EQ(Run("ZCOUNT z (1 4"), "3");
  EXPECT_EQ(Run("ZCOUNT z 4 1"), "0");
  EXPECT_EQ(Run("ZCOUNT z (2 (2"), "0");
  EXPECT_EQ(Run("ZCOUNT none 0 1"), "0");
}

TEST_P(ZSetRangeTest, RangesByName) {
  EXPECT_EQ(Run("ZRANGE names [b (d BYLEX"), "[b c]");
  EXPECT_EQ(Run("ZRANGE names + [b BYLEX REV LIMIT 1 2"), "[d c]");
  EXPECT_EQ(Run("ZRANGEBYLEX names - (c"), "[a b]");
  EXPECT_EQ(Run("ZREVRANGEBYLEX names (c -"), "[b a]");
  EXPECT_EQ(Run("ZRANGEBYLEX names + -"), "[]");
  EXPECT_EQ(Run("ZLEXCOUNT names - +"), "5");
  EXPECT_EQ(Run("ZLEXCOUNT names (a [c"), "2");
  EXPECT_EQ(Run("ZLEXCOUNT none - +"), "0");
}

TEST_P(ZSetRangeTest, ScoresNestInResp3) {
  UseResp(3);
  EXPECT_EQ(RunRaw("ZRANGE z 0 0 WITHSCORES"), "*1\r\n*2\r\n$1\r\na\r\n,1\r\n");
  EXPECT_EQ(RunRaw("ZPOPMIN z"), "*2\r\n$1\r\na\r\n,1\r\n");
  EXPECT_EQ(RunRaw("ZPOPMIN z 1"), "*1\r\n*2\r\n$1\r\nb\r\n,2\r\n");
  EXPECT_EQ(RunRaw("ZUNION 1 z WITHSCORES"),
            "*3\r\n*2\r\n$1\r\nc\r\n,3\r\n*2\r\n$1\r\nd\r\n,4\r\n*2\r\n$1\r\ne\r\n,5\r\n");
  EXPECT_EQ(RunRaw("ZMPOP 1 z MAX"), "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\ne\r\n,5\r\n");
  EXPECT_EQ(RunRaw("ZMPOP 1 none MAX"), "_\r\n");
}

TEST_P(ZSetRangeTest, RemovesRanges) {
  EXPECT_EQ(Run("ZREMRANGEBYRANK z 0 0"), "1");
  EXPECT_EQ(Run("ZREMRANGEBYSCORE z (2 3"), "1");
  EXPECT_EQ(All("z"), "[b 2 d 4 e 5]");
  EXPECT_EQ(Run("ZREMRANGEBYRANK z 5 9"), "0");
  EXPECT_EQ(Run("ZREMRANGEBYRANK z 0 -1"), "3");
  EXPECT_EQ(Run("EXISTS z"), "0");
  EXPECT_EQ(Run("ZREMRANGEBYLEX names [b [d"), "3");
  EXPECT_EQ(All("names"), "[a 0 e 0]");
  EXPECT_EQ(Run("ZREMRANGEBYLEX names - +"), "2");
  EXPECT_EQ(Run("EXISTS names"), "0");
  EXPECT_EQ(Run("ZREMRANGEBYRANK z 0 x"), kNotInteger);
}

TEST_P(ZSetRangeTest, StoresRanges) {
  Run("SET d text PX 100000");
  EXPECT_EQ(Run("ZRANGESTORE d z 3 (1 BYSCORE REV"), "2");
  EXPECT_EQ(All("d"), "[b 2 c 3]");
  EXPECT_EQ(Run("PTTL d"), "-1");
  EXPECT_EQ(Run("ZRANGESTORE z z 0 1 REV"), "2");
  EXPECT_EQ(All("z"), "[d 4 e 5]");
  EXPECT_EQ(Run("ZRANGESTORE d z 5 9"), "0");
  EXPECT_EQ(Run("EXISTS d"), "0");
  EXPECT_EQ(Run("ZRANGESTORE d none 0 -1"), "0");
  EXPECT_EQ(Run("ZRANGESTORE d z 0 1 WITHSCORES"), kSyntax);
}

TEST_F(ZSetCommandsTest, RangesCheckTheirWordsInOrder) {
  EXPECT_EQ(
      Run("ZRANGE z x y LIMIT 0 1"),
      "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  EXPECT_EQ(Run("ZRANGE z x y BYLEX WITHSCORES"),
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  EXPECT_EQ(Run("ZRANGE z x y BYLEX BYSCORE"), kSyntax);
  EXPECT_EQ(Run("ZRANGE z x y REV REV"), kSyntax);
  EXPECT_EQ(Run("ZRANGE z x y LIMIT 1"), kSyntax);
  EXPECT_EQ(Run("ZRANGE z 0 1 BYSCORE LIMIT x 1"), kNotInteger);
  EXPECT_EQ(Run("ZREVRANGE z 0 1 REV"), kSyntax);
  EXPECT_EQ(Run("ZRANGEBYSCORE z 0 1 BYSCORE"), kSyntax);
  EXPECT_EQ(Run("ZRANGE z 0 x"), kNotInteger);
  EXPECT_EQ(Run("ZRANGEBYSCORE z 0 (x"), "-ERR min or max is not a float");
  EXPECT_EQ(Run("ZCOUNT z nan 1"), "-ERR min or max is not a float");
  EXPECT_EQ(Run("ZRANGEBYLEX z a [b"), "-ERR min or max not valid string range item");
  EXPECT_EQ(Run("ZLEXCOUNT z '' ++"), "-ERR min or max not valid string range item");
}

TEST_P(ZSetRangeTest, PopsFromBothEnds) {
  EXPECT_EQ(Run("ZPOPMIN z"), "[a 1]");
  EXPECT_EQ(Run("ZPOPMAX z 2"), "[e 5 d 4]");
  EXPECT_EQ(Run("ZPOPMIN z 0"), "[]");
  EXPECT_EQ(Run("ZPOPMIN z 9"), "[b 2 c 3]");
  EXPECT_EQ(Run("EXISTS z"), "0");
  EXPECT_EQ(Run("ZPOPMIN z"), "[]");
  EXPECT_EQ(Run("ZPOPMIN z -1"), kNotPositive);
  EXPECT_EQ(Run("ZPOPMIN z x"), kNotPositive);
  EXPECT_EQ(Run("ZPOPMIN z 1 1"), kSyntax);
}

TEST_P(ZSetRangeTest, PopsFromTheFirstKeyThatHasMembers) {
  TakeLog();
  EXPECT_EQ(Run("ZMPOP 2 none z MIN"), "[z [[a 1]]]");
  EXPECT_EQ(TakeLog(), "ZPOPMIN z 1");
  EXPECT_EQ(Run("ZMPOP 1 z max COUNT 2"), "[z [[e 5] [d 4]]]");
  EXPECT_EQ(Run("ZMPOP 2 none none2 MIN"), "nil");
  EXPECT_EQ(Run("ZMPOP 0 z MIN"), "-ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("ZMPOP 2 z MIN"), kSyntax);
  EXPECT_EQ(Run("ZMPOP 1 z x"), kSyntax);
  EXPECT_EQ(Run("ZMPOP 1 z MIN COUNT"), kSyntax);
  EXPECT_EQ(Run("ZMPOP 1 z MIN COUNT 0"), "-ERR count should be greater than 0");
  EXPECT_EQ(Run("ZMPOP 1 z MIN COUNT 1 COUNT 1"), kSyntax);
}

TEST_F(ZSetCommandsTest, Unites) {
  Run("ZADD a 1 x 2 y");
  Run("ZADD b 10 y 20 z");
  Run("SADD s x w");
  EXPECT_EQ(Run("ZUNION 2 a b WITHSCORES"), "[x 1 y 12 z 20]");
  EXPECT_EQ(Run("ZUNION 2 a b"), "[x y z]");
  EXPECT_EQ(Run("ZUNION 3 a s none WEIGHTS 2 3 9 WITHSCORES"), "[w 3 y 4 x 5]");
  EXPECT_EQ(Run("ZUNION 2 a b AGGREGATE MAX WITHSCORES"), "[x 1 y 10 z 20]");
  EXPECT_EQ(Run("ZUNION 2 a b WITHSCORES AGGREGATE min"), "[x 1 y 2 z 20]");
  EXPECT_EQ(Run("ZUNIONSTORE a 2 a b"), "3");
  EXPECT_EQ(All("a"), "[x 1 y 12 z 20]");
  EXPECT_EQ(Run("ZUNIONSTORE a 1 none"), "0");
  EXPECT_EQ(Run("EXISTS a"), "0");
}

TEST_F(ZSetCommandsTest, SumsThatAreNoNumberAreZero) {
  Run("ZADD a inf x");
  Run("ZADD b -inf x");
  EXPECT_EQ(Run("ZUNION 2 a b WITHSCORES"), "[x 0]");
  EXPECT_EQ(Run("ZINTER 2 a b WITHSCORES"), "[x 0]");
  EXPECT_EQ(Run("ZUNION 1 a WEIGHTS 0 WITHSCORES"), "[x 0]");
}

TEST_F(ZSetCommandsTest, NegativeZeroSurvivesInTheLargeEncodingOnly) {
  const std::string large(100, 'x');
  Run("ZADD z 0 a 1 b");
  EXPECT_EQ(Run("ZUNION 1 z WEIGHTS -2 WITHSCORES"), "[b -2 a -0]");
  EXPECT_EQ(Run("ZUNION 2 z z WEIGHTS -2 1 WITHSCORES"), "[b -1 a 0]");
  EXPECT_EQ(Run("ZUNIONSTORE d 1 z WEIGHTS -2"), "2");
  EXPECT_EQ(All("d"), "[b -2 a 0]");
  EXPECT_EQ(Run("OBJECT ENCODING d"), "listpack");
  Run("ZADD z 2 " + large);
  EXPECT_EQ(Run("ZINTERSTORE d 1 z WEIGHTS -2"), "3");
  EXPECT_EQ(All("d"), "[" + large + " -4 b -2 a -0]");
  EXPECT_EQ(Run("OBJECT ENCODING d"), "skiplist");
  // Gathered from the high end on, so that the long name comes before -0 does.
  Run("ZADD r 5 " + large + " -0 a");
  EXPECT_EQ(Run("ZRANGESTORE d r 9 -9 BYSCORE REV"), "2");
  EXPECT_EQ(All("d"), "[a -0 " + large + " 5]");
}

TEST_F(ZSetCommandsTest, IntersectsAndSubtracts) {
  Run("ZADD a 1 x 2 y 3 z");
  Run("ZADD b 10 y 20 z");
  Run("SADD s z");
  EXPECT_EQ(Run("ZINTER 2 a b WITHSCORES"), "[y 12 z 23]");
  EXPECT_EQ(Run("ZINTER 3 a b s WITHSCORES"), "[z 24]");
  EXPECT_EQ(Run("ZINTER 2 a none"), "[]");
  EXPECT_EQ(Run("ZINTERSTORE d 2 a b WEIGHTS 2 1"), "2");
  EXPECT_EQ(All("d"), "[y 14 z 26]");
  EXPECT_EQ(Run("ZDIFF 2 a s WITHSCORES"), "[x 1 y 2]");
  EXPECT_EQ(Run("ZDIFF 2 s none WITHSCORES"), "[z 1]");
  EXPECT_EQ(Run("ZDIFF 2 a a"), "[]");
  EXPECT_EQ(Run("ZDIFFSTORE d 2 a b"), "1");
  EXPECT_EQ(All("d"), "[x 1]");
  EXPECT_EQ(Run("ZINTERCARD 2 a b"), "2");
  EXPECT_EQ(Run("ZINTERCARD 2 a b LIMIT 1"), "1");
  EXPECT_EQ(Run("ZINTERCARD 2 a b LIMIT 0"), "2");
}

TEST_F(ZSetCommandsTest, CombinationsCheckTheirWordsInOrder) {
  Run("SET t 1");
  EXPECT_EQ(Run("ZUNION x a"), kNotInteger);
  EXPECT_EQ(Run("ZUNION 0 a"), "-ERR at least 1 input key is needed for 'zunion' command");
  EXPECT_EQ(Run("ZINTERCARD -1 a"), "-ERR at least 1 input key is needed for 'zintercard' command");
  EXPECT_EQ(Run("ZUNION 2 t"), kSyntax);
  EXPECT_EQ(Run("ZUNION 1 t WEIGHTS x"), kWrongType);
  EXPECT_EQ(Run("ZUNION 1 a WEIGHTS x"), "-ERR weight value is not a float");
  EXPECT_EQ(Run("ZUNION 2 a b WEIGHTS 1"), kSyntax);
  EXPECT_EQ(Run("ZUNION 1 a AGGREGATE avg"), kSyntax);
  EXPECT_EQ(Run("ZUNIONSTORE d 1 a WITHSCORES"), kSyntax);
  EXPECT_EQ(Run("ZDIFF 1 a WEIGHTS 1"), kSyntax);
  EXPECT_EQ(Run("ZINTERCARD 1 a LIMIT -1"), "-ERR LIMIT can't be negative");
  EXPECT_EQ(Run("ZINTERCARD 1 a LIMIT"), kSyntax);
}

TEST_P(ZSetRangeTest, DrawsMembers) {
  std::set<std::string> drawn;
  for (const ReplyValue& member : RunValue("ZRANDMEMBER z 3").elements) drawn.insert(member.text);
  EXPECT_EQ(drawn.size(), 3u);
  EXPECT_EQ(RunValue("ZRANDMEMBER z -20").elements.size(), 20u);
  EXPECT_EQ(RunValue("ZRANDMEMBER z -20 WITHSCORES").elements.size(), 40u);
  EXPECT_EQ(RunValue("ZRANDMEMBER z 20").elements.size(), 5u);
  EXPECT_EQ(Run("ZSCORE z " + Run("ZRANDMEMBER z")).size(), 1u);
  EXPECT_EQ(Run("ZRANDMEMBER z 0"), "[]");
  EXPECT_EQ(Run("ZRANDMEMBER none"), "nil");
  EXPECT_EQ(Run("ZRANDMEMBER none 3"), "[]");
  EXPECT_EQ(Run("ZRANDMEMBER z x"), kNotInteger);
  EXPECT_EQ(Run("ZRANDMEMBER z 1 x"), kSyntax);
  EXPECT_EQ(Run("ZRANDMEMBER z -9223372036854775807 WITHSCORES"), "-ERR value is out of range");
}

TEST_F(ZSetCommandsTest, ScansAll) {
  Run("ZADD small 1.5 a inf b");
  EXPECT_EQ(Run("ZSCAN small 0"), "[0 [a 1.5 b inf]]");
  EXPECT_EQ(Run("ZSCAN small 0 MATCH b"), "[0 [b inf]]");
  EXPECT_EQ(Run("ZSCAN none 0 x"), "[0 []]");
  Run("ZADD wide -1e17 a 1e300 b");
  EXPECT_EQ(Run("ZSCAN wide 0"), "[0 [a -100000000000000000 b 1.0000000000000001e+300]]");
  for (int i = 0; i < 300; ++i) Run("ZADD z " + std::to_string(i) + " m" + std::to_string(i));
  std::map<std::string, std::string> seen;
  std::string cursor = "0";
  do {
    const ReplyValue reply = RunValue("ZSCAN z " + cursor + " COUNT 20");
    cursor = reply.elements.at(0).text;
    const auto& words = reply.elements.at(1).elements;
    for (size_t i = 0; i < words.size(); i += 2) seen[words[i].text] = words[i + 1].text;
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 300u);
  for (const auto& [member, score] : seen) EXPECT_EQ(member, "m" + score);
}

TEST_F(ZSetCommandsTest, FindsTheKeysBehindNumkeys) {
  const auto keys = [](std::string_view line) {
    const std::vector<std::string> words = Words(line);
    const std::vector<std::string_view> views(words.begin(), words.end());
    const Args args{views.data(), views.size()};
    std::vector<uint32_t> positions;
    std::string found;
    if (!FindKeys(*AllCommands().Find(args), args, &positions)) return std::string("none");
    for (uint32_t i : positions) found += words[i];
    return found;
  };
  EXPECT_EQ(keys("ZUNION 2 a b WEIGHTS 1 2"), "ab");
  EXPECT_EQ(keys("ZUNIONSTORE d 2 a b WEIGHTS 1 2"), "dab");
  EXPECT_EQ(keys("ZDIFFSTORE d 3 a b"), "none");
  EXPECT_EQ(keys("ZINTERSTORE d x a b"), "none");
  EXPECT_EQ(keys("ZMPOP 2 a b MIN"), "ab");
  EXPECT_EQ(keys("ZRANGESTORE d a 0 1"), "da");
}

}  // namespace
}  // namespace basalt
