// Bytes taken out of a log or put into it: what stands behind them is whole, but not where it says.
// That is damage, and no tear, as soon as it shows that what was hit had been synced.
#include "persistence/aof/durable_proof.h"

#include <algorithm>
#include <random>

#include "core/base/status.h"
#include "gtest/gtest.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

using enum RecoveryCase;

// A log of one shard, one file, with single records; each `synced_each`-th is synced.
class MovedTest : public testing::Test {
 protected:
  struct Batch {
    size_t from, to;  // in the file
    size_t durable;   // its field, as a place in the file
  };

  void Make(size_t batches, size_t synced_each) {
    world_ = std::make_unique<LogWorld>(1, FsyncPolicy::kNo);
    batches_.clear();
    for (size_t i = 0; i < batches; ++i) {
      Batch batch{};
      batch.from = kFileHeaderSize + world_->writer(0).appended_lsn().value;
      batch.durable = kFileHeaderSize + world_->writer(0).durable_lsn().value;
      batch.to =
          kFileHeaderSize +
          world_->Seal(0, {StrCat("id", i, std::string(i * 7, '.'))}, Epoch(1), Epoch(1)).value;
      world_->Drain(0, (i + 1) % synced_each == 0);
      batches_.push_back(batch);
    }
    path_ = world_->PathOfFile(0, 0);
    name_ = world_->store().current().shards[0].incrementals[0];
    bytes_ = world_->fs.Bytes(path_);
    ASSERT_EQ(bytes_.size(), batches_.back().to);
  }

  // The batch that holds the byte at `at`.
  size_t Holding(size_t at) const {
    size_t i = 0;
    while (batches_[i].to <= at) ++i;
    return i;
  }
  // Where the change shows: the bytes that follow may be the same for a while.
  size_t FirstDifference(std::string_view bad) const {
    return static_cast<size_t>(
        std::mismatch(bad.begin(), bad.end(), bytes_.begin(), bytes_.end()).first - bad.begin());
  }
  // Whether one that stands at `whole_from` or behind says that the log was durable beyond `hit`,
  // and the batch it means is among them, too.
  bool Proven(size_t hit, size_t whole_from) const {
    return std::any_of(batches_.begin(), batches_.end(), [&](const Batch& b) {
      return b.from >= whole_from && b.durable > hit && b.durable >= whole_from;
    });
  }

  absl::StatusOr<RecoveryPlan> RecoverWith(std::string bytes, size_t read_size = 1 << 20) {
    world_->fs.SetBytes(path_, std::move(bytes));
    RecoveryOptions options;
    options.read_size = read_size;
    return world_->Recover(options);
  }
  void ExpectRotten(const absl::StatusOr<RecoveryPlan>& plan, size_t at, std::string_view how) {
    ASSERT_FALSE(plan.ok()) << at;
    const std::string text = std::string(MessageOf(plan.status()));
    EXPECT_EQ(text.rfind(Describe(kMiddleRotten, name_, at), 0), 0u) << text;
    EXPECT_NE(text.find(how), std::string::npos) << text;
  }
  void ExpectTorn(const absl::StatusOr<RecoveryPlan>& plan, size_t at) {
    ASSERT_TRUE(plan.ok()) << plan.status() << " at " << at;
    EXPECT_EQ(plan->shards[0].append_offset, at);
    EXPECT_EQ(plan->findings.size(), 1u);
    EXPECT_EQ(plan->findings[0].found, kTailTorn);
  }

  std::unique_ptr<LogWorld> world_;
  std::vector<Batch> batches_;
  std::string path_, name_, bytes_;
};

TEST_F(MovedTest, BytesTakenOutAnywhere) {
  for (const size_t synced_each : {1, 2, 3}) {
    Make(7, synced_each);
    int refused = 0, torn = 0;
    for (size_t n : {1, 2, 90, 91, 150, 400}) {
      for (size_t at = kFileHeaderSize; at + n < bytes_.size(); ++at) {
        const std::string bad = bytes_.substr(0, at) + bytes_.substr(at + n);
        const size_t differs = FirstDifference(bad);
        const size_t hit = batches_[Holding(differs)].from;
        const auto plan = RecoverWith(bad);
        if (Proven(hit, differs + n)) {
          ++refused;
          ExpectRotten(plan, hit, "bytes were taken out");
        } else if (differs < bad.size()) {
          ++torn;
          ExpectTorn(plan, hit);
        }
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(refused, 1000);
    EXPECT_GT(torn, 100);
  }
}

TEST_F(MovedTest, BytesPutInAnywhere) {
  for (const size_t synced_each : {1, 2, 3}) {
    Make(7, synced_each);
    int refused = 0, torn = 0;
    for (size_t n : {1, 5, 91, 3000}) {
      for (size_t at = kFileHeaderSize; at < bytes_.size(); ++at) {
        const std::string bad = bytes_.substr(0, at) + std::string(n, '#') + bytes_.substr(at);
        const size_t differs = FirstDifference(bad);
        const size_t hit = batches_[Holding(differs)].from;
        const auto plan = RecoverWith(bad);
        if (Proven(hit, differs)) {
          ++refused;
          ExpectRotten(plan, hit, "bytes were put in");
        } else {
          ++torn;
          ExpectTorn(plan, hit);
        }
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(refused, 1000);
    EXPECT_GT(torn, 100);
  }
}

TEST_F(MovedTest, TheMessageNamesBothPlaces) {
  Make(7, 1);
  const auto plan = RecoverWith(bytes_.substr(0, batches_[2].from + 60) + "xyz" +
                                bytes_.substr(batches_[2].from + 60));
  ExpectRotten(plan, batches_[2].from,
               StrCat("(bytes were put in: the batch at byte ", batches_[3].from + 3,
                      " belongs at byte ", batches_[3].from, ")"));
}

TEST_F(MovedTest, BytesTakenOutOfTheFirstLine) {
  Make(7, 1);
  for (size_t at = 0; at < kFileHeaderSize; at += 5) {
    const auto plan = RecoverWith(bytes_.substr(0, at) + bytes_.substr(at + 4));
    ASSERT_FALSE(plan.ok()) << at;
    EXPECT_EQ(std::string(MessageOf(plan.status())).rfind(Describe(kHeaderRotten, name_, 0), 0), 0u)
        << plan.status();
  }
}

// The pass goes over the file in pieces; where they end makes no difference.
TEST_F(MovedTest, TinyReadsFindTheSame) {
  Make(40, 1);
  for (size_t at = batches_[3].from; at < batches_[9].from; at += 3) {
    const auto plan = RecoverWith(bytes_.substr(0, at) + bytes_.substr(at + 1), 1);
    ExpectRotten(plan, batches_[Holding(at)].from, "bytes were taken out");
  }
}

// A power cut may leave later sectors of what was never synced, and lose earlier ones.
TEST_F(MovedTest, WholeBatchesBehindATearProveNothingWithoutTheirMark) {
  Make(7, 7);
  std::string holes = bytes_;
  for (size_t i = batches_[2].from; i < batches_[3].to; ++i) holes[i] = '\0';
  ExpectTorn(RecoverWith(holes), batches_[2].from);
}

// A client may store pieces of its server's log. They are sound only where they came from, and that
// lies before the tear.
TEST_F(MovedTest, OldBatchesInsideAValueProveNothing) {
  Make(7, 1);
  LogWriter& writer = world_->writer(0);
  const size_t torn = kFileHeaderSize + writer.appended_lsn().value;
  world_->Seal(0, {bytes_ + bytes_}, Epoch(1), Epoch(1));
  world_->Drain(0);
  std::string bad = world_->fs.Bytes(path_);
  bad[torn + 100] = static_cast<char>(bad[torn + 100] ^ 1);
  ExpectTorn(RecoverWith(bad), torn);
}

// Each of so many has an LSN that fits, but no witness. And each claims the rest of the file for
// its own: the pass is linear nevertheless.
TEST_F(MovedTest, ManyThatLookLikeBatchesProveNothing) {
  Make(3, 1);
  std::mt19937 random(1);
  std::string tail = "torn";
  constexpr size_t kLines = 60'000;
  for (size_t i = 0; i < kLines; ++i) {
    BatchHeader header;
    header.epoch = header.complete = Epoch(1);
    header.durable = Lsn(bytes_.size() + random() % 100'000);
    header.length = (kLines - i - 1) * kBatchHeaderSize - random() % 3 * (i + 10 < kLines);
    header.crc = static_cast<uint32_t>(random());
    tail += BatchHeaderLine(header);
  }
  ExpectTorn(RecoverWith(bytes_ + tail), bytes_.size());
}

// Where the upper half of the LSN changes.
TEST(DurableProofTest, FindsBatchesOnBothSidesOfFourGigabytes) {
  constexpr uint64_t kSalt = 77;
  const Lsn start((uint64_t{1} << 32) - 700);
  std::string bytes(kFileHeaderSize, ' ');
  std::vector<size_t> places;
  for (int i = 0; i < 12; ++i) {
    places.push_back(bytes.size());
    BatchHeader header;
    header.epoch = header.complete = Epoch(1);
    header.durable = Lsn(start.value + bytes.size() - kFileHeaderSize);
    header.records = 1;
    AppendBatch(&bytes, header, std::nullopt, RespCommand({"SET", "a", "b"}), header.durable,
                kSalt);
  }
  for (size_t hit = 0; hit + 2 < places.size(); ++hit) {
    for (int64_t moved : {-20, 20}) {
      std::string bad = bytes;
      if (moved > 0) {
        bad.insert(places[hit] + 95, 20, 'x');
      } else {
        bad.erase(places[hit] + 95, 20);
      }
      SimFileSystem fs;
      fs.SetBytes("f", bad);
      auto file = fs.Open("f", OpenMode::kRead);
      ASSERT_TRUE(file.ok());
      FileWindow window(file->get(), bad.size(), 4096);
      const Lsn damaged(start.value + places[hit] - kFileHeaderSize);
      auto proof = FindDurableProof(window, places[hit], damaged, start, kSalt);
      ASSERT_TRUE(proof.ok());
      ASSERT_TRUE(proof->has_value()) << hit;
      EXPECT_EQ((*proof)->offset, places[hit + 1] + moved);
      EXPECT_EQ((*proof)->moved, moved);
      proof = FindDurableProof(window, places[hit], damaged, start, kSalt + 1);
      ASSERT_TRUE(proof.ok());
      EXPECT_FALSE(proof->has_value()) << "of another log";
    }
  }
}

}  // namespace
}  // namespace basalt
