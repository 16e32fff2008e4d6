#include "core/tx/tx_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/admin/config.h"
#include "core/base/clock.h"
#include "core/base/crc.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

void NoHandler(CommandContext&) {}

constexpr KeySpec kFirst{1, 1, 1};
constexpr KeySpec kAll{1, -1, 1};
constexpr CommandSpec kCommands[] = {
    {"get", 2, kReadonly, kFirst, Where::kKeys, NoHandler, "", ""},
    {"set", 3, kWrite, kFirst, Where::kKeys, NoHandler, "", ""},
    {"mget", -2, kReadonly, kAll, Where::kKeys, NoHandler, "", "", {}, "", nullptr, Spread::kArray},
    {"mset", -3, kWrite, {1, -1, 2}, Where::kKeys, NoHandler, "", "", {}, "", nullptr, Spread::kOk},
    {"del", -2, kWrite, kAll, Where::kKeys, NoHandler, "", "", {}, "", nullptr, Spread::kSum},
    {"rename", 3, kWrite, {1, 2, 1}, Where::kKeys, NoHandler, "", ""},
    {"ping", -1, 0, {}, Where::kHome, NoHandler, "", ""},
    {"select", 2, 0, {}, Where::kHome, NoHandler, "", ""},
    {"flushall", -1, kWrite, {}, Where::kAllShards, NoHandler, "", ""},
    {"eval", -3, 0, kFirst, Where::kScript, NoHandler, "", ""},
};

class TxPlanTest : public testing::Test {
 protected:
  static constexpr uint32_t kShards = 4;
  static constexpr ShardId kHome{2};

  // A key that the shard owns.
  static std::string KeyOf(uint32_t shard, int n = 0) {
    for (int i = 0;; ++i) {
      std::string key = StrCat("key", i);
      if (ShardOfSlot(SlotOf(key), kShards).value == shard && n-- == 0) return key;
    }
  }

  void Begin(Tx::Kind kind) {
    tx_ = Tx{.kind = kind};
    tx_.home = kHome;
  }
  void Add(const std::vector<std::string>& words) {
    std::vector<std::string_view> views(words.begin(), words.end());
    const Args args{views.data(), views.size()};
    tx_.commands.emplace_back(table_.Find(args), args, std::string_view());
  }
  void Plan() { PlanTx(tx_, world_); }
  void Plan(const std::vector<std::string>& words) {
    Begin(Tx::Kind::kCommand);
    Add(words);
    Plan();
  }
  const ShardPart* PartOf(uint32_t shard) {
    for (auto& part : tx_.parts) {
      if (part->shard.value == shard) return part.get();
    }
    return nullptr;
  }
  // The words that the part's step runs.
  std::vector<std::string> StepWords(const ShardPart& part, size_t step) {
    const TxStep& s = part.steps[step];
    const Args args = s.word_count > 0 ? Args{&part.words[s.first_word], s.word_count}
                                       : tx_.commands[s.command].args();
    return {args.begin(), args.end()};
  }
  void Answer(uint32_t shard, const std::vector<std::string>& replies) {
    for (auto& part : tx_.parts) {
      if (part->shard.value != shard) continue;
      for (const std::string& reply : replies) {
        part->replies += reply;
        part->ends.push_back(static_cast<uint32_t>(part->replies.size()));
      }
    }
  }
  std::string Merged() { return MergeReplies(tx_, world_); }

  Config config_;
  const std::span<const CommandSpec> group_[1] = {kCommands};
  CommandTable table_{group_};
  World world_{&config_, &table_, &SystemClock(), kShards};
  Tx tx_{.kind = Tx::Kind::kCommand};
};

TEST_F(TxPlanTest, ACommandIsSharedOutByTheOwnersOfItsKeys) {
  Plan({"MSET", KeyOf(0), "a", KeyOf(1), "b", KeyOf(0, 1), "c"});
  ASSERT_EQ(tx_.parts.size(), 2u);
  EXPECT_FALSE(tx_.park);
  EXPECT_EQ(StepWords(*PartOf(0), 0),
            (std::vector<std::string>{"MSET", KeyOf(0), "a", KeyOf(0, 1), "c"}));
  EXPECT_EQ(StepWords(*PartOf(1), 0), (std::vector<std::string>{"MSET", KeyOf(1), "b"}));
  EXPECT_EQ(PartOf(0)->wishes.size(), 2u);
  EXPECT_TRUE(PartOf(0)->wishes[0].exclusive);
  EXPECT_TRUE(PartOf(0)->writes);
}

TEST_F(TxPlanTest, RepliesComeBackInTheOrderOfTheKeys) {
  Plan({"MGET", KeyOf(3), KeyOf(1), KeyOf(3, 1), KeyOf(1, 1), KeyOf(3)});
  EXPECT_FALSE(PartOf(1)->writes);
  EXPECT_FALSE(PartOf(1)->wishes[0].exclusive);
  Answer(3, {"*3\r\n$1\r\na\r\n$-1\r\n$3\r\n$\r\n\r\n"});
  Answer(1, {"*2\r\n$0\r\n\r\n_\r\n"});
  EXPECT_EQ(Merged(), "*5\r\n$1\r\na\r\n$0\r\n\r\n$-1\r\n_\r\n$3\r\n$\r\n\r\n");
}

TEST_F(TxPlanTest, CountsAreAddedAndAFailureCountsForAll) {
  Plan({"DEL", KeyOf(0), KeyOf(1), KeyOf(2)});
  Answer(0, {":1\r\n"});
  Answer(1, {":0\r\n"});
  Answer(2, {":12\r\n"});
  EXPECT_EQ(Merged(), ":13\r\n");
  Plan({"MSET", KeyOf(0), "a", KeyOf(1), "b"});
  Answer(0, {"+OK\r\n"});
  Answer(1, {"+OK\r\n"});
  EXPECT_EQ(Merged(), "+OK\r\n");
  Plan({"DEL", KeyOf(0), KeyOf(1)});
  Answer(0, {":1\r\n"});
  Answer(1, {"-ERR no\r\n"});
  EXPECT_EQ(Merged(), "-ERR no\r\n");
}

TEST_F(TxPlanTest, WhatCannotBeTakenApartGoesByPark) {
  Plan({"RENAME", KeyOf(0), KeyOf(1)});
  EXPECT_TRUE(tx_.park);
  EXPECT_TRUE(tx_.shards.Has(ShardId(0)));
  EXPECT_TRUE(tx_.shards.Has(ShardId(1)));
  EXPECT_FALSE(tx_.shards.Has(ShardId(3)));
  Plan({"FLUSHALL"});
  EXPECT_TRUE(tx_.park);
  EXPECT_EQ(tx_.shards.Count(), kShards);
  // A pair without its value is for the handler to refuse, whole.
  Plan({"MSET", KeyOf(0), "a", KeyOf(1)});
  EXPECT_TRUE(tx_.park);
}

TEST_F(TxPlanTest, ExecOfOneShardIsOnePart) {
  Begin(Tx::Kind::kExec);
  Add({"SET", KeyOf(1), "a"});
  Add({"MGET", KeyOf(1), KeyOf(1, 1)});
  Plan();
  ASSERT_TRUE(tx_.at_once());
  EXPECT_FALSE(tx_.park);
  EXPECT_EQ(tx_.parts[0]->shard, ShardId(1));
  Answer(1, {"+OK\r\n", "*2\r\n$1\r\na\r\n$-1\r\n"});
  EXPECT_EQ(Merged(), "*2\r\n+OK\r\n*2\r\n$1\r\na\r\n$-1\r\n");
}

TEST_F(TxPlanTest, ExecOverShardsKeepsTheOrderOfItsCommands) {
  Begin(Tx::Kind::kExec);
  Add({"SET", KeyOf(1), "a"});
  Add({"PING"});
  Add({"DEL", KeyOf(0), KeyOf(1)});
  Add({"GET", KeyOf(0)});
  tx_.watched.push_back({DbIndex(0), KeyOf(3), 0});
  Plan();
  EXPECT_FALSE(tx_.park);
  ASSERT_EQ(tx_.parts.size(), 4u);
  EXPECT_EQ(PartOf(3)->watched.size(), 1u);
  EXPECT_EQ(PartOf(3)->wishes.size(), 1u);
  EXPECT_FALSE(PartOf(3)->writes);
  Answer(1, {"+OK\r\n", ":1\r\n"});
  Answer(2, {"+PONG\r\n"});
  Answer(0, {":1\r\n", "$-1\r\n"});
  EXPECT_EQ(Merged(), "*4\r\n+OK\r\n+PONG\r\n:2\r\n$-1\r\n");
}

TEST_F(TxPlanTest, ExecThatNothingLessThanAParkCanRun) {
  const std::vector<std::vector<std::vector<std::string>>> transactions = {
      {{"GET", KeyOf(1)}, {"FLUSHALL"}},
      {{"EVAL", KeyOf(1), "x"}, {"GET", KeyOf(1)}},
      {{"SELECT", "1"}, {"GET", KeyOf(1)}},
      {{"RENAME", KeyOf(0), KeyOf(1)}, {"GET", KeyOf(0)}},
  };
  for (const auto& commands : transactions) {
    Begin(Tx::Kind::kExec);
    for (const auto& words : commands) Add(words);
    Plan();
    EXPECT_TRUE(tx_.park) << commands[0][0];
  }
  // On its own shard alone SELECT is like any other command.
  Begin(Tx::Kind::kExec);
  Add({"SELECT", "1"});
  Add({"GET", KeyOf(kHome.value)});
  Plan();
  EXPECT_FALSE(tx_.park);
  EXPECT_TRUE(tx_.at_once());
}

TEST_F(TxPlanTest, AnEmptyExecIsOfTheHomeShard) {
  Begin(Tx::Kind::kExec);
  Plan();
  ASSERT_TRUE(tx_.at_once());
  EXPECT_EQ(tx_.parts[0]->shard, kHome);
  EXPECT_EQ(Merged(), "*0\r\n");
}

}  // namespace
}  // namespace basalt
