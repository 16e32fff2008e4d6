// Ends of files that were cut off by hand: what the manifest and later files know of them.
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "persistence/aof/log_copy.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

using enum RecoveryCase;
using Ids = std::vector<std::string>;

class RecoveryEndTest : public testing::Test {
 protected:
  void Start(uint32_t shards = 1) {
    world_ = std::make_unique<LogWorld>(shards, FsyncPolicy::kAlways);
  }
  void Write(const std::string& id, uint32_t shard = 0) {
    world_->Seal(shard, {id});
    world_->Drain(shard);
  }
  void Rotate() {
    world_->Rotate(0);
    world_->Drain(0);
  }
  std::string FileOf(size_t i) { return world_->PathOfFile(0, i); }
  std::string NameOf(size_t i) { return world_->store().current().shards[0].incrementals[i]; }
  void Restart() {
    auto plan = world_->Recover();
    ASSERT_TRUE(plan.ok()) << plan.status();
    ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), *plan).ok());
    world_->Reopen(*plan);
  }
  void Cut(const std::string& path, size_t size) {
    world_->fs.SetBytes(path, world_->fs.Bytes(path).substr(0, size));
  }
  void ExpectRefused(RecoveryCase found, const std::string& name, uint64_t offset) {
    auto plan = world_->Recover();
    ASSERT_FALSE(plan.ok());
    EXPECT_TRUE(absl::IsDataLoss(plan.status()));
    EXPECT_EQ(std::string(MessageOf(plan.status())).rfind(Describe(found, name, offset), 0), 0u)
        << plan.status();
    EXPECT_EQ(RowFor(found).decision, RecoveryDecision::kRefuse);
  }
  void ExpectLoaded(const Ids& ids) {
    auto plan = world_->Recover();
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(world_->Load(plan->shards[0]), ids);
  }

  std::unique_ptr<LogWorld> world_;
};

TEST_F(RecoveryEndTest, RowEndMissing) {
  Start();
  Write("a");
  Restart();
  Cut(FileOf(0), 0);
  ExpectRefused(kEndMissing, NameOf(0), 0);
}

TEST_F(RecoveryEndTest, AnyCutBelowWhatTheLastStartKeptIsRefused) {
  Start();
  Write("a");
  Write("b");
  Restart();
  const std::string kept = world_->fs.Bytes(FileOf(0));
  Write("c");
  const std::string all = world_->fs.Bytes(FileOf(0));
  for (size_t n = 0; n <= all.size(); ++n) {
    world_->fs.SetBytes(FileOf(0), all.substr(0, n));
    EXPECT_EQ(world_->Recover().ok(), n >= kept.size()) << n;
  }
}

TEST_F(RecoveryEndTest, DamageBelowWhatTheLastStartKeptIsNoTear) {
  Start();
  Write("a");
  const size_t damaged = world_->fs.Bytes(FileOf(0)).size();
  Write("b");
  Restart();
  std::string bytes = world_->fs.Bytes(FileOf(0));
  bytes[damaged + 100] ^= 1;
  world_->fs.SetBytes(FileOf(0), bytes);
  ExpectRefused(kMiddleRotten, NameOf(0), damaged);
}

TEST_F(RecoveryEndTest, AnEmptiedFileBeforeOneWithContentIsMissed) {
  Start();
  Write("a");
  Rotate();
  Write("b");
  Rotate();
  Write("c");
  for (size_t i : {0, 1}) {
    const std::string bytes = world_->fs.Bytes(FileOf(i));
    Cut(FileOf(i), 0);
    ExpectRefused(kFileCutShort, NameOf(i), 0);
    world_->fs.SetBytes(FileOf(i), bytes);
  }
  ExpectLoaded({"a", "b", "c"});
}

// What came after the last start, and has nothing behind it, nobody knows of.
TEST_F(RecoveryEndTest, AnEmptiedLastFileMayHaveBeenEmpty) {
  Start();
  Write("a");
  Rotate();
  Write("b");
  Cut(FileOf(1), 0);
  ExpectLoaded({"a"});
}

TEST_F(RecoveryEndTest, TheLastOfTwoFilesIsMissedAfterAStart) {
  Start();
  Write("a");
  Rotate();
  Write("b");
  Restart();
  Cut(FileOf(1), 0);
  ExpectRefused(kEndMissing, NameOf(0), world_->fs.Bytes(FileOf(0)).size());
}

// What a start drops is not missed later, and neither is anything by a start that is cut off.
TEST_F(RecoveryEndTest, WhatAStartDroppedIsNotMissed) {
  Start();
  Write("a");
  Write("torn");
  Cut(FileOf(0), world_->fs.Bytes(FileOf(0)).size() - 1);
  for (int i = 0; i < 3; ++i) {
    auto plan = world_->Recover();
    ASSERT_TRUE(plan.ok()) << plan.status();
    if (i == 0) {
      world_->fs.fault = [](std::string_view operation, const std::string&) {
        return operation == "truncate" ? EIO : 0;
      };
      EXPECT_FALSE(ApplyPlan(world_->fs, world_->store(), *plan).ok());
      world_->fs.fault = nullptr;
    } else {
      ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), *plan).ok());
    }
  }
  ExpectLoaded({"a"});
}

TEST_F(RecoveryEndTest, ARewriteForgetsTheOldEnd) {
  Start();
  Write("a");
  Restart();
  Write("b");
  auto files = world_->store().AddIncrementals(0);
  ASSERT_TRUE(files.ok());
  const Lsn start = world_->writer(0).RotateTo((*files)[0].log_file);
  const std::string base = BaseFileName("log", 2, ShardId(0));
  world_->fs.SetBytes("aof/" + base, "1234567890");
  ASSERT_TRUE(
      world_->store()
          .CompleteRewrite({{BaseFile{base, 10, 0}, (*files)[0].name, start}}, Epoch(9), TxId(0))
          .ok());
  ExpectLoaded({});
}

TEST_F(RecoveryEndTest, SalvageTakesTheMissingEndForDamage) {
  Start();
  Write("a");
  Write("b");
  const size_t size = world_->fs.Bytes(FileOf(0)).size();
  Write("c");
  Restart();
  Cut(FileOf(0), size);
  auto plan = world_->Recover({.salvage = true});
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_FALSE(plan->findings.empty());
  EXPECT_EQ(plan->findings[0].found, kEndMissing);
}

// A copy is durable as a whole before it is a log.
TEST_F(RecoveryEndTest, ACopyMissesItsEndToo) {
  Start();
  for (int i = 0; i < 4; ++i) Write(StrCat("a", i));
  Restart();
  Write("b");
  const Manifest manifest = world_->store().current();
  auto scans = ScanAllShards(world_->fs, "aof", manifest, {});
  ASSERT_TRUE(scans.ok());
  const RecoveryOptions until{.until = Epoch(1)};
  auto plan = PlanRecovery(world_->fs, "aof", manifest, *scans, until);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_TRUE(CopyLog(world_->fs, {"aof", "copy", "log", 9}, manifest, *scans, *plan, until).ok());
  ManifestStore store(&world_->fs, "copy", "log");
  ASSERT_TRUE(store.Load().ok());
  ASSERT_TRUE(RecoverLogs(world_->fs, "copy", store.current(), {}).ok());
  const std::string path = "copy/" + store.current().shards[0].incrementals[0];
  Cut(path, world_->fs.Bytes(path).size() - 1);
  EXPECT_TRUE(absl::IsDataLoss(RecoverLogs(world_->fs, "copy", store.current(), {}).status()));
}

}  // namespace
}  // namespace basalt
