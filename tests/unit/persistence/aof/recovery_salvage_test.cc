// What the offline tools ask of recovery: to salvage what a start refuses, and to stop at an epoch.
#include "tests/support/recovery_fixture.h"

namespace basalt {
namespace {

using enum RecoveryCase;

TEST_F(RecoveryTest, SalvageOfForeignFilesTellsWhatAStartRefuses) {
  SimFileSystem fs;
  ASSERT_TRUE(fs.MakeDirectory("d").ok());
  const RecoveryOptions salvage{.salvage = true};
  const std::string whole = RespCommand({"SET", "a", "b"});
  fs.SetBytes("d/f", whole + "what\r\n" + whole);
  auto scan = ScanForeignLog(fs, "d", "f", 0, true, salvage);
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(scan->findings[0].found, kForeignRotten);
  EXPECT_EQ(scan->findings[0].offset, whole.size());
  EXPECT_EQ(scan->range.to, whole.size());
  fs.SetBytes("d/f", whole + "*3\r\n");
  EXPECT_EQ(ScanForeignLog(fs, "d", "f", 0, false, salvage)->findings[0].found, kForeignTailStrict);
}

class SalvageTest : public RecoveryTest {
 protected:
  // Epochs 1 to 6, in each one record on every shard. Under everysec every shard marks each.
  void Fill(uint32_t shards, FsyncPolicy policy) {
    Start(shards, policy);
    for (int e = 1; e <= 6; ++e) {
      world_->epoch = Epoch(e);
      for (uint32_t i = 0; i < shards; ++i) Write(i, StrCat("s", i, "e", e));
    }
  }
  absl::StatusOr<RecoveryPlan> Plan(const RecoveryOptions& options) {
    EXPECT_TRUE(world_->store().Load().ok());
    return RecoverLogs(world_->fs, "aof", world_->store().current(), options);
  }
  // Damages the record "s<shard>e<epoch>".
  void Spoil(uint32_t shard, int epoch) {
    const size_t at = world_->fs.Bytes(FileOf(shard)).find(StrCat("s", shard, "e", epoch));
    ASSERT_NE(at, std::string::npos);
    Flip(FileOf(shard), at);
  }
};

TEST_F(SalvageTest, CutsEveryShardBeforeTheDamageWhateverThePolicy) {
  for (const FsyncPolicy policy : {FsyncPolicy::kAlways, FsyncPolicy::kEverySecond}) {
    Fill(3, policy);
    Spoil(1, 4);
    ASSERT_TRUE(absl::IsDataLoss(Plan({}).status()));
    auto plan = Plan({.salvage = true});
    ASSERT_TRUE(plan.ok()) << plan.status();
    // The last good batch of shard 1 is of epoch 3 and says that epoch 2 is complete.
    EXPECT_EQ(plan->cut, Epoch(2));
    for (uint32_t i = 0; i < 3; ++i) {
      EXPECT_EQ(world_->Load(plan->shards[i]), (Ids{StrCat("s", i, "e1"), StrCat("s", i, "e2")}));
    }
    EXPECT_EQ(plan->shards[0].dropped_records, 4u);
    EXPECT_TRUE(Has(*plan, kMiddleRotten));
    EXPECT_TRUE(Has(*plan, kBeyondDamage));
    EXPECT_TRUE(absl::IsFailedPrecondition(ApplyPlan(world_->fs, world_->store(), *plan)));
  }
}

TEST_F(SalvageTest, SettledEpochsDoNotHideWhatTheDamageTook) {
  Fill(2, FsyncPolicy::kAlways);
  auto plan = Plan({});
  ASSERT_TRUE(plan.ok());
  ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), *plan).ok());  // settles everything up to 6
  Spoil(0, 5);
  plan = Plan({.salvage = true});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->cut, Epoch(3));
  EXPECT_EQ(world_->Load(plan->shards[1]).size(), 3u);
}

TEST_F(SalvageTest, MissingFilesAreAnEndToo) {
  Fill(2, FsyncPolicy::kAlways);
  world_->Rotate(0);
  world_->epoch = Epoch(7);
  Write(0, "s0e7");
  Write(1, "s1e7");
  ASSERT_TRUE(world_->fs.Remove(FileOf(0, 1)).ok());
  auto plan = Plan({.salvage = true});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(Has(*plan, kFileMissing));
  EXPECT_EQ(plan->cut, Epoch(5));
  ASSERT_TRUE(world_->fs.Remove(FileOf(0, 0)).ok());
  plan = Plan({.salvage = true});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->cut, Epoch(0));
  EXPECT_TRUE(world_->Load(plan->shards[1]).empty());
}

TEST_F(SalvageTest, UntilKeepsNothingOfLaterEpochs) {
  for (const FsyncPolicy policy : {FsyncPolicy::kAlways, FsyncPolicy::kEverySecond}) {
    Fill(2, policy);
    for (uint64_t until = 1; until <= 4; ++until) {
      auto plan = Plan({.until = Epoch(until)});
      ASSERT_TRUE(plan.ok()) << plan.status();
      for (uint32_t i = 0; i < 2; ++i) {
        const Ids ids = world_->Load(plan->shards[i]);
        ASSERT_EQ(ids.size(), until);
        EXPECT_EQ(ids.back(), StrCat("s", i, "e", until));
      }
      EXPECT_TRUE(plan->for_copy);
      EXPECT_FALSE(Has(*plan, kBeyondDamage)) << "what was asked for is no finding";
    }
  }
}

TEST_F(SalvageTest, UntilCannotGoBehindTheBases) {
  Fill(1, FsyncPolicy::kAlways);
  Manifest manifest = world_->store().current();
  manifest.base_epoch = Epoch(4);
  ASSERT_TRUE(world_->store().Install(manifest).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Plan({.until = Epoch(2)}).status()));
  EXPECT_TRUE(Plan({.until = Epoch(3)}).ok());
}

}  // namespace
}  // namespace basalt
