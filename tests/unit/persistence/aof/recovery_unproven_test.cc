// What a shard keeps without proof that it is durable: after a failed fsync and a crash of the
// process it stands in the page cache, and no later fsync brings it to the disk unless it is
// written anew.
#include <algorithm>
#include <cerrno>

#include "gtest/gtest.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

using Ids = std::vector<std::string>;

class UnprovenTest : public testing::Test {
 protected:
  void Start(FsyncPolicy policy = FsyncPolicy::kAlways) {
    world_ = std::make_unique<LogWorld>(1, policy);
  }
  void Write(const std::string& id, bool durable = true) {
    world_->Seal(0, {id}, world_->epoch, world_->epoch);
    world_->Drain(0, durable);
  }
  uint64_t Size(size_t file = 0) { return world_->fs.Bytes(world_->PathOfFile(0, file)).size(); }
  // Every sync of a log file fails.
  void BreakSyncs() {
    world_->fs.fault = [](std::string_view operation, const std::string& path) {
      return operation == "sync" && path.ends_with(".aof") ? EIO : 0;
    };
  }
  void MendSyncs() { world_->fs.fault = nullptr; }
  RecoveryPlan Plan() {
    auto plan = world_->Recover();
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? *plan : RecoveryPlan{};
  }
  absl::Status Apply(const RecoveryPlan& plan) {
    return ApplyPlan(world_->fs, world_->store(), plan);
  }
  // The process dies, and is started again.
  RecoveryPlan Restart() {
    world_->fs.ProcessDies();
    const RecoveryPlan plan = Plan();
    EXPECT_TRUE(Apply(plan).ok());
    return plan;
  }
  // The power goes, however much it takes, and what was kept before must be there.
  void ExpectKeptForGood(const Ids& ids) {
    world_->PowerCut(7);
    EXPECT_EQ(world_->Load(Plan().shards[0]), ids);
  }

  std::unique_ptr<LogWorld> world_;
};

TEST_F(UnprovenTest, BytesOfAFailedSyncAreWrittenAnew) {
  Start();
  Write("a");
  BreakSyncs();
  Write("b");
  MendSyncs();
  const RecoveryPlan plan = Restart();
  EXPECT_EQ(world_->Load(plan.shards[0]), (Ids{"a", "b"}));
  ExpectKeptForGood({"a", "b"});
}

TEST_F(UnprovenTest, TheFirstLineOfTheFileIsWrittenAnewToo) {
  Start();
  BreakSyncs();
  Write("a");
  MendSyncs();
  Restart();
  ExpectKeptForGood({"a"});
}

TEST_F(UnprovenTest, AFirstLineAloneIsWrittenAnewToo) {
  Start();
  BreakSyncs();
  Write("a");
  MendSyncs();
  const std::string path = world_->PathOfFile(0, 0);
  world_->fs.ProcessDies();
  (*world_->fs.Open(path, OpenMode::kReadWrite))->Truncate(kFileHeaderSize + 10).IgnoreError();
  RecoveryPlan plan = Restart();
  EXPECT_EQ(plan.shards[0].append_offset, kFileHeaderSize);
  world_->Reopen(plan);
  Write("b");
  ExpectKeptForGood({"b"});
}

TEST_F(UnprovenTest, ASecondFileIsWrittenAnewFromItsFirstLineOn) {
  Start();
  Write("a");
  world_->Rotate(0);
  world_->Drain(0);
  BreakSyncs();
  Write("b");
  MendSyncs();
  const RecoveryPlan plan = Restart();
  EXPECT_EQ(plan.shards[0].unproven->from, 0u);
  EXPECT_EQ(plan.shards[0].unproven->file, plan.shards[0].append_file);
  ExpectKeptForGood({"a", "b"});
}

TEST_F(UnprovenTest, AStartWhoseOwnSyncFailsIsNoProofEither) {
  Start();
  Write("a");
  BreakSyncs();
  Write("b");
  world_->fs.ProcessDies();
  EXPECT_FALSE(Apply(Plan()).ok());
  MendSyncs();
  Restart();
  ExpectKeptForGood({"a", "b"});
}

// What lies before the last batch's `durable` is left alone, however long the log is.
TEST_F(UnprovenTest, OnlyWhatTheLogDoesNotCallDurableIsWritten) {
  Start(FsyncPolicy::kEverySecond);
  for (int i = 0; i < 100; ++i) Write(StrCat("synced", i));
  const uint64_t synced = Size();
  EXPECT_EQ(world_->writer(0).durable_lsn(), world_->writer(0).appended_lsn());
  for (int i = 0; i < 3; ++i) Write(StrCat("late", i), /*durable=*/false);
  world_->fs.ProcessDies();
  const RecoveryPlan plan = Plan();
  ASSERT_TRUE(plan.shards[0].unproven);
  EXPECT_EQ(*plan.shards[0].unproven,
            (UnprovenEnd{plan.shards[0].append_file, synced, Size(), Lsn(0)}));

  // Nor is anything before a file that has been begun.
  world_->Reopen(plan);
  world_->Rotate(0);
  world_->Drain(0);
  Write("next");
  world_->fs.ProcessDies();
  const RecoveryPlan later = Plan();
  EXPECT_EQ(*later.shards[0].unproven,
            (UnprovenEnd{later.shards[0].append_file, 0, Size(1), plan.shards[0].append_lsn}))
      << "of the second file nothing is proven";
}

TEST_F(UnprovenTest, WhatAStartHasKeptIsNotWrittenAgain) {
  Start();
  Write("a");
  EXPECT_TRUE(Restart().shards[0].unproven);
  EXPECT_FALSE(Restart().shards[0].unproven);
}

// Larger than what is read at a time, with batches that do not count in between.
TEST_F(UnprovenTest, LargeEndsComeBackByteForByte) {
  Start();
  Write("a");
  BreakSyncs();
  world_->Seal(0, {std::string(3'000'000, 'b')});
  for (int i = 0; i < 2000; ++i) world_->Seal(0, {});
  world_->Seal(0, {"torn"}, Epoch(2), Epoch(0), TxPart{TxId(1), 2});
  world_->Seal(0, {std::string(700'000, 'c')});
  world_->Drain(0);
  MendSyncs();
  const std::string before = world_->fs.Bytes(world_->PathOfFile(0, 0));
  Restart();
  world_->PowerCut(3);
  Plan();
  EXPECT_TRUE(world_->fs.Bytes(world_->PathOfFile(0, 0)) == before);
}

// A power cut had left a whole batch behind a torn one. The start cut both off, but failed to make
// that durable; and a batch of just the size of the torn one came in its place.
TEST_F(UnprovenTest, ATailThatFailedToBeCutOffIsCutOffAgain) {
  Start();
  Write("a");
  const uint64_t torn = Size();
  Write("b");
  const uint64_t whole = Size();
  Write("c");
  std::string bytes = world_->fs.Bytes(world_->PathOfFile(0, 0));
  // Sealed when nothing of it was durable: "b" may be torn, whatever of "c" there is.
  std::string end;
  for (const char* id : {"b", "c"}) {
    BatchHeader header;
    header.epoch = header.complete = world_->epoch;
    header.records = 1;
    AppendBatch(&end, header, std::nullopt, RespCommand({"SET", id, "x"}),
                Lsn(torn + end.size() - kFileHeaderSize), LogWorld::kSalt);
  }
  ASSERT_EQ(torn + end.size(), bytes.size());
  bytes.replace(torn, end.size(), end);
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(torn),
            bytes.begin() + static_cast<ptrdiff_t>(whole), '\0');
  world_->fs.SetBytes(world_->PathOfFile(0, 0), bytes);

  bool cut = false;
  world_->fs.fault = [&](std::string_view operation, const std::string&) {
    cut |= operation == "truncate";
    return cut && operation == "sync" ? EIO : 0;
  };
  EXPECT_FALSE(Apply(Plan()).ok());
  MendSyncs();
  const RecoveryPlan plan = Restart();
  world_->Reopen(plan);
  Write("d");
  ExpectKeptForGood({"a", "d"});
}

// The kernel may drop such pages between two looks; then nothing is promised.
TEST_F(UnprovenTest, BytesThatChangedSinceTheScanAreNotKept) {
  Start();
  Write("a");
  const uint64_t good = Size();
  BreakSyncs();
  Write("b");
  MendSyncs();
  world_->fs.ProcessDies();
  const RecoveryPlan plan = Plan();
  const std::string path = world_->PathOfFile(0, 0);
  const std::string manifest = world_->fs.Bytes("aof/log.manifest");
  const std::string bytes = world_->fs.Bytes(path);
  for (uint64_t at = good; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    world_->fs.SetBytes(path, changed);
    EXPECT_TRUE(absl::IsDataLoss(Apply(plan))) << at;
    world_->fs.SetBytes(path, bytes.substr(0, at));
    EXPECT_TRUE(absl::IsDataLoss(Apply(plan))) << at;
  }
  EXPECT_EQ(world_->fs.Bytes("aof/log.manifest"), manifest);
  world_->fs.SetBytes(path, bytes.substr(0, good));
  EXPECT_EQ(world_->Load(Plan().shards[0]), Ids{"a"});
}

}  // namespace
}  // namespace basalt
