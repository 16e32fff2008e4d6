// One test for each row of the table of cases, and that what was dropped stays dropped.
#include <set>
#include <string_view>

#include "tests/support/recovery_fixture.h"

namespace basalt {
namespace {

using enum RecoveryCase;

// --- the table, row by row ---

TEST(RecoveryTableTest, EveryRowHasANameAMessageAndADecision) {
  EXPECT_EQ(RecoveryTable().size(), static_cast<size_t>(kCount));
  std::set<std::string_view> names;
  for (const RecoveryRow& row : RecoveryTable()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.message.empty());
    EXPECT_EQ(&RowFor(row.found), &row);
  }
  EXPECT_EQ(Describe(kClean, "", 0), "the log is whole");
  EXPECT_EQ(Describe(kFileMissing, "f", 7, "d").substr(0, 13), "f at byte 7: ");
}

TEST_F(RecoveryTest, RowNothingThere) {
  SimFileSystem fs;
  ManifestStore store(&fs, "aof", "log");
  EXPECT_TRUE(absl::IsNotFound(store.Load()));
  EXPECT_EQ(RowFor(kNothingThere).decision, RecoveryDecision::kStartEmpty);
}

TEST_F(RecoveryTest, RowClean) {
  Start(2);
  Write(0, "a");
  Write(1, "b");
  const RecoveryPlan plan = ExpectPlan();
  EXPECT_TRUE(plan.findings.empty());
  EXPECT_EQ(world_->Load(plan.shards[0]), Ids{"a"});
  EXPECT_EQ(world_->Load(plan.shards[1]), Ids{"b"});
  EXPECT_EQ(plan.shards[0].kept_records, 1u);
  EXPECT_EQ(RowFor(kClean).decision, RecoveryDecision::kLoad);
}

TEST_F(RecoveryTest, RowManifestMissing) {
  Start(2);
  world_->fs.Erase("aof/log.manifest");
  EXPECT_TRUE(absl::IsNotFound(world_->Recover().status()));
  EXPECT_EQ(*world_->store().OrphanedFiles(), Ids{}) << "only made, never written";
  world_->fs.SetBytes("aof/log.1.shard-1.base.rdb.tmp", "REDIS");
  EXPECT_EQ(*world_->store().OrphanedFiles(), Ids{}) << "a base whose writing was cut off";

  Start(2);
  Write(1, "a");
  world_->fs.Erase("aof/log.manifest");
  EXPECT_TRUE(absl::IsNotFound(world_->Recover().status()));
  EXPECT_EQ(*world_->store().OrphanedFiles(), Ids{"log.1.shard-1.incr.aof"});
  EXPECT_EQ(RowFor(kManifestMissing).decision, RecoveryDecision::kRefuse);
}

TEST_F(RecoveryTest, RowManifestDamaged) {
  Start(1);
  Flip("aof/log.manifest", 30);
  ExpectRefused(kManifestDamaged, "log.manifest", 0);
}

TEST_F(RecoveryTest, RowManifestOfRedis) {
  Start(1);
  world_->fs.SetBytes("aof/log.manifest", "file log.1.incr.aof seq 1 type i\n");
  EXPECT_TRUE(absl::IsFailedPrecondition(world_->Recover().status()));
  EXPECT_EQ(RowFor(kManifestOfRedis).decision, RecoveryDecision::kConvert);
}

TEST_F(RecoveryTest, RowsBaseMissingAndBaseWrongSize) {
  Start(1);
  auto files = world_->store().AddIncrementals(0);
  const Lsn start = world_->writer(0).RotateTo((*files)[0].log_file);
  const std::string base = BaseFileName("log", 2, ShardId(0));
  ASSERT_TRUE(
      world_->store()
          .CompleteRewrite({{BaseFile{base, 10, 0}, (*files)[0].name, start}}, Epoch(2), TxId(0))
          .ok());
  ExpectRefused(kBaseMissing, base, 0);
  world_->fs.SetBytes("aof/" + base, "123456789");
  ExpectRefused(kBaseWrongSize, base, 0);
  world_->fs.SetBytes("aof/" + base, "1234567890");
  EXPECT_TRUE(ExpectPlan().findings.empty());
}

TEST_F(RecoveryTest, RowFileMissing) {
  Start(2);
  const std::string name = NameOf(1);
  world_->fs.Erase(FileOf(1));
  ExpectRefused(kFileMissing, name, 0);
}

TEST_F(RecoveryTest, RowFileOfAnother) {
  Start(2);
  Write(0, "a");
  Write(1, "b");
  const std::string name = NameOf(1);
  world_->fs.SetBytes(FileOf(1), world_->fs.Bytes(FileOf(0)));
  ExpectRefused(kFileOfAnother, name, 0);
}

TEST_F(RecoveryTest, RowFileTooNew) {
  Start(1);
  Write(0, "a");
  std::string bytes = world_->fs.Bytes(FileOf(0));
  bytes[3] = '2';
  world_->fs.SetBytes(FileOf(0), bytes);
  ExpectRefused(kFileTooNew, NameOf(0), 0);
}

TEST_F(RecoveryTest, RowHeaderTorn) {
  Start(1);
  Write(0, "a");
  world_->Rotate(0);
  Write(0, "b");
  Cut(FileOf(0, 1), 20);
  const RecoveryPlan plan = ExpectPlan();
  EXPECT_TRUE(Has(plan, kHeaderTorn));
  EXPECT_EQ(world_->Load(plan.shards[0]), Ids{"a"});
  EXPECT_EQ(plan.shards[0].append_file, NameOf(0, 1));
  EXPECT_EQ(plan.shards[0].append_offset, 0u);
}

TEST_F(RecoveryTest, RowHeaderRotten) {
  Start(1);
  Write(0, "a");
  Write(0, "b");
  Flip(FileOf(0), 40);
  ExpectRefused(kHeaderRotten, NameOf(0), 0);
}

TEST_F(RecoveryTest, RowsTailTornAndTailTornStrict) {
  Start(1);
  Write(0, "a");
  const size_t good = world_->fs.Bytes(FileOf(0)).size();
  Write(0, "b");
  Cut(FileOf(0), good + 50);
  ExpectRefused(kTailTornStrict, NameOf(0), good, false);
  EXPECT_TRUE(Has(ExpectPlan(), kTailTorn));
}

TEST_F(RecoveryTest, RowMiddleRotten) {
  Start(1);
  Write(0, "a");
  const size_t damaged = world_->fs.Bytes(FileOf(0)).size();
  Write(0, "b");
  Write(0, "c");
  Flip(FileOf(0), damaged + 100);
  ExpectRefused(kMiddleRotten, NameOf(0), damaged);
}

TEST_F(RecoveryTest, RowMiddleRottenByALaterFile) {
  Start(1);
  Write(0, "a");
  const size_t size = world_->fs.Bytes(FileOf(0)).size();
  world_->Rotate(0);
  Write(0, "b");
  Flip(FileOf(0), size - 3);
  ExpectRefused(kMiddleRotten, NameOf(0), kFileHeaderSize);
}

// A long batch is written in several goes: a sync between them covers its beginning only, and a
// power cut may still take the rest.
TEST_F(RecoveryTest, ABatchThatWasSyncedInPartMayBeTorn) {
  Start(1, FsyncPolicy::kEverySecond);
  Write(0, "a");
  const size_t torn = world_->fs.Bytes(FileOf(0)).size();
  world_->Seal(0, {std::string(3000, 'b')});
  LogWriter& writer = world_->writer(0);
  writer.Pump(0);
  world_->io(0).CompleteWrite(writer, 1000);
  writer.RequestSync();
  writer.Pump(0);
  ASSERT_TRUE(world_->io(0).sync_waits());
  world_->io(0).CompleteSync(writer);
  EXPECT_EQ(writer.durable_lsn().value, torn - kFileHeaderSize + 1000);
  world_->Seal(0, {"c"});
  world_->Drain(0, /*durable=*/false);
  Flip(FileOf(0), torn + 2000);
  EXPECT_TRUE(Has(ExpectPlan(), kTailTorn));
}

TEST_F(RecoveryTest, RowFileCutShort) {
  Start(1);
  Write(0, "a");
  const size_t size = world_->fs.Bytes(FileOf(0)).size();
  Write(0, "b");
  world_->Rotate(0);
  Write(0, "c");
  Cut(FileOf(0), size);
  ExpectRefused(kFileCutShort, NameOf(0), size);
}

TEST_F(RecoveryTest, RowDurableLost) {
  Start(2, FsyncPolicy::kEverySecond);
  Write(0, "a");
  Write(1, "b");
  world_->epoch = Epoch(9);
  world_->SetPolicy(FsyncPolicy::kAlways);
  const size_t before = world_->fs.Bytes(FileOf(1)).size();
  for (uint32_t i = 0; i < 2; ++i) {
    world_->Seal(i, {});  // the marks of the change
    world_->Drain(i);
  }
  Write(0, "c");
  EXPECT_EQ(world_->Load(ExpectPlan().shards[0]), (Ids{"a", "c"}));
  Cut(FileOf(1), before);
  ExpectRefused(kDurableLost, NameOf(1), before);
}

// A part of a transaction that wrote nothing is no mark of a change, though a batch without
// records, and under always: shard 2, which was idle, has lost nothing.
TEST_F(RecoveryTest, EmptyPartOfATransactionMarksNoChange) {
  Start(3, FsyncPolicy::kEverySecond);
  for (uint32_t i = 0; i < 3; ++i) Write(i, StrCat("lazy", i));
  world_->epoch = Epoch(9);
  world_->SetPolicy(FsyncPolicy::kAlways);  // as by a restart: without marks
  world_->Seal(0, {}, Epoch(9), Epoch(8), TxPart{TxId(1), 2});
  world_->Seal(1, {"part"}, Epoch(9), Epoch(0), TxPart{TxId(1), 2});
  world_->DrainAll();
  Write(0, "after");
  ExpectPlan();
}

// The power went while the change to always was being marked: shard 0 has its mark, shard 1 has
// not.
TEST_F(RecoveryTest, UnfinishedChangeOfPolicyIsNoLoss) {
  Start(2, FsyncPolicy::kEverySecond);
  Write(0, "a");
  Write(1, "b");
  world_->epoch = Epoch(9);
  world_->SetPolicy(FsyncPolicy::kAlways);
  world_->Seal(0, {});
  world_->Drain(0);
  EXPECT_EQ(ExpectPlan().cut, Epoch(0));
}

TEST_F(RecoveryTest, RowBeyondCut) {
  Start(2, FsyncPolicy::kEverySecond);
  world_->epoch = Epoch(5);
  Write(0, "a");  // epoch 5, complete 4
  Write(1, "b");
  world_->epoch = Epoch(6);
  Write(0, "c");  // epoch 6, complete 5: shard 1 has only completed 4
  const RecoveryPlan plan = ExpectPlan();
  EXPECT_EQ(plan.cut, Epoch(4));
  EXPECT_TRUE(Has(plan, kBeyondCut));
  EXPECT_EQ(world_->Load(plan.shards[0]), Ids{});
  EXPECT_EQ(plan.shards[0].dropped_records, 2u);
  EXPECT_EQ(plan.resume_epoch, Epoch(7));
}

TEST_F(RecoveryTest, RowTransactionTorn) {
  Start(3);
  Write(0, "before");
  world_->Seal(0, {"t1-0"}, Epoch(2), Epoch(0), TxPart{TxId(1), 2});
  world_->Seal(1, {"t1-1"}, Epoch(2), Epoch(0), TxPart{TxId(1), 2});
  world_->Seal(0, {"t2-0"}, Epoch(2), Epoch(0), TxPart{TxId(2), 3});
  world_->Seal(1, {"t2-1"}, Epoch(2), Epoch(0), TxPart{TxId(2), 3});
  world_->Seal(0, {"after"}, Epoch(2), Epoch(0));
  world_->DrainAll();
  RecoveryPlan plan = ExpectPlan();
  EXPECT_TRUE(Has(plan, kTransactionTorn));
  EXPECT_EQ(world_->Load(plan.shards[0]), (Ids{"before", "t1-0", "after"}));
  EXPECT_EQ(world_->Load(plan.shards[1]), Ids{"t1-1"});
  EXPECT_EQ(plan.next_tx, TxId(3));
  EXPECT_EQ(plan.shards[0].ranges.size(), 2u);

  // The torn part stays in the file; it must not come back when the epochs around it are complete.
  ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), plan).ok());
  world_->Reopen(plan);
  for (uint32_t i = 0; i < 3; ++i) Write(i, StrCat("new", i));
  plan = ExpectPlan();
  EXPECT_EQ(world_->Load(plan.shards[0]), (Ids{"before", "t1-0", "after", "new0"}));
}

TEST_F(RecoveryTest, RowsOfForeignFiles) {
  SimFileSystem fs;
  ASSERT_TRUE(fs.MakeDirectory("d").ok());
  RecoveryOptions strict;
  strict.load_truncated = false;
  const std::string whole = RespCommand({"SET", "a", "b"});
  fs.SetBytes("d/f", whole + "*3\r\n");
  EXPECT_EQ(ScanForeignLog(fs, "d", "f", 0, true, {})->findings[0].found, kForeignTailTorn);
  EXPECT_EQ(Text(ScanForeignLog(fs, "d", "f", 0, true, strict).status()),
            Describe(kForeignTailStrict, "f", whole.size()));
  fs.SetBytes("d/f", whole + RespCommand({"MULTI"}));
  EXPECT_EQ(ScanForeignLog(fs, "d", "f", 0, true, {})->findings[0].found, kForeignMultiOpen);
  fs.SetBytes("d/f", whole + "what\r\n");
  EXPECT_EQ(Text(ScanForeignLog(fs, "d", "f", 0, true, {}).status()),
            Describe(kForeignRotten, "f", whole.size()));
}

// --- what was dropped stays dropped ---

TEST_F(RecoveryTest, DroppedEpochsInTheMiddleNeverComeBack) {
  Start(2, FsyncPolicy::kEverySecond);
  world_->Seal(0, {"five"}, Epoch(5), Epoch(4));
  world_->Seal(0, {"seven"}, Epoch(7), Epoch(4));
  world_->Seal(0, {"part of six"}, Epoch(6), Epoch(6), TxPart{TxId(1), 2});
  world_->Seal(1, {"other part"}, Epoch(6), Epoch(6), TxPart{TxId(1), 2});
  world_->DrainAll();
  RecoveryPlan plan = ExpectPlan();
  EXPECT_EQ(plan.cut, Epoch(6));
  EXPECT_EQ(world_->Load(plan.shards[0]), (Ids{"five", "part of six"}));
  ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), plan).ok());
  world_->Reopen(plan);
  EXPECT_GT(world_->epoch, Epoch(7));
  for (uint32_t i = 0; i < 2; ++i) Write(i, "new");
  ++world_->epoch;
  for (uint32_t i = 0; i < 2; ++i) world_->Seal(i, {});
  world_->DrainAll();
  plan = ExpectPlan();
  EXPECT_EQ(world_->Load(plan.shards[0]), (Ids{"five", "part of six", "new"}));
  EXPECT_FALSE(Has(plan, kBeyondCut));
}

// What one recovery kept is kept by the next one too, even if the mark that completed it was
// dropped.
TEST_F(RecoveryTest, KeptEpochsStayKeptAfterASecondCrash) {
  Start(2, FsyncPolicy::kEverySecond);
  world_->Seal(0, {"a"}, Epoch(5), Epoch(4));
  world_->Seal(0, {"dropped"}, Epoch(6), Epoch(5));
  world_->Seal(1, {"b"}, Epoch(5), Epoch(5));
  world_->DrainAll();
  RecoveryPlan plan = ExpectPlan();
  EXPECT_EQ(plan.cut, Epoch(5));
  EXPECT_EQ(world_->Load(plan.shards[0]), Ids{"a"});
  ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), plan).ok());
  for (int i = 0; i < 3; ++i) {
    plan = ExpectPlan();
    EXPECT_EQ(world_->Load(plan.shards[0]), Ids{"a"});
    EXPECT_EQ(world_->Load(plan.shards[1]), Ids{"b"});
    EXPECT_TRUE(plan.findings.empty());
    ASSERT_TRUE(ApplyPlan(world_->fs, world_->store(), plan).ok());
  }
}

}  // namespace
}  // namespace basalt
