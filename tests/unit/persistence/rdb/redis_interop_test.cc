// RDB files and DUMP payloads exchanged with a real redis-server, both ways; skipped where none is
// installed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/base/clock.h"
#include "core/value/rdb_codec.h"
#include "persistence/rdb/rdb_reader.h"
#include "persistence/rdb/rdb_writer.h"
#include "tests/support/redis_process.h"
#include "tests/support/seeded.h"
#include "tests/support/values.h"

namespace basalt::rdb {
namespace {

constexpr char kChecker[] = "/usr/bin/redis-check-rdb";

class RedisInteropTest : public SeededTest {
 protected:
  void SetUp() override {
    if (!RedisProcess::IsInstalled())
      GTEST_SKIP() << "redis-server is not installed: nothing to compare with";
    now_ms_ = SystemClock().UnixMillis();
    ours_.SetTimeMicros(now_ms_ * 1000);
    loaded_.SetTimeMicros(now_ms_ * 1000);
  }

  OwnedEntry Random(std::string_view key, int64_t expiry = kNoExpiry) {
    const size_t elements = OneIn(10) ? 1500 : OneIn(3) ? 150 : 12;
    return RandomEntry(
        key, static_cast<ValueType>(Below(5)), elements,
        [this] { return OneIn(6) ? std::string(Below(600), 'r') : RandomValue(); },
        [this](uint64_t n) { return Below(n); }, expiry);
  }
  void FillOurs(int keys) {
    for (int i = 0; i < keys; ++i) {
      const int64_t expiry =
          OneIn(3) ? now_ms_ + 1'000'000 + static_cast<int64_t>(Below(1'000'000)) : kNoExpiry;
      Db& db = ours_.db(DbIndex(static_cast<uint8_t>(OneIn(3) ? Below(16) : 0)));
      OwnedEntry entry = Random(OneIn(9) ? std::to_string(i) : StrCat("key:", i), expiry);
      if (entry->is(ValueType::kString)) {
        db.SetString(entry->key(), entry->StringCopy(), expiry);
      } else {
        absl::StatusOr<DecodedValue> copy = RestoreValue(DumpValue(*entry));
        ASSERT_TRUE(copy.ok());
        db.AddValue(entry->key(), entry->type(), copy->ReleaseObject(), expiry);
      }
    }
  }
  void ForEachOfOurs(absl::FunctionRef<void(int db, const Entry&)> visit) {
    for (int i = 0; i < 16; ++i) {
      ours_.db(DbIndex(static_cast<uint8_t>(i))).ForEach([&](const Entry* e) { visit(i, *e); });
    }
  }

  // Makes the key in Redis, by ordinary commands.
  static void Create(RedisProcess& redis, const Entry& e) {
    const std::string key(e.key());
    std::vector<std::string> command;
    switch (e.type()) {
      case ValueType::kString:
        command = {"SET", key, e.StringCopy()};
        break;
      case ValueType::kList:
        command = {"RPUSH", key};
        e.list()->ForEach([&](std::string_view v) { return command.emplace_back(v), true; });
        break;
      case ValueType::kSet:
        command = {"SADD", key};
        e.set()->ForEach([&](std::string_view v) { return command.emplace_back(v), true; });
        break;
      case ValueType::kZSet:
        command = {"ZADD", key};
        e.zset()->ForEach([&](std::string_view member, double score) {
          command.push_back(FormatDouble(score));
          return command.emplace_back(member), true;
        });
        break;
      case ValueType::kHash:
        command = {"HSET", key};
        e.hash()->ForEach([&](std::string_view field, std::string_view value) {
          command.emplace_back(field);
          return command.emplace_back(value), true;
        });
        break;
    }
    ReplyValue reply = redis.Command(command);
    ASSERT_FALSE(reply.is_error()) << reply.ToString();
    if (e.has_expiry()) redis.Command({"PEXPIREAT", key, std::to_string(e.expire_at_ms())});
  }

  // What Redis says the key holds, as Describe puts it.
  static std::string Held(RedisProcess& redis, const std::string& key) {
    const std::string type = redis.Command({"TYPE", key}).text;
    std::vector<std::string> command = {"GET", key};
    if (type == "list") command = {"LRANGE", key, "0", "-1"};
    if (type == "set") command = {"SMEMBERS", key};
    if (type == "zset") command = {"ZRANGE", key, "0", "-1", "WITHSCORES"};
    if (type == "hash") command = {"HGETALL", key};
    const ReplyValue reply = redis.Command(command);
    auto part = [](std::string_view text) { return StrCat(text.size(), ":", text, " "); };
    if (type == "string") return "string " + part(reply.text);
    std::vector<std::string> parts;
    for (size_t i = 0; i < reply.elements.size(); ++i) {
      const std::string& first = reply.elements[i].text;
      if (type == "zset") {
        parts.push_back(part(StrCat(reply.elements[++i].text, " ", first)));
      } else if (type == "hash") {
        parts.push_back(part(StrCat(first.size(), ":", first, " ", reply.elements[++i].text)));
      } else {
        parts.push_back(part(first));
      }
    }
    if (type == "set" || type == "hash") std::sort(parts.begin(), parts.end());
    std::string text = type + " ";
    for (const std::string& p : parts) text += p;
    return text;
  }

  void LoadDump() {
    auto reader = RdbReader::Open(
        PosixFileSystem(), folder_.path() + "/dump.rdb",
        {.place = [this](std::string_view) { return &loaded_; }, .now_ms = now_ms_});
    ASSERT_TRUE(reader.ok()) << reader.status();
    const absl::Status status = (*reader)->LoadAll();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ((*reader)->stats().keys_loaded, ours_.TotalKeys());
  }
  void ExpectLoadedEqualsOurs() {
    ForEachOfOurs([this](int db, const Entry& e) {
      const Entry* other = loaded_.db(DbIndex(static_cast<uint8_t>(db))).FindNoTouch(e.key());
      ASSERT_NE(other, nullptr) << e.key();
      EXPECT_EQ(Describe(*other), Describe(e));
      EXPECT_EQ(other->expire_at_ms(), e.expire_at_ms());
    });
    EXPECT_EQ(loaded_.TotalKeys(), ours_.TotalKeys());
  }

  int64_t now_ms_ = 0;
  TemporaryFolder folder_;
  Keyspace ours_, loaded_;
};

TEST_F(RedisInteropTest, LoadsWhatRedisSaves) {
  const std::vector<std::string> configurations[] = {
      {},
      {"--rdbcompression", "no", "--hash-max-listpack-entries", "1000", "--list-max-listpack-size",
       "3"},
      {"--list-compress-depth", "1", "--zset-max-listpack-entries", "0", "--set-max-intset-entries",
       "0"},
  };
  FillOurs(300);
  for (const auto& options : configurations) {
    loaded_.Clear();
    auto redis = RedisProcess::Start(folder_.path(), options);
    ASSERT_NE(redis, nullptr);
    redis->Command({"FLUSHALL"});
    ForEachOfOurs([&](int db, const Entry& e) {
      redis->Command({"SELECT", std::to_string(db)});
      Create(*redis, e);
    });
    redis->Command({"FUNCTION", "LOAD",
                    "#!lua name=lib\nredis.register_function('f', function() return 1 end)"});
    ASSERT_EQ(redis->Command({"SAVE"}).text, "OK");
    LoadDump();
    ExpectLoadedEqualsOurs();
  }
}

TEST_F(RedisInteropTest, RedisLoadsWhatWeWrite) {
  FillOurs(500);
  for (const bool compress : {true, false}) {
    const FileHeader header{.created_unix_s = now_ms_ / 1000,
                            .used_memory = 1 << 20,
                            .shard = ShardInfo{ShardId(0), 1, Epoch(1)}};
    auto summary = SaveShard(ours_, PosixFileSystem(), folder_.path() + "/dump.rdb", header,
                             {.compress = compress});
    ASSERT_TRUE(summary.ok()) << summary.status();
    if (access(kChecker, X_OK) == 0) {
      const std::string output = folder_.path() + "/check.txt";
      EXPECT_EQ(std::system(StrCat(kChecker, " ", folder_.path(), "/dump.rdb > ", output).c_str()),
                0)
          << std::ifstream(output).rdbuf();
    }
    auto redis = RedisProcess::Start(folder_.path());
    ASSERT_NE(redis, nullptr) << std::ifstream(folder_.path() + "/redis.log").rdbuf();
    ForEachOfOurs([&](int db, const Entry& e) {
      redis->Command({"SELECT", std::to_string(db)});
      EXPECT_EQ(Held(*redis, std::string(e.key())), Describe(e));
      EXPECT_EQ(redis->Command({"PEXPIRETIME", std::string(e.key())}).integer, e.expire_at_ms());
    });
  }
}

TEST_F(RedisInteropTest, DumpAndRestoreBothWays) {
  auto redis = RedisProcess::Start(folder_.path());
  ASSERT_NE(redis, nullptr);
  for (int i = 0; i < 300; ++i) {
    const OwnedEntry e = Random("k");
    redis->Command({"DEL", "k"});
    ASSERT_EQ(redis->Command({"RESTORE", "k", "0", DumpValue(*e)}).text, "OK");
    ASSERT_EQ(Held(*redis, "k"), Describe(*e));

    redis->Command({"DEL", "k"});
    Create(*redis, *e);
    absl::StatusOr<DecodedValue> value = RestoreValue(redis->Command({"DUMP", "k"}).text);
    ASSERT_TRUE(value.ok()) << value.status();
    ASSERT_EQ(Describe(*MakeEntry("k", *std::move(value))), Describe(*e));
  }
}

// Where the encoding leaves no choice, the payload is Redis's byte for byte.
TEST_F(RedisInteropTest, PayloadsAreRedissOwn) {
  auto redis = RedisProcess::Start(folder_.path(), {"--rdbcompression", "no"});
  ASSERT_NE(redis, nullptr);
  for (int i = 0; i < 300; ++i) {
    const OwnedEntry e = RandomEntry(
        "k", static_cast<ValueType>(Below(5)), 30, [this] { return RandomValue(60); },
        [this](uint64_t n) { return Below(n); });
    if (e->is(ValueType::kSet) && !e->set()->is_packed()) continue;  // in the order of a hash table
    redis->Command({"DEL", "k"});
    Create(*redis, *e);
    ASSERT_EQ(redis->Command({"DUMP", "k"}).text, DumpValue(*e, /*compress=*/false))
        << Describe(*e);
  }
}

}  // namespace
}  // namespace basalt::rdb
