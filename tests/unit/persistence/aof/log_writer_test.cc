#include "persistence/aof/log_writer.h"

#include "gtest/gtest.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

constexpr int64_t kSecond = 1'000'000;

class LogWriterTest : public testing::Test {
 protected:
  void Start(FsyncPolicy policy) { world_ = std::make_unique<LogWorld>(1, policy); }
  LogWriter& writer() { return world_->writer(0); }
  SimLogIo& io() { return world_->io(0); }
  Lsn Seal(const std::string& id) { return world_->Seal(0, {id}); }
  void Pump(int64_t now) { writer().Pump(now); }
  std::vector<std::string> Recovered() {
    auto plan = world_->Recover();
    EXPECT_TRUE(plan.ok()) << plan.status();
    world_->epoch = Epoch(100);
    return plan.ok() ? world_->Load(plan->shards[0]) : std::vector<std::string>();
  }
  // Closes the present epoch, so that recovery keeps all records under a lazy policy too.
  void CloseEpoch() {
    ++world_->epoch;
    world_->Seal(0, {});
  }

  std::unique_ptr<LogWorld> world_;
};

TEST_F(LogWriterTest, AlwaysBecomesDurableOnlyWithTheSync) {
  Start(FsyncPolicy::kAlways);
  const Lsn end = Seal("a");
  EXPECT_EQ(writer().written_lsn(), Lsn(0));
  Pump(0);
  io().CompleteWrite(writer());
  EXPECT_EQ(writer().written_lsn(), end);
  EXPECT_EQ(writer().durable_lsn(), Lsn(0));
  io().CompleteSync(writer());
  EXPECT_EQ(writer().durable_lsn(), end);
  EXPECT_TRUE(writer().fully_durable());
}

TEST_F(LogWriterTest, WhatArrivesDuringAWriteFormsTheNextOne) {
  Start(FsyncPolicy::kAlways);
  Seal("a");
  Pump(0);
  Seal("b");
  const Lsn end = Seal("c");
  Pump(0);
  EXPECT_EQ(writer().writes(), 1u);
  io().CompleteWrite(writer());
  Pump(0);
  EXPECT_EQ(writer().writes(), 1u) << "the next write waits for the fdatasync";
  io().CompleteSync(writer());
  Pump(0);
  EXPECT_EQ(writer().writes(), 2u);
  io().CompleteAll(writer());
  EXPECT_EQ(writer().durable_lsn(), end);
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(LogWriterTest, EverySecondSyncsOnceASecondAndOnlyIfNeeded) {
  Start(FsyncPolicy::kEverySecond);
  Seal("a");
  Pump(kSecond / 2);
  io().CompleteWrite(writer());
  Pump(kSecond / 2);
  EXPECT_FALSE(io().sync_waits());
  EXPECT_GT(writer().unsynced_bytes(), 0u);
  Pump(kSecond);
  ASSERT_TRUE(io().sync_waits());
  io().CompleteSync(writer());
  EXPECT_EQ(writer().unsynced_bytes(), 0u);
  Pump(5 * kSecond);
  EXPECT_TRUE(io().idle());
}

TEST_F(LogWriterTest, EverySecondGoesOnWritingDuringASlowSync) {
  Start(FsyncPolicy::kEverySecond);
  const Lsn first = Seal("a");
  Pump(kSecond);
  io().CompleteWrite(writer());
  Pump(2 * kSecond);
  ASSERT_TRUE(io().sync_waits());
  const Lsn second = Seal("b");
  Pump(2 * kSecond);
  ASSERT_TRUE(io().write_waits());
  io().CompleteWrite(writer());
  EXPECT_EQ(writer().written_lsn(), second);
  io().CompleteSync(writer());
  EXPECT_EQ(writer().durable_lsn(), first) << "the sync began before the second write";
}

TEST_F(LogWriterTest, NoNeverSyncsUnlessAsked) {
  Start(FsyncPolicy::kNo);
  const Lsn end = Seal("a");
  Pump(0);
  io().CompleteWrite(writer());
  Pump(100 * kSecond);
  EXPECT_TRUE(io().idle());
  writer().RequestSync();
  Pump(100 * kSecond);
  io().CompleteAll(writer());
  EXPECT_EQ(writer().durable_lsn(), end);
}

TEST_F(LogWriterTest, RequestedSyncCoversWhatIsStillQueued) {
  Start(FsyncPolicy::kNo);
  Seal("a");
  Pump(0);
  const Lsn end = Seal("b");
  writer().RequestSync();
  for (int i = 0; i < 5; ++i) {
    Pump(0);
    io().CompleteAll(writer());
  }
  EXPECT_EQ(writer().durable_lsn(), end);
}

TEST_F(LogWriterTest, ShortWritesAreContinued) {
  for (FsyncPolicy policy : {FsyncPolicy::kAlways, FsyncPolicy::kEverySecond}) {
    Start(policy);
    const Lsn end = Seal("a");
    int writes = 0;
    while (writer().written_lsn() < end) {
      Pump(0);
      if (io().write_waits()) io().CompleteWrite(writer(), 7), ++writes;
      if (io().sync_waits()) io().CompleteSync(writer());
      ASSERT_EQ(writer().durable_lsn().value > 0, writer().durable_lsn() == end);
    }
    EXPECT_GT(writes, 10);
    EXPECT_FALSE(writer().failed());
    CloseEpoch();
    world_->Drain(0);
    EXPECT_EQ(Recovered(), std::vector<std::string>{"a"});
  }
}

// --- after a failed sync

class LogWriterAnewTest : public LogWriterTest {
 protected:
  void FailSync() {
    world_->fs.fault = [](std::string_view operation, const std::string&) {
      return operation == "sync" ? EIO : 0;
    };
    io().CompleteSync(writer());
    world_->fs.fault = nullptr;
  }
  // "a" is durable, the sync of "b" has failed.
  void FailASync(FsyncPolicy policy = FsyncPolicy::kAlways) {
    Start(policy);
    Seal("a");
    world_->Drain(0);
    Seal("b");
    Pump(0);
    io().CompleteWrite(writer());
    FailSync();
    ASSERT_TRUE(writer().sync_failed());
  }
  LogFile NewFile() {
    auto opened = world_->store().AddIncremental(ShardId(0), 0);
    EXPECT_TRUE(opened.ok()) << opened.status();
    files_.push_back(std::move(opened->file));
    name_ = opened->name;
    return opened->log_file;
  }
  // The base of what was sealed before `start` is there.
  void CompleteRewrite(Lsn start) {
    ASSERT_TRUE(world_->fs.WriteAtomically("aof/base", "x").ok());
    BaseFile base{"base", 1, 0};
    ASSERT_TRUE(
        world_->store().CompleteRewrite({{base, name_, start}}, world_->epoch, TxId(1)).ok());
  }

  std::vector<std::unique_ptr<File>> files_;
  std::string name_;
};

TEST_F(LogWriterAnewTest, NothingIsWrittenBeforeTheBaseIsSafe) {
  FailASync();
  const Lsn durable = writer().durable_lsn();
  const Lsn start = writer().Abandon(NewFile());
  EXPECT_EQ(start, writer().appended_lsn());
  const Lsn end = Seal("c");
  Pump(0);
  EXPECT_TRUE(io().idle());
  EXPECT_EQ(writer().durable_lsn(), durable);
  writer().RetryAfterWriteError();
  Pump(0);
  EXPECT_TRUE(io().idle()) << "a failed sync is not something to try again";

  CompleteRewrite(start);
  writer().Resume();
  Pump(0);
  EXPECT_FALSE(writer().failed());
  EXPECT_EQ(writer().durable_lsn(), start) << "the base holds what was sealed before";
  EXPECT_EQ(writer().TakeFinishedFiles().size(), 1u);
  io().CompleteAll(writer());
  EXPECT_EQ(writer().durable_lsn(), end);
  EXPECT_EQ(Recovered(), std::vector<std::string>{"c"});
}

TEST_F(LogWriterAnewTest, PowerCutBeforeTheBaseLosesNothingThatWasDurable) {
  FailASync();
  writer().Abandon(NewFile());
  Seal("c");
  Pump(0);
  world_->PowerCut(7);
  std::vector<std::string> ids = Recovered();
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids[0], "a");
}

TEST_F(LogWriterAnewTest, ASecondTryTakesAnotherFile) {
  FailASync();
  writer().Abandon(NewFile());
  Seal("c");  // will be in the second base
  const Lsn start = writer().Abandon(NewFile());
  EXPECT_EQ(writer().TakeFinishedFiles().size(), 1u) << "the first try's file";
  Seal("d");
  CompleteRewrite(start);
  writer().Resume();
  Pump(0);
  world_->Drain(0);
  EXPECT_TRUE(writer().fully_durable());
  EXPECT_EQ(Recovered(), std::vector<std::string>{"d"});
}

TEST_F(LogWriterAnewTest, WaitsForAWriteThatIsStillInFlight) {
  Start(FsyncPolicy::kEverySecond);
  Seal("a");
  Pump(kSecond);
  io().CompleteWrite(writer());
  Pump(2 * kSecond);
  Seal("b");
  Pump(2 * kSecond);
  ASSERT_TRUE(io().write_waits() && io().sync_waits());
  FailSync();
  const Lsn start = writer().Abandon(NewFile());
  const Lsn end = Seal("c");
  writer().Resume();
  Pump(3 * kSecond);
  EXPECT_TRUE(writer().failed()) << "the kernel still reads the old buffer";
  io().CompleteWrite(writer());
  Pump(3 * kSecond);
  EXPECT_FALSE(writer().failed());
  EXPECT_EQ(writer().durable_lsn(), start);
  world_->Drain(0);
  EXPECT_EQ(writer().durable_lsn(), end);
}

// Answers may wait for it from before a change to `no`, under which nobody asks again.
TEST_F(LogWriterAnewTest, WhatCameMeanwhileIsSyncedUnderEveryPolicy) {
  FailASync();
  const Lsn start = writer().Abandon(NewFile());
  writer().SetPolicy(FsyncPolicy::kNo);
  const Lsn end = Seal("c");
  CompleteRewrite(start);
  writer().Resume();
  Pump(0);
  io().CompleteWrite(writer());
  Pump(0);
  ASSERT_TRUE(io().sync_waits());
  io().CompleteSync(writer());
  EXPECT_EQ(writer().durable_lsn(), end);
}

TEST_F(LogWriterTest, FullDiskIsReportedAndTheRestIsWrittenOnRetry) {
  Start(FsyncPolicy::kAlways);
  Seal("a");
  Pump(0);
  world_->fs.capacity = 100;
  io().CompleteAll(writer());
  EXPECT_TRUE(writer().failed());
  EXPECT_TRUE(absl::IsResourceExhausted(writer().error())) << writer().error();
  EXPECT_EQ(writer().durable_lsn(), Lsn(0));
  Seal("b");
  Pump(0);
  EXPECT_TRUE(io().idle()) << "nothing is submitted while failed";
  world_->fs.capacity = UINT64_MAX;
  writer().RetryAfterWriteError();
  world_->Drain(0);
  EXPECT_TRUE(writer().fully_durable());
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(LogWriterTest, FailedSyncIsFinal) {
  Start(FsyncPolicy::kAlways);
  Seal("a");
  Pump(0);
  world_->fs.fault = [](std::string_view operation, const std::string&) {
    return operation == "sync" ? EIO : 0;
  };
  io().CompleteAll(writer());
  world_->fs.fault = nullptr;
  EXPECT_TRUE(writer().sync_failed());
  writer().RetryAfterWriteError();
  writer().RequestSync();
  Pump(10 * kSecond);
  EXPECT_TRUE(io().idle());
  EXPECT_TRUE(writer().failed());
  EXPECT_EQ(writer().durable_lsn(), Lsn(0));
}

TEST_F(LogWriterTest, ASyncThatNeverRanIsAskedForAgainAtOnce) {
  for (FsyncPolicy policy : {FsyncPolicy::kEverySecond, FsyncPolicy::kNo}) {
    Start(policy);
    const Lsn end = Seal("a");
    Pump(kSecond);
    io().CompleteWrite(writer());
    writer().RequestSync();
    Pump(kSecond);
    ASSERT_TRUE(io().sync_waits());
    io().InterruptSync(writer());
    EXPECT_EQ(writer().durable_lsn(), Lsn(0));
    Pump(kSecond);
    ASSERT_TRUE(io().sync_waits());
    io().CompleteSync(writer());
    EXPECT_EQ(writer().durable_lsn(), end);
  }
}

TEST_F(LogWriterTest, RotationSyncsTheOldFileBeforeTheNewOneIsBegun) {
  Start(FsyncPolicy::kNo);
  const Lsn first = Seal("a");
  world_->Rotate(0);
  Seal("b");
  Pump(0);
  io().CompleteWrite(writer());
  EXPECT_EQ(writer().written_lsn(), first) << "a write ends where the file does";
  Pump(0);
  EXPECT_FALSE(io().write_waits());
  ASSERT_TRUE(io().sync_waits());
  io().CompleteSync(writer());
  Pump(0);
  ASSERT_TRUE(io().write_waits());
  io().CompleteAll(writer());
  EXPECT_EQ(writer().TakeFinishedFiles().size(), 1u);
  CloseEpoch();
  world_->Drain(0);
  EXPECT_GT(world_->fs.Bytes(world_->PathOfFile(0, 1)).size(), kFileHeaderSize);
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(LogWriterTest, TwoRotationsWithNothingBetweenLeaveAnEmptyFileThatRecoveryPassesOver) {
  Start(FsyncPolicy::kAlways);
  Seal("a");
  world_->Rotate(0);
  world_->Rotate(0);
  Seal("b");
  world_->Drain(0);
  EXPECT_TRUE(writer().fully_durable());
  EXPECT_EQ(world_->fs.Bytes(world_->PathOfFile(0, 1)), "");
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(LogWriterTest, WantsRotationAtItsSize) {
  SimFileSystem fs;
  SimLogIo io(&fs);
  LogWriter writer(&io, {});
  writer.Open(LogFile{.size_max = 200}, Lsn(0));
  EXPECT_FALSE(writer.wants_rotation());
  writer.Seal(std::string(200, 'x'), 1, Epoch(1), Epoch(0));
  EXPECT_TRUE(writer.wants_rotation());
  writer.RotateTo(LogFile{});
  EXPECT_FALSE(writer.wants_rotation());
}

TEST_F(LogWriterTest, EachFileIsFullAtASizeOfItsOwn) {
  Start(FsyncPolicy::kAlways);
  EXPECT_FALSE(writer().wants_rotation());
  auto opened = world_->store().AddIncremental(ShardId(0), 300);
  ASSERT_TRUE(opened.ok());
  writer().RotateTo(opened->log_file);
  Seal("a");
  world_->Drain(0);
  EXPECT_EQ(writer().file().size_max, 300u);
  EXPECT_FALSE(writer().wants_rotation());
  Seal("b");
  EXPECT_TRUE(writer().wants_rotation());
}

TEST_F(LogWriterTest, LargeBacklogsAreWrittenInBoundedPieces) {
  LogWorld world(1);
  SimLogIo io(&world.fs);
  LogWriter::Options options;
  options.write_size_max = 1000;
  LogWriter writer(&io, options);
  auto file = *world.fs.Open("aof/other", OpenMode::kCreate);
  LogFile log_file;
  log_file.fd = file->fd();
  writer.Open(log_file, Lsn(0));
  std::string all;
  AppendFileHeader(&all, LogFileHeader{});
  for (int i = 0; i < 50; ++i) {
    const std::string records(static_cast<size_t>(i) * 17, static_cast<char>('a' + i % 26));
    BatchHeader header;
    header.records = 1;
    AppendBatch(&all, header, std::nullopt, records, writer.appended_lsn(), 0);
    writer.Seal(records, 1, Epoch(0), Epoch(0));
  }
  while (writer.written_lsn() < writer.appended_lsn()) {
    writer.Pump(0);
    io.CompleteWrite(writer);
  }
  EXPECT_GT(writer.writes(), 15u);
  EXPECT_EQ(world.fs.Bytes("aof/other"), all);
}

}  // namespace
}  // namespace basalt
