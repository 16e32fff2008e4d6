// The option table against a real redis-server: the same CONFIG SETs give the same answers and the
// same CONFIG GETs.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/admin/options.h"
#include "core/base/status.h"
#include "tests/support/redis_process.h"

namespace basalt {
namespace {

class RedisOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisProcess::IsInstalled()) GTEST_SKIP() << "no redis-server on this machine";
    redis_ = RedisProcess::Start(folder_.path());
    ASSERT_NE(redis_, nullptr);
    ours_.save.clear();  // as RedisProcess starts it
    ours_.dir = folder_.path();
    ours_.logfile = folder_.path() + "/redis.log";
  }

  std::string OurSet(const std::vector<std::string>& pairs) {
    std::vector<std::string_view> views(pairs.begin(), pairs.end());
    absl::StatusOr<OptionHooks> hooks = SetOptions(ours_, views, When::kRuntime);
    if (hooks.ok()) return "OK";
    return std::string(MessageOf(hooks.status()));
  }
  std::string RedisSet(const std::vector<std::string>& pairs) {
    std::vector<std::string> command = {"CONFIG", "SET"};
    command.insert(command.end(), pairs.begin(), pairs.end());
    return redis_->Command(command).text;
  }
  std::map<std::string, std::string> OurValues(std::string_view pattern) {
    std::map<std::string, std::string> values;
    for (auto& [name, value] : GetOptions(ours_, std::vector<std::string_view>{pattern}))
      values[name] = value;
    return values;
  }
  std::map<std::string, std::string> RedisValues(std::string_view pattern) {
    std::map<std::string, std::string> values;
    ReplyValue reply = redis_->Command({"CONFIG", "GET", std::string(pattern)});
    for (size_t i = 0; i + 1 < reply.elements.size(); i += 2)
      values[reply.elements[i].text] = reply.elements[i + 1].text;
    return values;
  }

  TemporaryFolder folder_;
  std::unique_ptr<RedisProcess> redis_;
  Config ours_;
};

TEST_F(RedisOptionsTest, EveryOptionOfRedisIsKnownWithItsDefault) {
  // What the test's own command line sets.
  const std::set<std::string> started_with = {"port", "bind"};
  std::map<std::string, std::string> ours = OurValues("*");
  for (const auto& [name, value] : RedisValues("*")) {
    ASSERT_TRUE(ours.contains(name)) << name;
    if (!started_with.contains(name)) {
      EXPECT_EQ(ours[name], value) << name;
    }
    ours.erase(name);
  }
  std::set<std::string> only_ours;
  for (const auto& [name, value] : ours) only_ours.insert(name);
  EXPECT_EQ(only_ours, (std::set<std::string>{"aof-buffer-limit", "aof-file-size",
                                              "move-connections-after", "rdb-save-rate-limit",
                                              "rdb-save-timeout", "shard-port-base", "shards"}));
}

TEST_F(RedisOptionsTest, ConfigSetAnswersAlike) {
  const std::vector<std::vector<std::string>> sets = {
      {"appendonly", "maybe"},
      {"hz", "abc"},
      {"hz", "0"},
      {"hz", "1000"},
      {"hz", "012"},
      {"timeout", "-1"},
      {"timeout", "99999999999"},
      {"tcp-keepalive", "120"},
      {"maxmemory", "1x"},
      {"maxmemory", "-1"},
      {"maxmemory", "1GB"},
      {"maxmemory", "1k"},
      {"maxmemory-policy", "foo"},
      {"maxmemory-policy", "ALLKEYS-LFU"},
      {"maxmemory-samples", "0"},
      {"nosuch", "1"},
      {"timeout", "7", "nosuch", "1"},
      {"timeout", "7", "timeout", "8"},
      {"timeout", "7", "maxmemory", "zz"},
      {"timeout", "9", "loglevel", "warning"},
      {"loglevel", "loud"},
      {"databases", "12"},
      {"daemonize", "yes"},
      {"logfile", "x"},
      {"dir", "/tmp"},
      {"dbfilename", "x"},
      {"save", "900 1 300"},
      {"save", "900 x"},
      {"save", "0 1"},
      {"save", "900  1"},
      {"save", "900 1 300 10"},
      {"save", ""},
      {"client-output-buffer-limit", "normal 1 2 3 pubsub 1mb 2mb 3"},
      {"client-output-buffer-limit", "foo 1 2 3"},
      {"client-output-buffer-limit", "normal 1 2"},
      {"client-output-buffer-limit", "normal a 2 3"},
      {"client-output-buffer-limit", "replica 1 2 3"},
      {"client-output-buffer-limit", ""},
      {"notify-keyspace-events", "KEA"},
      {"notify-keyspace-events", "Kg$lshzxetdm"},
      {"notify-keyspace-events", "nEm"},
      {"notify-keyspace-events", "Q"},
      {"notify-keyspace-events", "xKE"},
      {"slowlog-log-slower-than", "-2"},
      {"slowlog-log-slower-than", "-1"},
      {"slowlog-max-len", "-1"},
      {"latency-monitor-threshold", "-1"},
      {"latency-tracking-info-percentiles", "50 101"},
      {"latency-tracking-info-percentiles", "50 x"},
      {"latency-tracking-info-percentiles", "50.0 99.99"},
      {"latency-tracking-info-percentiles", ""},
      {"proto-max-bulk-len", "1"},
      {"client-query-buffer-limit", "1tb"},
      {"client-query-buffer-limit", "2mb"},
      {"auto-aof-rewrite-percentage", "-5"},
      {"auto-aof-rewrite-min-size", "1mb"},
      {"appendfsync", "foo"},
      {"appendfsync", "always"},
      {"maxclients", "0"},
      {"list-max-ziplist-size", "-3"},
      {"list-max-listpack-size", "99999999999"},
      {"hash-max-ziplist-entries", "10"},
      {"set-max-intset-entries", "-1"},
      {"zset-max-listpack-value", "1kb"},
      {"lua-time-limit", "100"},
      {"shutdown-on-sigterm", "save nosave"},
      {"shutdown-on-sigterm", "later"},
      {"shutdown-on-sigterm", "now force"},
      {"shutdown-on-sigint", "default"},
      {"stop-writes-on-bgsave-error", "no"},
      {"rdbcompression", "NO"},
  };
  for (const auto& set : sets) {
    SCOPED_TRACE(::testing::PrintToString(set));
    EXPECT_EQ(OurSet(set), RedisSet(set));
    EXPECT_EQ(OurValues(set[0]), RedisValues(set[0]));
    EXPECT_EQ(OurValues("timeout"), RedisValues("timeout"));
  }
}

TEST_F(RedisOptionsTest, NamesInConfigGetAreSpelledAlike) {
  for (const char* pattern :
       {"HZ", "hz", "h*-max-*", "MAXMEMORY*", "nosuch", "lua-time-limit", "*append*", "[st]ave"}) {
    std::map<std::string, std::string> ours = OurValues(pattern);
    std::map<std::string, std::string> theirs = RedisValues(pattern);
    EXPECT_EQ(ours.size(), theirs.size()) << pattern;
    for (const auto& [name, value] : theirs)
      EXPECT_TRUE(ours.contains(name)) << pattern << ": " << name;
  }
}

}  // namespace
}  // namespace basalt
