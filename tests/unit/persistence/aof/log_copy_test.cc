// A copy holds exactly what the plan keeps, is clean to the next recovery, and shows the same
// moment of every shard.
#include "persistence/aof/log_copy.h"

#include "gtest/gtest.h"
#include "persistence/aof/log_times.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

using Ids = std::vector<std::string>;
constexpr uint64_t kNewSalt = 0xc0b1;

class LogCopyTest : public testing::Test {
 protected:
  void Start(uint32_t shards, FsyncPolicy policy = FsyncPolicy::kEverySecond) {
    world_ = std::make_unique<LogWorld>(shards, policy);
  }
  // One record, with a time line when `unix_s` is not 0.
  void Write(uint32_t shard, const std::string& id, uint64_t epoch, int64_t unix_s = 0) {
    std::string records;
    if (unix_s > 0) AppendTimeLine(&records, unix_s);
    records += RespCommand({"SET", id, std::string(300, 'v')});
    world_->writer(shard).Seal(records, 1, Epoch(epoch), Epoch(epoch - 1));
    world_->Drain(shard);
  }
  std::vector<ShardScan> Scan(const RecoveryOptions& options = {}) {
    EXPECT_TRUE(world_->store().Load().ok());
    auto scans = ScanAllShards(world_->fs, "aof", world_->store().current(), options);
    EXPECT_TRUE(scans.ok()) << scans.status();
    return scans.ok() ? *std::move(scans) : std::vector<ShardScan>();
  }
  absl::Status Copy(const RecoveryOptions& options, size_t read_size = 1 << 20) {
    const std::vector<ShardScan> scans = Scan(options);
    const Manifest manifest = world_->store().current();
    auto plan = PlanRecovery(world_->fs, "aof", manifest, scans, options);
    if (!plan.ok()) return plan.status();
    RecoveryOptions copy_options;
    copy_options.read_size = read_size;
    return CopyLog(world_->fs, {"aof", "copy", "log", kNewSalt}, manifest, scans, *plan,
                   copy_options);
  }
  // What a start would load of the copy, by shard; it must find nothing wrong there.
  std::vector<Ids> LoadCopy() {
    ManifestStore store(&world_->fs, "copy", "log");
    EXPECT_TRUE(store.Load().ok());
    EXPECT_EQ(store.current().salt, kNewSalt);
    auto plan = RecoverLogs(world_->fs, "copy", store.current(), {.load_truncated = false});
    EXPECT_TRUE(plan.ok()) << plan.status();
    std::vector<Ids> loaded;
    if (!plan.ok()) return loaded;
    EXPECT_TRUE(plan->findings.empty());
    for (const ShardPlan& shard : plan->shards) {
      EXPECT_EQ(shard.dropped_batches, 0u);
      for (const Truncation& truncation : shard.truncations) EXPECT_TRUE(truncation.again);
      loaded.push_back(Ids());
      LogReader reader(&world_->fs, "copy", shard.ranges);
      absl::StatusOr<bool> done = false;
      while (done.ok() && !*done) {
        done = reader.Step(1000, [&](std::span<const std::string_view> args) {
          loaded.back().emplace_back(args[1]);
          return absl::OkStatus();
        });
      }
      EXPECT_TRUE(done.ok()) << done.status();
    }
    EXPECT_TRUE(ApplyPlan(world_->fs, store, *plan).ok());
    return loaded;
  }

  std::unique_ptr<LogWorld> world_;
};

TEST_F(LogCopyTest, HoldsWhatCountsAndNothingElse) {
  Start(2);
  for (uint64_t e = 1; e <= 5; ++e) {
    for (uint32_t i = 0; i < 2; ++i) Write(i, StrCat("s", i, "e", e), e);
    if (e == 3) world_->Rotate(0);
  }
  Write(0, "beyond the cut", 9);
  ASSERT_TRUE(Copy({}).ok());
  // Epoch 4 is the last that both shards have completed.
  EXPECT_EQ(LoadCopy(),
            (std::vector<Ids>{{"s0e1", "s0e2", "s0e3", "s0e4"}, {"s1e1", "s1e2", "s1e3", "s1e4"}}));
}

TEST_F(LogCopyTest, WindowsSmallerThanABatchGiveTheSame) {
  Start(1, FsyncPolicy::kAlways);
  Write(0, "a", 1);
  Write(0, "b", 2);
  ASSERT_TRUE(Copy({}, 256).ok());
  EXPECT_EQ(LoadCopy(), (std::vector<Ids>{{"a", "b"}}));
}

TEST_F(LogCopyTest, AnEarlierEpochCutsShardsAlikeAndLeavesFilesOut) {
  Start(2, FsyncPolicy::kAlways);
  for (uint64_t e = 1; e <= 6; ++e) {
    for (uint32_t i = 0; i < 2; ++i) Write(i, StrCat("s", i, "e", e), e);
    world_->Rotate(1);
  }
  ASSERT_TRUE(Copy({.until = Epoch(2)}).ok());
  EXPECT_EQ(LoadCopy(), (std::vector<Ids>{{"s0e1", "s0e2"}, {"s1e1", "s1e2"}}));
  EXPECT_EQ(world_->fs.List("copy")->size(), 1u + 1 + 2) << "no file without a batch";
}

TEST_F(LogCopyTest, NothingLeftIsAnEmptyLogThatWorks) {
  Start(2, FsyncPolicy::kAlways);
  Write(0, "a", 3);
  ASSERT_TRUE(Copy({.until = Epoch(2)}).ok());
  EXPECT_EQ(LoadCopy(), (std::vector<Ids>{{}, {}}));
}

TEST_F(LogCopyTest, HolesAreClosed) {
  Start(2);
  Write(0, "five", 5);
  Write(0, "seven", 7);
  world_->Seal(0, {"part of six"}, Epoch(6), Epoch(6), TxPart{TxId(1), 2});
  world_->Seal(1, {"other part"}, Epoch(6), Epoch(6), TxPart{TxId(1), 2});
  world_->DrainAll();
  ASSERT_TRUE(Copy({}).ok());
  EXPECT_EQ(LoadCopy(), (std::vector<Ids>{{"five", "part of six"}, {"other part"}}));
}

TEST_F(LogCopyTest, SalvageLeavesALogThatStarts) {
  Start(2, FsyncPolicy::kAlways);
  for (uint64_t e = 1; e <= 6; ++e) {
    for (uint32_t i = 0; i < 2; ++i) Write(i, StrCat("s", i, "e", e), e);
  }
  const std::string path = world_->PathOfFile(0, 0);
  std::string bytes = world_->fs.Bytes(path);
  bytes[bytes.find("s0e4")] ^= 0x20;
  world_->fs.SetBytes(path, bytes);
  ASSERT_TRUE(Copy({.salvage = true}).ok());
  EXPECT_EQ(LoadCopy(), (std::vector<Ids>{{"s0e1", "s0e2"}, {"s1e1", "s1e2"}}));
}

TEST_F(LogCopyTest, FilesOfTheOldLogArePassedForNothingInTheCopy) {
  Start(1, FsyncPolicy::kAlways);
  Write(0, "a", 1);
  Write(0, "b", 2);
  const std::string old = world_->fs.Bytes(world_->PathOfFile(0, 0));
  ASSERT_TRUE(Copy({.until = Epoch(1)}).ok());
  ManifestStore store(&world_->fs, "copy", "log");
  ASSERT_TRUE(store.Load().ok());
  world_->fs.SetBytes(store.PathOf(store.current().shards[0].incrementals[0]), old);
  EXPECT_TRUE(absl::IsDataLoss(RecoverLogs(world_->fs, "copy", store.current(), {}).status()));
}

TEST_F(LogCopyTest, RotBetweenScanAndCopyIsSeen) {
  Start(1, FsyncPolicy::kAlways);
  Write(0, "a", 1);
  Write(0, "b", 2);
  const std::vector<ShardScan> scans = Scan();
  const Manifest manifest = world_->store().current();
  auto plan = PlanRecovery(world_->fs, "aof", manifest, scans, {});
  const std::string path = world_->PathOfFile(0, 0);
  std::string bytes = world_->fs.Bytes(path);
  bytes[bytes.size() - 5] ^= 1;
  world_->fs.SetBytes(path, bytes);
  EXPECT_TRUE(absl::IsDataLoss(
      CopyLog(world_->fs, {"aof", "copy", "log", kNewSalt}, manifest, scans, *plan, {})));
}

TEST_F(LogCopyTest, AFolderThatIsNotEmptyIsRefused) {
  Start(1);
  Write(0, "a", 1);
  ASSERT_TRUE(world_->fs.MakeDirectory("copy").ok());
  world_->fs.SetBytes("copy/something", "");
  EXPECT_TRUE(absl::IsAlreadyExists(Copy({})));
}

TEST_F(LogCopyTest, ACopyThatFailsLeavesNoLog) {
  Start(2, FsyncPolicy::kAlways);
  for (uint64_t e = 1; e <= 3; ++e) {
    for (uint32_t i = 0; i < 2; ++i) Write(i, StrCat("s", i, "e", e), e);
  }
  for (int left = 0; left < 100; ++left) {
    int operations = left;
    world_->fs.fault = [&operations](std::string_view operation, const std::string& path) {
      const bool counts = operation == "write" || operation == "sync" || operation == "syncdir";
      return counts && path.starts_with("copy") && operations-- <= 0 ? ENOSPC : 0;
    };
    const absl::Status copied = Copy({});
    world_->fs.fault = nullptr;
    ManifestStore store(&world_->fs, "copy", "log");
    if (copied.ok()) {
      EXPECT_GT(left, 4);
      EXPECT_EQ(LoadCopy()[0].size(), 3u);
      return;
    }
    if (store.Load().ok()) EXPECT_EQ(LoadCopy()[1].size(), 3u) << "only the last sync was missing";
    const std::vector<std::string> left_over = *world_->fs.List("copy");
    for (const std::string& name : left_over) {
      ASSERT_TRUE(world_->fs.Remove("copy/" + name).ok());
    }
  }
  FAIL() << "the copy never succeeds";
}

// --- times ---

class LogTimesTest : public LogCopyTest {
 protected:
  absl::StatusOr<Epoch> LastEpoch(int64_t unix_s) {
    return LastEpochOfSecond(world_->fs, "aof", Scan(), unix_s);
  }
};

TEST_F(LogTimesTest, AMomentIsTheLastEpochThatHoldsNothingLater) {
  Start(2, FsyncPolicy::kAlways);
  Write(0, "a", 1, 100);
  Write(1, "b", 2, 100);
  Write(0, "c", 3);  // of the same second
  Write(1, "d", 5, 102);
  Write(0, "e", 6, 103);
  EXPECT_EQ(*LastEpoch(100), Epoch(4));
  EXPECT_EQ(*LastEpoch(101), Epoch(4));
  EXPECT_EQ(*LastEpoch(102), Epoch(5));
  EXPECT_EQ(*LastEpoch(103), Epoch(UINT64_MAX));
  EXPECT_EQ(*LastEpoch(99), Epoch(0));
  const std::vector<ShardScan> scans = Scan();
  EXPECT_EQ(scans[0].first_unix_s, 100);
  EXPECT_EQ(scans[0].last_unix_s, 103);
}

TEST_F(LogTimesTest, ATransactionsPartMayStandBehindALaterEpoch) {
  Start(1, FsyncPolicy::kAlways);
  Write(0, "a", 7, 100);
  Write(0, "part", 5, 101);  // its epoch is older
  EXPECT_EQ(*LastEpoch(100), Epoch(4)) << "what is later than the second must not come along";
}

TEST_F(LogTimesTest, RecordsWithoutATimeAreRefusedUnlessALaterLineBoundsThem) {
  Start(2, FsyncPolicy::kAlways);
  Write(0, "a", 1);
  Write(0, "b", 2, 100);
  Write(1, "c", 3, 105);
  EXPECT_EQ(*LastEpoch(100), Epoch(2)) << "a is no later than b";
  EXPECT_TRUE(absl::IsOutOfRange(LastEpoch(99).status()));
  Start(2, FsyncPolicy::kAlways);
  Write(0, "a", 1, 100);
  Write(1, "b", 2);
  EXPECT_TRUE(absl::IsOutOfRange(LastEpoch(200).status()));
  Write(0, "c", 2, 150);
  EXPECT_EQ(*LastEpoch(120), Epoch(1)) << "b is left out anyway";
}

TEST_F(LogTimesTest, TimeLinesStandBehindTheTransactionAndChangeNothingForRecovery) {
  Start(2, FsyncPolicy::kAlways);
  std::string records;
  AppendTimeLine(&records, 1234);
  records += RespCommand({"SET", "a", "x"});
  for (uint32_t i = 0; i < 2; ++i) {
    world_->writer(i).Seal(records, 1, Epoch(1), Epoch(0), TxPart{TxId(1), 2});
    world_->Drain(i);
  }
  EXPECT_EQ(Scan()[1].first_unix_s, 1234);
  ASSERT_TRUE(Copy({}).ok());
  EXPECT_EQ(LoadCopy(), (std::vector<Ids>{{"a"}, {"a"}}));
}

}  // namespace
}  // namespace basalt
