#include "core/admin/options.h"

#include <gtest/gtest.h>

#include <set>

#include "core/admin/foreign_options.h"
#include "core/admin/option_kinds.h"
#include "core/base/status.h"

namespace basalt {
namespace {

std::string TextOf(const absl::Status& status) { return std::string(MessageOf(status)); }

class OptionsTest : public ::testing::Test {
 protected:
  // The reply to CONFIG SET: "OK" or the error.
  std::string Set(std::vector<std::string_view> pairs, When when = When::kRuntime) {
    absl::StatusOr<OptionHooks> hooks = SetOptions(config_, pairs, when);
    if (!hooks.ok()) return TextOf(hooks.status());
    hooks_ = *hooks;
    return "OK";
  }
  std::string SetFails(std::string_view name, std::string_view value) {
    std::string before = Get(name);
    std::string reply = Set({name, value});
    EXPECT_EQ(Get(name), before);
    std::string prefix =
        "ERR CONFIG SET failed (possibly related to argument '" + std::string(name) + "') - ";
    EXPECT_TRUE(reply.starts_with(prefix)) << reply;
    return reply.substr(std::min(reply.size(), prefix.size()));
  }
  std::string AtStart(std::string_view name, std::vector<std::string> words) {
    absl::Status status = SetOption(config_, name, words, When::kStartup);
    return status.ok() ? "OK" : TextOf(status);
  }
  std::string Get(std::string_view name) {
    auto found = GetOptions(config_, std::vector<std::string_view>{name});
    return found.size() == 1 ? found[0].second : "(" + std::to_string(found.size()) + " found)";
  }
  std::vector<std::string> Names(std::vector<std::string_view> patterns) {
    std::vector<std::string> names;
    for (auto& [name, value] : GetOptions(config_, patterns)) names.push_back(name);
    return names;
  }

  Config config_;
  OptionHooks hooks_;
};

TEST_F(OptionsTest, NoNameStandsForTwoOptions) {
  std::set<std::string_view> seen;
  auto add = [&](std::string_view name) {
    if (!name.empty()) {
      EXPECT_TRUE(seen.insert(name).second) << name;
    }
  };
  for (const Option& o : OptionTable()) add(o.name), add(o.alias);
  for (const IgnoredOption& o : IgnoredOptions()) add(o.name), add(o.alias);
  for (const RefusedOption& o : RefusedOptions()) add(o.name), add(o.alias);
}

TEST_F(OptionsTest, EveryDefaultCanBeSetAgain) {
  for (const Option& option : OptionTable()) {
    Config config;
    const std::string value = option.get(config);
    EXPECT_TRUE(
        SetOption(config, option.name, std::vector<std::string>{value}, When::kStartup).ok())
        << option.name;
    EXPECT_EQ(option.get(config), option.get(Config())) << option.name;
    EXPECT_FALSE(option.help.empty()) << option.name;
  }
}

TEST_F(OptionsTest, YesAndNo) {
  EXPECT_EQ(Set({"appendonly", "YES"}), "OK");
  EXPECT_TRUE(config_.appendonly);
  EXPECT_EQ(Get("appendonly"), "yes");
  EXPECT_EQ(SetFails("appendonly", "maybe"), "argument must be 'yes' or 'no'");
}

TEST_F(OptionsTest, IntegersHaveLimits) {
  EXPECT_EQ(Set({"timeout", "30"}), "OK");
  EXPECT_EQ(config_.timeout, 30);
  EXPECT_EQ(SetFails("timeout", "-1"), "argument must be between 0 and 2147483647 inclusive");
  EXPECT_EQ(SetFails("timeout", "5s"), "argument couldn't be parsed into an integer");
  EXPECT_EQ(SetFails("timeout", " 5"), "argument couldn't be parsed into an integer");
  EXPECT_EQ(SetFails("timeout", ""), "argument couldn't be parsed into an integer");
  EXPECT_EQ(SetFails("slowlog-log-slower-than", "-2"),
            "argument must be between -1 and 9223372036854775807 inclusive");
}

TEST_F(OptionsTest, SizesTakeUnits) {
  EXPECT_EQ(Set({"maxmemory", "2gb"}), "OK");
  EXPECT_EQ(Get("maxmemory"), "2147483648");
  EXPECT_EQ(Set({"maxmemory", "3M"}), "OK");
  EXPECT_EQ(config_.maxmemory, 3'000'000);
  for (const char* bad :
       {"1x", "-1", "10%", "", "gb", "0.5gb", "+12", "0x12", "1 gb", "99999999999gb"}) {
    EXPECT_EQ(SetFails("maxmemory", bad), "argument must be a memory value") << bad;
  }
}

TEST_F(OptionsTest, SizeOfALogFile) {
  EXPECT_EQ(Get("aof-file-size"), "67108864");
  EXPECT_EQ(AtStart("aof-file-size", {"64kb"}), "OK");
  EXPECT_EQ(config_.aof_file_size, 64 << 10);
  EXPECT_EQ(Set({"aof-file-size", "64gb"}), "OK");
  const std::string limits = "argument must be between 65536 and 68719476736 inclusive";
  for (const char* bad : {"65535", "0", "65gb"}) {
    EXPECT_EQ(SetFails("aof-file-size", bad), limits) << bad;
  }
  EXPECT_EQ(SetFails("aof-file-size", "-1"), "argument must be a memory value");
}

TEST_F(OptionsTest, MemoryIsWrittenWithTheLargestExactUnit) {
  EXPECT_EQ(options::FormatMemory(0), "0");
  EXPECT_EQ(options::FormatMemory(64 << 20), "64mb");
  EXPECT_EQ(options::FormatMemory(1LL << 30), "1gb");
  EXPECT_EQ(options::FormatMemory(1536), "1536");
  EXPECT_EQ(options::FormatMemory(3LL << 10), "3kb");
  for (int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{1023}, int64_t{1} << 40, INT64_MAX}) {
    int64_t back;
    ASSERT_TRUE(options::ParseMemory(options::FormatMemory(bytes), &back));
    EXPECT_EQ(back, bytes);
  }
}

TEST_F(OptionsTest, EnumsNameWhatTheyAccept) {
  EXPECT_EQ(Set({"maxmemory-policy", "ALLKEYS-LRU"}), "OK");
  EXPECT_EQ(Get("maxmemory-policy"), "allkeys-lru");
  EXPECT_EQ(SetFails("appendfsync", "sometimes"),
            "argument(s) must be one of the following: everysec, always, no");
}

TEST_F(OptionsTest, SavePointsAddUpAtStartAndAreReplacedAtRunTime) {
  EXPECT_EQ(Get("save"), "3600 1 300 100 60 10000");
  EXPECT_EQ(AtStart("save", {"900", "1"}), "OK");
  EXPECT_EQ(AtStart("save", {"300 10"}), "OK");
  EXPECT_EQ(Get("save"), "900 1 300 10");
  EXPECT_EQ(Set({"save", "7 8"}), "OK");
  EXPECT_EQ(Get("save"), "7 8");
  EXPECT_EQ(AtStart("save", {""}), "OK");
  EXPECT_EQ(Get("save"), "");
  EXPECT_EQ(AtStart("save", {"1", "2"}), "OK");
  EXPECT_EQ(Get("save"), "1 2");
  for (const char* bad : {"a", "900", "900 1 300", "900 x", "0 1", "900  1", "900 -1"}) {
    EXPECT_EQ(SetFails("save", bad), "Invalid save parameters") << bad;
  }
  EXPECT_EQ(AtStart("save", {"5", "6"}), "OK");
  EXPECT_EQ(Get("save"),
            "1 2 5 6");  // the refused values above did not make the next line start anew
}

TEST_F(OptionsTest, OutputLimitsAreSetByClass) {
  EXPECT_EQ(Set({"client-output-buffer-limit", "normal 1 2 3 pubsub 1mb 2mb 3"}), "OK");
  EXPECT_EQ(Get("client-output-buffer-limit"),
            "normal 1 2 3 slave 268435456 67108864 60 pubsub 1048576 2097152 3");
  EXPECT_EQ(Set({"client-output-buffer-limit", "replica 4 5 6"}), "OK");
  EXPECT_EQ(config_.client_output_buffer_limit[1], (OutputLimit{4, 5, 6}));
  EXPECT_EQ(SetFails("client-output-buffer-limit", "foo 1 2 3"),
            "Invalid client class specified in buffer limit configuration.");
  EXPECT_EQ(SetFails("client-output-buffer-limit", "normal 1 2"),
            "Wrong number of arguments in buffer limit configuration.");
  EXPECT_EQ(SetFails("client-output-buffer-limit", "normal 9 9 9 pubsub a 2 3"),
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
}

TEST_F(OptionsTest, NotificationClassesAreLetters) {
  EXPECT_EQ(Set({"notify-keyspace-events", "KEA"}), "OK");
  EXPECT_EQ(Get("notify-keyspace-events"), "AKE");
  EXPECT_EQ(config_.notify_keyspace_events, kNotifyAll | kNotifyKeyspace | kNotifyKeyevent);
  EXPECT_EQ(Set({"notify-keyspace-events", "KAn"}), "OK");
  EXPECT_EQ(Get("notify-keyspace-events"), "AnK");
  EXPECT_EQ(SetFails("notify-keyspace-events", "KQ"),
            "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
}

TEST_F(OptionsTest, FileNamesAreNotPaths) {
  EXPECT_EQ(AtStart("dbfilename", {"a/b"}), "dbfilename can't be a path, just a filename");
  EXPECT_EQ(AtStart("appenddirname", {"a/b"}), "appenddirname can't be a path, just a dirname");
  EXPECT_EQ(AtStart("appendfilename", {""}), "appendfilename can't be empty");
  EXPECT_EQ(AtStart("appenddirname", {".."}), "appenddirname can't be empty");
}

TEST_F(OptionsTest, DirMustExistAndBecomesAbsolute) {
  EXPECT_EQ(AtStart("dir", {"/no/such/folder"}), "No such file or directory");
  EXPECT_EQ(AtStart("dir", {"/proc/self/status"}), "Not a directory");
  EXPECT_EQ(AtStart("dir", {"/usr/../usr/bin/.."}), "OK");
  EXPECT_EQ(config_.dir, "/usr");
}

TEST_F(OptionsTest, FixedAtStartMeansFixed) {
  EXPECT_EQ(SetFails("shards", "4"), "can't set immutable config");
  EXPECT_EQ(AtStart("shards", {"4"}), "OK");
  EXPECT_EQ(config_.shards, 4);
  EXPECT_EQ(AtStart("shards", {"257"}), "argument must be between 0 and 256 inclusive");
  EXPECT_EQ(AtStart("databases", {"16"}), "OK");
  EXPECT_EQ(AtStart("databases", {"32"}), "Basalt has 16 databases, no more and no fewer");
  EXPECT_EQ(AtStart("daemonize", {"no"}), "OK");
  EXPECT_NE(AtStart("daemonize", {"yes"}), "OK");
}

TEST_F(OptionsTest, ProtectedOptionsNeedPermission) {
  EXPECT_EQ(SetFails("dbfilename", "x.rdb"), "can't set protected config");
  config_.enable_protected_configs = Permission::kLocal;
  EXPECT_EQ(SetFails("dbfilename", "x.rdb"), "can't set protected config");
  EXPECT_EQ(Set({"dbfilename", "x.rdb"}, When::kRuntimeLocal), "OK");
  config_.enable_protected_configs = Permission::kYes;
  EXPECT_EQ(Set({"dbfilename", "y.rdb"}), "OK");
  EXPECT_EQ(config_.dbfilename, "y.rdb");
}

TEST_F(OptionsTest, SeveralAreSetTogetherOrNotAtAll) {
  EXPECT_EQ(Set({"timeout", "5", "appendonly", "maybe"}),
            "ERR CONFIG SET failed (possibly related to argument 'appendonly') - argument must be "
            "'yes' or 'no'");
  EXPECT_EQ(config_.timeout, 0);
  EXPECT_EQ(Set({"timeout", "5", "nosuch", "1"}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  EXPECT_EQ(Set({"timeout", "5", "TIMEOUT", "6"}),
            "ERR CONFIG SET failed (possibly related to argument 'TIMEOUT') - duplicate parameter");
  EXPECT_EQ(Set({"lua-time-limit", "5", "busy-reply-threshold", "6"}),
            "ERR CONFIG SET failed (possibly related to argument 'busy-reply-threshold') - "
            "duplicate parameter");
  EXPECT_EQ(config_.timeout, 0);
  EXPECT_EQ(Set({"timeout", "5", "loglevel", "debug"}), "OK");
  EXPECT_EQ(config_.timeout, 5);
}

TEST_F(OptionsTest, HooksTellWhatChanged) {
  EXPECT_EQ(Set({"appendonly", "no", "timeout", "9"}), "OK");
  EXPECT_TRUE(hooks_.empty());  // appendonly was 'no' before; nothing needs to hear of a timeout
  EXPECT_EQ(Set({"appendonly", "yes", "appendfsync", "always", "save", ""}), "OK");
  EXPECT_TRUE(hooks_.Has(OptionHook::kAppendonly));
  EXPECT_TRUE(hooks_.Has(OptionHook::kAppendFsync));
  EXPECT_TRUE(hooks_.Has(OptionHook::kSave));
  EXPECT_FALSE(hooks_.Has(OptionHook::kListen));
}

TEST_F(OptionsTest, PatternsAndNamesOfConfigGet) {
  EXPECT_EQ(Names({"hz"}), std::vector<std::string>{"hz"});
  EXPECT_EQ(Names({"HZ"}), std::vector<std::string>{"HZ"});
  EXPECT_EQ(Names({"appendf*", "appendfsync"}),
            (std::vector<std::string>{"appendfsync", "appendfilename"}));
  EXPECT_EQ(Names({"hash-max-*-entries"}),
            (std::vector<std::string>{"hash-max-listpack-entries", "hash-max-ziplist-entries"}));
  EXPECT_TRUE(Names({"nosuch"}).empty());
  EXPECT_GT(Names({"*"}).size(), 150u);
}

TEST_F(OptionsTest, AliasesReachTheirOption) {
  EXPECT_EQ(Set({"hash-max-ziplist-value", "1kb"}), "OK");
  EXPECT_EQ(Get("hash-max-listpack-value"), "1024");
  EXPECT_EQ(Set({"slave-read-only", "no"}), "OK");
  EXPECT_EQ(Get("replica-read-only"), "no");
}

TEST_F(OptionsTest, IgnoredOptionsAreKeptAndNamedInTheLog) {
  EXPECT_EQ(Get("io-threads"), "1");
  EXPECT_TRUE(IgnoredOptionNotes(config_).empty());
  EXPECT_EQ(AtStart("io-threads", {"4"}), "OK");
  EXPECT_EQ(AtStart("activedefrag", {"no"}), "OK");
  EXPECT_EQ(Get("io-threads"), "4");
  std::vector<std::string> notes = IgnoredOptionNotes(config_);
  ASSERT_EQ(notes.size(), 1u);  // 'no' asks for nothing
  EXPECT_NE(notes[0].find("'io-threads'"), std::string::npos);
}

TEST_F(OptionsTest, WhatWouldBeDangerousToIgnoreIsRefused) {
  EXPECT_EQ(AtStart("rename-command", {"FLUSHALL", ""}),
            "Basalt cannot rename or disable commands");
  EXPECT_EQ(AtStart("cluster-enabled", {"no"}), "OK");
  EXPECT_NE(AtStart("cluster-enabled", {"yes"}), "OK");
  EXPECT_EQ(AtStart("replicaof", {"no", "one"}), "OK");
  EXPECT_NE(AtStart("replicaof", {"10.0.0.1", "6379"}), "OK");
  EXPECT_NE(AtStart("tls-port", {"6380"}), "OK");
  EXPECT_EQ(Get("tls-port"), "0");
  EXPECT_EQ(Set({"rename-command", "x"}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'rename-command'");
}

TEST_F(OptionsTest, HzIsBroughtIntoItsRange) {
  EXPECT_EQ(Set({"hz", "0"}), "OK");
  EXPECT_EQ(Get("hz"), "1");
  EXPECT_EQ(Set({"hz", "1000"}), "OK");
  EXPECT_EQ(Get("hz"), "500");
}

TEST_F(OptionsTest, ShutdownFlags) {
  EXPECT_EQ(Set({"shutdown-on-sigterm", "now force"}), "OK");
  EXPECT_EQ(Get("shutdown-on-sigterm"), "now force");
  EXPECT_EQ(SetFails("shutdown-on-sigterm", "save nosave"),
            "shutdown options SAVE and NOSAVE can't be used simultaneously");
  EXPECT_EQ(Set({"shutdown-on-sigterm", "default"}), "OK");
  EXPECT_EQ(config_.shutdown_on_sigterm, 0u);
}

}  // namespace
}  // namespace basalt
