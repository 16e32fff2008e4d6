// What a wrong load generator would get wrong silently: counts of replies, quantiles, key
// frequencies, request bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/loadgen/builtin_mix.h"
#include "tools/loadgen/handover.h"
#include "tools/loadgen/histogram.h"
#include "tools/loadgen/key_chooser.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/reply_scanner.h"
#include "tools/loadgen/request.h"

namespace basalt::loadgen {
namespace {

TEST(ReplyScanner, CountsRepliesHoweverTheBytesAreCut) {
  const std::string stream =
      "+OK\r\n:12\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n:1\r\n*2\r\n$0\r\n\r\n-ERR "
      "inner\r\n+x\r\n"
      "-WRONGTYPE outer\r\n_\r\n%1\r\n+k\r\n,1.5\r\n~2\r\n#t\r\n(123\r\n=5\r\ntxt:x\r\n";
  constexpr size_t kReplies = 12;
  for (size_t step = 1; step <= stream.size(); ++step) {
    ReplyScanner scanner;
    ReplyStats stats;
    size_t replies = 0;
    for (size_t at = 0; at < stream.size(); at += step) {
      replies += scanner.Feed(stream.data() + at, std::min(step, stream.size() - at), &stats);
    }
    EXPECT_EQ(replies, kReplies) << "step " << step;
    EXPECT_EQ(stats.errors, 2u);
    EXPECT_EQ(stats.nils, 3u);
    EXPECT_EQ(stats.error_texts["WRONGTYPE outer"], 1u);
    EXPECT_FALSE(scanner.broken());
  }
}

TEST(ReplyScanner, NoticesWhatIsNoReply) {
  for (const std::string bytes : {"hello\r\n", "$x\r\n", "*-7\r\n", "\n"}) {
    ReplyScanner scanner;
    ReplyStats stats;
    scanner.Feed(bytes.data(), bytes.size(), &stats);
    EXPECT_TRUE(scanner.broken()) << bytes;
  }
}

TEST(Histogram, QuantilesAreWithinOneBucketOfTheTruth) {
  std::mt19937_64 random(7);
  Histogram histogram;
  std::vector<uint64_t> all;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t ns =
        static_cast<uint64_t>(std::exp(std::uniform_real_distribution<double>(0, 25)(random)));
    histogram.Record(ns);
    all.push_back(ns);
  }
  std::sort(all.begin(), all.end());
  for (double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const uint64_t truth = all[static_cast<size_t>(std::ceil(fraction * all.size())) - 1];
    const uint64_t said = histogram.Quantile(fraction);
    EXPECT_GE(said, truth);
    EXPECT_LE(static_cast<double>(said), static_cast<double>(truth) * 1.016 + 1) << fraction;
  }
  EXPECT_EQ(histogram.max_ns(), all.back());
}

TEST(Histogram, HoldsTheLargestValueAndMerges) {
  Histogram a, b;
  a.Record(1, 3);
  b.Record(UINT64_MAX);
  a.Merge(b);
  EXPECT_EQ(a.total(), 4u);
  EXPECT_EQ(a.Quantile(0.75), 1u);
  EXPECT_EQ(a.Quantile(1), UINT64_MAX);
}

TEST(KeyChooser, ZipfDrawsEachRankAsOftenAsItsPowerSays) {
  for (double exponent : {0.5, 0.99, 1.0, 1.5}) {
    constexpr uint64_t kKeys = 1000;
    constexpr int kDraws = 400000;
    const Zipf zipf(kKeys, exponent);
    std::mt19937_64 random(11);
    std::vector<int> seen(kKeys + 1);
    for (int i = 0; i < kDraws; ++i) ++seen.at(zipf.Draw(random));
    double norm = 0;
    for (uint64_t k = 1; k <= kKeys; ++k) norm += std::pow(static_cast<double>(k), -exponent);
    EXPECT_EQ(seen[0], 0);
    for (uint64_t k : {1, 2, 3, 10, 100, 1000}) {
      const double expected = kDraws * std::pow(static_cast<double>(k), -exponent) / norm;
      EXPECT_NEAR(seen[k], expected, 5 * std::sqrt(expected) + 1)
          << "rank " << k << " exponent " << exponent;
    }
  }
}

TEST(KeyChooser, SequentialWorkersTogetherVisitEveryKeyOnce) {
  Options options;
  options.keys = 1003, options.threads = 4, options.distribution = Distribution::kSequential;
  std::vector<int> seen(options.keys);
  const std::vector<uint32_t> no_table;
  for (uint32_t worker = 0; worker < options.threads; ++worker) {
    KeyChooser chooser(options, no_table, worker);
    const uint64_t share =
        options.keys * (worker + 1) / options.threads - options.keys * worker / options.threads;
    for (uint64_t i = 0; i < share; ++i) ++seen[chooser.Next()];
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), static_cast<int64_t>(options.keys));
}

TEST(Request, EncodesTemplatesAndFillsInKeys) {
  Options options;
  options.keys = 1, options.key_size = 7, options.key_prefix = "k:", options.value_size = 3;
  options.mix = {{"MULTI ; SET {t}{key} {value} ; EVAL \"return 'a b'\" 0 {n} ; EXEC", 1}};
  std::vector<Request> requests;
  ASSERT_EQ(BuildRequests(options, &requests), "");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].replies, 4u);
  std::mt19937_64 random(1);
  Batch batch(requests, 2, options.digits(), random);
  const std::vector<uint32_t> no_table;
  KeyChooser chooser(options, no_table, 0);
  batch.DrawKeys(chooser, 1);
  const std::string text(batch.Bytes(1));
  EXPECT_EQ(text.substr(0, 15), "*1\r\n$5\r\nMULTI\r\n");
  EXPECT_NE(text.find("*3\r\n$3\r\nSET\r\n$10\r\n{t}k:00000\r\n$3\r\n"), text.npos);
  EXPECT_NE(text.find("$12\r\nreturn 'a b'\r\n$1\r\n0\r\n$5\r\n00000\r\n"), text.npos);
  EXPECT_EQ(batch.Bytes(2).size(), 2 * text.size());
}

std::string OneRequest(std::string_view mix, uint64_t keys) {
  Options options;
  options.keys = keys, options.key_size = 8, options.key_prefix = "k:", options.value_size = 1;
  std::vector<Request> requests;
  if (!AppendBuiltinMix(mix, &options.mix) || BuildRequests(options, &requests) != "") return "";
  std::mt19937_64 random(1);
  Batch batch(requests, 3, options.digits(), random);
  const std::vector<uint32_t> no_table;
  KeyChooser chooser(options, no_table, 0);
  batch.DrawKeys(chooser, 3);
  return std::string(batch.Bytes(1));
}

std::set<std::string> KeysOf(const std::string& text) {
  std::set<std::string> keys;
  for (size_t at = text.find("k:"); at != text.npos; at = text.find("k:", at + 1)) {
    keys.insert(text.substr(at, 8));
  }
  return keys;
}

TEST(Request, TagIsOneKeyInAllPlacesOfARequest) {
  const std::string text = OneRequest("exec-one:5", 100'000);
  EXPECT_EQ(KeysOf(text).size(), 1u) << text;
  for (int i = 0; i < 5; ++i) EXPECT_NE(text.find("}:" + std::to_string(i)), text.npos) << text;
  EXPECT_NE(text.find("{k:"), text.npos) << text;
  EXPECT_EQ(KeysOf(OneRequest("exec:5", 100'000)).size(), 5u);
}

TEST(Request, TagDiffersBetweenTheRequestsOfABatch) {
  Options options;
  options.keys = 100'000, options.key_size = 8, options.key_prefix = "k:";
  ASSERT_TRUE(AppendBuiltinMix("exec-one:2", &options.mix));
  std::vector<Request> requests;
  ASSERT_EQ(BuildRequests(options, &requests), "");
  std::mt19937_64 random(1);
  Batch batch(requests, 3, options.digits(), random);
  const std::vector<uint32_t> no_table;
  KeyChooser chooser(options, no_table, 0);
  batch.DrawKeys(chooser, 3);
  EXPECT_EQ(KeysOf(std::string(batch.Bytes(3))).size(), 3u);
}

TEST(BuiltinMix, Eval2TakesTwoKeys) {
  const std::string text = OneRequest("eval2", 100'000);
  EXPECT_NE(text.find("$1\r\n2\r\n$14\r\naccount:"), text.npos) << text;
}

TEST(BuiltinMix, LastIndexOfLrange) {
  EXPECT_NE(OneRequest("lrange:100", 10).find("$2\r\n99\r\n"), std::string::npos);
}

TEST(Handover, PopAndPushOfAnItemMeetInAListOfThePairsOwn) {
  std::set<std::string> lists;
  for (uint32_t thread : {0u, 1u}) {
    for (uint32_t pair : {0u, 11u}) {
      for (uint64_t item : {0u, 1u, 16u}) {
        std::string pop, push;
        Handover::AppendPop(thread, pair, item, &pop);
        Handover::AppendPush(thread, pair, item, "value", &push);
        const std::string list =
            pop.substr(pop.find("handover:"), pop.find("\r\n$1\r\n0") - pop.find("handover:"));
        EXPECT_NE(push.find("\r\n" + list + "\r\n$5\r\nvalue\r\n"), push.npos) << push;
        EXPECT_EQ(push.rfind("*3\r\n$5\r\nLPUSH\r\n", 0), 0u);
        EXPECT_EQ(pop.rfind("*3\r\n$5\r\nBLPOP\r\n", 0), 0u);
        lists.insert(list);
      }
    }
  }
  EXPECT_EQ(lists.size(), 8u);  // items 0 and 16 share one
}

std::string Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "basalt-loadgen");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  Options options;
  bool help = false;
  return ParseOptions(static_cast<int>(argv.size()), argv.data(), &options, &help);
}

TEST(Options, RefusesForeignHostsAndNonsense) {
  EXPECT_EQ(Parse({"--mix", "get=9,mset:10=1"}), "");
  EXPECT_EQ(Parse({"--host=127.0.0.2", "--mix=ping"}), "");
  EXPECT_EQ(Parse({"--host", "localhost", "--mix", "ping"}), "");
  EXPECT_EQ(Parse({"--handover"}), "");
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"--mix", "get", "--host", "10.0.0.1"},
           {"--mix", "get", "--host", "0.0.0.0"},
           {"--mix", "get", "--host", "example.org"},
           {"--mix", "fly"},
           {"--mix", "get=0"},
           {"--mix", "get", "--port", "70000"},
           {"--mix", "get", "--keys", "100000", "--key-size", "8"},
           {"--mix", "get", "--nonsense", "1"},
           {"--handover", "--mix", "get"},
           {"--handover", "--pipeline", "2"},
           {"--handover", "--rate", "10"},
           {"--handover", "--connections", "5"},
           {"--handover", "--connections", "4", "--threads", "3"},
           {"--mix"},
           {}}) {
    EXPECT_NE(Parse(wrong), "") << (wrong.empty() ? "" : wrong.back());
  }
}

}  // namespace
}  // namespace basalt::loadgen
