// One shard's log damaged at every byte, and what counts as evidence that more had been written.
#include "tests/support/recovery_fixture.h"

namespace basalt {
namespace {

using enum RecoveryCase;

// A log of single batches, each written and synced by itself, as the tests below need it.
struct SmallLog {
  std::string bytes;
  std::vector<size_t> starts;     // of each batch in the file, then the end
  std::vector<uint64_t> durable;  // its field, as a place in the file
};

SmallLog MakeSmallLog(LogWorld* world, size_t synced_each) {
  SmallLog log;
  std::string path = world->PathOfFile(0, 0);
  for (size_t i = 0; i < 6; ++i) {
    log.starts.push_back(kFileHeaderSize + world->writer(0).appended_lsn().value);
    log.durable.push_back(kFileHeaderSize + world->writer(0).durable_lsn().value);
    world->Seal(0, {StrCat("id", i)}, Epoch(1), Epoch(1));
    world->Drain(0, (i + 1) % synced_each == 0);
  }
  log.bytes = world->fs.Bytes(path);
  log.starts.push_back(log.bytes.size());
  return log;
}

std::vector<std::string> FirstIds(size_t n) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < n; ++i) ids.push_back(StrCat("id", i));
  return ids;
}

TEST_F(RecoveryTest, EveryTruncationCutsToTheLastWholeBatch) {
  Start(1);
  const SmallLog log = MakeSmallLog(world_.get(), 1);
  const std::string path = FileOf(0);
  for (size_t n = 0; n <= log.bytes.size(); ++n) {
    world_->fs.SetBytes(path, log.bytes.substr(0, n));
    auto plan = world_->Recover();
    ASSERT_TRUE(plan.ok()) << plan.status() << " at " << n;
    size_t batches = 0;
    while (batches < 6 && log.starts[batches + 1] <= n) ++batches;
    EXPECT_EQ(world_->Load(plan->shards[0]), FirstIds(batches)) << n;
    const size_t end = n < kFileHeaderSize ? 0 : log.starts[batches];
    EXPECT_EQ(plan->shards[0].append_offset, end) << n;
    EXPECT_EQ(plan->shards[0].append_lsn.value, end == 0 ? 0 : end - kFileHeaderSize);
    EXPECT_EQ(plan->findings.empty(), n == end) << n;
    EXPECT_EQ(plan->shards[0].truncations.empty(), n == end) << n;
    RecoveryOptions strict;
    strict.load_truncated = false;
    EXPECT_EQ(world_->Recover(strict).ok(), n == end) << n;
  }
}

// Each batch says how far the log was durable when it was sealed. Damage before such a place is
// rot; else it is a tear.
TEST_F(RecoveryTest, EveryFlippedByteIsATearOrRotByWhatFollowsIt) {
  for (size_t synced_each : {1, 2, 3, 6}) {
    Start(1, FsyncPolicy::kNo);
    const SmallLog log = MakeSmallLog(world_.get(), synced_each);
    const std::string path = FileOf(0);
    world_->SetPolicy(FsyncPolicy::kAlways);
    for (size_t at = 0; at < log.bytes.size(); ++at) {
      std::string bad = log.bytes;
      bad[at] = static_cast<char>(bad[at] ^ 0x15);
      world_->fs.SetBytes(path, bad);
      const bool in_header = at < kFileHeaderSize;
      size_t batch = 0;
      while (!in_header && log.starts[batch + 1] <= at) ++batch;
      const size_t damaged = log.starts[batch];
      bool synced = false;
      for (size_t i = batch + (in_header ? 0 : 1); i < 6; ++i) synced |= log.durable[i] > damaged;
      auto plan = world_->Recover();
      if (synced) {
        ASSERT_FALSE(plan.ok()) << at;
        const auto found = in_header ? kHeaderRotten : kMiddleRotten;
        if (at == 3 && Text(plan.status()).find("newer") != std::string::npos) continue;
        EXPECT_EQ(Text(plan.status()), Describe(found, NameOf(0), in_header ? 0 : damaged)) << at;
      } else {
        ASSERT_TRUE(plan.ok()) << plan.status() << " at " << at;
        EXPECT_EQ(plan->shards[0].append_offset, in_header ? 0 : damaged) << at;
        EXPECT_TRUE(Has(*plan, in_header ? kHeaderTorn : kTailTorn));
      }
    }
  }
}

TEST_F(RecoveryTest, ScanGivesTheSameWithTinyReads) {
  Start(1);
  world_->Seal(0, {std::string(5000, 'k'), "b"});
  Write(0, "c");
  RecoveryOptions options;
  options.read_size = 1;
  auto plan = world_->Recover(options);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(world_->Load(plan->shards[0]), (Ids{std::string(5000, 'k'), "b", "c"}));
}

// A value that looks like a batch is no evidence of one.
TEST_F(RecoveryTest, BatchBytesInsideAValueProveNothing) {
  Start(1);
  std::string fake;
  BatchHeader header;
  header.durable = Lsn(1000000);
  AppendBatch(&fake, header, std::nullopt, "", Lsn(3), LogWorld::kSalt);
  Write(0, "a");
  const size_t damaged = world_->fs.Bytes(FileOf(0)).size();
  Write(0, fake + fake + fake);
  Flip(FileOf(0), damaged + 10);
  const RecoveryPlan plan = ExpectPlan();
  EXPECT_EQ(plan.shards[0].append_offset, damaged);
}

}  // namespace
}  // namespace basalt
