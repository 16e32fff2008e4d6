#include "core/script/undo_log.h"

#include <map>

#include "tests/support/command_fixture.h"
#include "tests/support/test_seed.h"
#include "tests/support/values.h"

namespace basalt {
namespace {

using script::UndoLog;

class UndoLogTest : public CommandFixture {
 protected:
  // Everything in the keyspace, by database and key.
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> all;
    for (uint8_t i = 0; i < keyspace().databases(); ++i) {
      keyspace().db(DbIndex(i)).ForEach([&](Entry* e) {
        all[StrCat(i, " ", e->key())] =
            StrCat(TypeName(e->type()), " ", Describe(*e), " ", e->expire_at_ms());
      });
    }
    return all;
  }

  // Captures what the command of `words` may change, and runs it unless that is impossible.
  bool Try(const std::vector<std::string>& words) {
    std::vector<std::string_view> views(words.begin(), words.end());
    const Args args{views.data(), views.size()};
    const CommandSpec* spec = AllCommands().Find(args);
    EXPECT_NE(spec, nullptr) << words[0];
    if (!spec->ArityFits(args.size()) || !spec->Has(kWrite)) return true;
    std::vector<uint32_t> keys;
    if (!FindKeys(*spec, args, &keys)) keys.clear();
    if (!undo_.Capture(db_, *spec, args, keys)) return false;
    RawReply(words);
    undo_.AfterCommand();
    return true;
  }
  bool TryLine(std::string_view line) { return Try(Words(line)); }

  void Use(uint8_t db) {
    db_ = DbIndex(db);
    UseDb(db_);
  }

  void FillLarge(std::string_view verb, std::string_view key, int n) {
    for (int i = 0; i < n; ++i) {
      if (verb == "HSET" || verb == "ZADD") {
        Run(verb == "HSET" ? StrCat("HSET ", key, " m", i, " v", i)
                           : StrCat("ZADD ", key, " ", i, " m", i));
      } else {
        Run(StrCat(verb, " ", key, " m", i));
      }
    }
  }

  UndoLog undo_;
  DbIndex db_{0};
};

TEST_F(UndoLogTest, RestoresDeletedChangedAndCreatedKeys) {
  Run("SET a 1");
  Run("SET b 2 EX 100");
  Run("RPUSH l x y z");
  const auto before = Contents();
  undo_.Begin(keyspace());
  EXPECT_TRUE(TryLine("SET a changed"));
  EXPECT_TRUE(TryLine("DEL b l"));
  EXPECT_TRUE(TryLine("SET fresh 1"));
  EXPECT_TRUE(TryLine("RENAME a c"));
  EXPECT_TRUE(TryLine("SADD l member"));
  EXPECT_NE(Contents(), before);
  EXPECT_TRUE(undo_.Rollback());
  undo_.Commit();
  EXPECT_EQ(Contents(), before);
}

TEST_F(UndoLogTest, RestoresWhatMovedToAnotherDatabase) {
  Run("SET a 1");
  Run("SET b 2");
  const auto before = Contents();
  undo_.Begin(keyspace());
  EXPECT_TRUE(TryLine("MOVE a 4"));
  EXPECT_TRUE(TryLine("COPY b c DB 7"));
  undo_.Rollback();
  undo_.Commit();
  EXPECT_EQ(Contents(), before);
}

TEST_F(UndoLogTest, LargeCollectionsAreRestoredByWhatWasTouched) {
  FillLarge("HSET", "h", 2000);
  FillLarge("SADD", "s", 2000);
  FillLarge("ZADD", "z", 2000);
  FillLarge("RPUSH", "l", 2000);
  const auto before = Contents();
  undo_.Begin(keyspace());
  for (const char* line : {"HSET h m1 changed new 1",
                           "HDEL h m2 m3",
                           "HINCRBY h n 5",
                           "HINCRBYFLOAT h n 0.5",
                           "HSETNX h m4 x",
                           "SADD s new m1",
                           "SREM s m5 m6",
                           "ZADD z XX 99 m7",
                           "ZADD z 5 new 7 m8",
                           "ZINCRBY z 3 m9",
                           "ZREM z m10",
                           "LPUSH l a b c",
                           "RPUSH l d",
                           "LPOP l 5",
                           "RPOP l 3",
                           "RPOP l",
                           "LPUSHX l e",
                           "RPUSHX l f",
                           "EXPIRE h 100",
                           "PEXPIRE l 5000",
                           "PERSIST h",
                           "HSET s f v",
                           "LPOP z",
                           "LPOP l x"}) {
    EXPECT_TRUE(TryLine(line)) << line;
  }
  EXPECT_NE(Contents(), before);
  undo_.Rollback();
  undo_.Commit();
  EXPECT_EQ(Contents(), before);
}

TEST_F(UndoLogTest, GivesUpOnOtherWritesToLargeValues) {
  FillLarge("RPUSH", "l", 2000);
  Reply({"SET", "s", std::string(100'000, 'x')});
  undo_.Begin(keyspace());
  EXPECT_FALSE(TryLine("DEL l"));
  EXPECT_FALSE(TryLine("LTRIM l 0 10"));
  EXPECT_FALSE(TryLine("APPEND s y"));
  EXPECT_FALSE(TryLine("EXPIRE l 0"));
  EXPECT_FALSE(TryLine("PEXPIREAT l 1"));
  EXPECT_FALSE(TryLine("LPOP l 1999"));
  EXPECT_TRUE(TryLine("LPUSH l x"));  // the list is undoable so far
  EXPECT_FALSE(TryLine("LSET l 0 y"));
  undo_.Rollback();
  undo_.Commit();
  EXPECT_EQ(Run("LLEN l"), "2000");
}

TEST_F(UndoLogTest, AnEmptiedLargeListComesBackInOrder) {
  FillLarge("RPUSH", "l", 1500);
  Run("EXPIRE l 1000");
  const auto before = Contents();
  undo_.Begin(keyspace());
  for (int i = 0; i < 750; ++i) {
    ASSERT_TRUE(TryLine("LPOP l"));
    ASSERT_TRUE(TryLine("RPOP l"));
  }
  EXPECT_EQ(Run("EXISTS l"), "0");
  ASSERT_TRUE(TryLine("RPUSH l again"));
  undo_.Rollback();
  undo_.Commit();
  EXPECT_EQ(Contents(), before);
}

TEST_F(UndoLogTest, ReadersOfLargeSourcesDoNotMakeItGiveUp) {
  FillLarge("SADD", "s", 2000);
  undo_.Begin(keyspace());
  EXPECT_TRUE(TryLine("SUNIONSTORE d s"));
  undo_.Rollback();
  undo_.Commit();
  EXPECT_EQ(Run("EXISTS d"), "0");
  EXPECT_EQ(Run("SCARD s"), "2000");
}

TEST_F(UndoLogTest, WhatIsCommittedStays) {
  undo_.Begin(keyspace());
  EXPECT_TRUE(TryLine("SET a 1"));
  undo_.Commit();
  undo_.Begin(keyspace());
  EXPECT_TRUE(TryLine("SET b 1"));
  undo_.Rollback();
  undo_.Commit();
  EXPECT_EQ(Run("MGET a b"), "[1 nil]");
}

// Random commands on values of all sizes: after the rollback everything is as it was.
TEST_F(UndoLogTest, AnyCommandsAreTakenBack) {
  Random random(TestSeed());
  auto below = [&](uint64_t n) { return random.Below(n); };
  auto key = [&] { return StrCat("k", below(12)); };
  auto member = [&] { return StrCat("m", below(900)); };
  auto number = [&] { return std::to_string(static_cast<int64_t>(below(200)) - 60); };
  auto random_command = [&]() -> std::vector<std::string> {
    switch (below(34)) {
      case 0:
        return {"SET", key(), member()};
      case 1:
        return {"DEL", key(), key()};
      case 2:
        return {"RENAME", key(), key()};
      case 3:
        return {"COPY", key(), key(), "DB", std::to_string(below(3)), "REPLACE"};
      case 4:
        return {"MOVE", key(), std::to_string(below(3))};
      case 5:
        return {"HSET", key(), member(), member(), member(), member()};
      case 6:
        return {"HDEL", key(), member(), member(), member()};
      case 7:
        return {"HINCRBY", key(), member(), number()};
      case 8:
        return {"HSETNX", key(), member(), number()};
      case 9:
        return {"SADD", key(), member(), member()};
      case 10:
        return {"SREM", key(), member(), member(), member()};
      case 11:
        return {"ZADD", key(), number(), member(), number(), member()};
      case 12:
        return {"ZADD", key(), "GT", "CH", number(), member()};
      case 13:
        return {"ZINCRBY", key(), number(), member()};
      case 14:
        return {"ZREM", key(), member(), member()};
      case 15:
        return {"LPUSH", key(), member(), member()};
      case 16:
        return {"RPUSH", key(), member()};
      case 17:
        return {"LPOP", key(), std::to_string(below(40))};
      case 18:
        return {"RPOP", key(), std::to_string(below(40))};
      case 19:
        return {"LPOP", key()};
      case 20:
        return {"RPUSHX", key(), member(), member()};
      case 21:
        return {"EXPIRE", key(), number()};
      case 22:
        return {"PEXPIREAT", key(),
                std::to_string(keyspace().now_ms + static_cast<int64_t>(below(1000)) - 200)};
      case 23:
        return {"PERSIST", key()};
      case 24:
        return {"INCRBY", key(), number()};
      case 25:
        return {"APPEND", key(), member()};
      case 26:
        return {"SPOP", key()};
      case 27:
        return {"SUNIONSTORE", key(), key(), key()};
      case 28:
        return {"ZUNIONSTORE", key(), "2", key(), key()};
      case 29:
        return {"LMOVE", key(), key(), "LEFT", "RIGHT"};
      case 30:
        return {"SETRANGE", key(), std::to_string(below(20000)), "x"};
      case 31:
        return {"SORT", key(), "ALPHA", "STORE", key()};
      case 32:
        return {"GETEX", key(), "EX", "100"};
      default:
        return {"LINSERT", key(), "BEFORE", member(), member()};
    }
  };
  size_t taken_back = 0, given_up = 0;
  for (int round = 0; round < 150; ++round) {
    for (int i = 0; i < 25; ++i) RawReply(random_command());
    static constexpr const char* kFill[] = {"HSET", "SADD", "ZADD", "RPUSH"};
    if (round % 3 == 0) FillLarge(kFill[below(4)], key(), 700);
    const auto before = Contents();
    const uint64_t dirty = keyspace().dirty;
    undo_.Begin(keyspace());
    for (int i = 0; i < 40; ++i) {
      Use(below(10) == 0 ? 1 : 0);
      if (!Try(random_command())) {
        ++given_up;
        break;
      }
      ++taken_back;
    }
    Use(0);
    undo_.Rollback();
    undo_.Commit();
    ASSERT_EQ(Contents(), before) << "round " << round;
    EXPECT_EQ(keyspace().dirty, dirty);
  }
  EXPECT_GT(taken_back, 1000u);
  EXPECT_GT(given_up, 0u);
}

}  // namespace
}  // namespace basalt
