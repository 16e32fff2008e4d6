#include "core/io/ring.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace basalt {
namespace {

struct Collector : CompletionSink {
  void OnCompletion(const Completion& c) override { seen.push_back(c); }
  std::vector<Completion> seen;
};

class RingTest : public testing::Test {
 protected:
  void Open(const RingOptions& options) {
    absl::StatusOr<std::unique_ptr<Ring>> ring = Ring::Create(options);
    ASSERT_TRUE(ring.ok()) << ring.status();
    ring_ = *std::move(ring);
    for (Op op : {Op::kReceive, Op::kSend, Op::kLogWrite, Op::kLogSync, Op::kWake})
      ring_->SetSink(op, &collector_);
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair_), 0);
  }
  void TearDown() override {
    ring_.reset();
    for (int fd : pair_) close(fd);
  }
  // Reaps until `n` completions have come in all, or too many turns have passed.
  void ReapUntil(size_t n) {
    for (int i = 0; i < 100 && collector_.seen.size() < n; ++i) ring_->SubmitAndReap(10'000);
    ASSERT_GE(collector_.seen.size(), n);
  }

  std::unique_ptr<Ring> ring_;
  Collector collector_;
  int pair_[2] = {-1, -1};
};

TEST_F(RingTest, TokenSurvivesTheTrip) {
  Token t{.op = Op::kSend, .generation = 0xabcdef, .slot = 0x12345678};
  Token back = Token::Unpack(t.Pack());
  EXPECT_EQ(back.op, t.op);
  EXPECT_EQ(back.generation, t.generation);
  EXPECT_EQ(back.slot, t.slot);
}

TEST_F(RingTest, ReceivesIntoProvidedBuffersAndSends) {
  Open({});
  ring_->ReceiveMultishot(pair_[0], {.op = Op::kReceive, .slot = 7});
  ring_->Send(pair_[1], "hello", {.op = Op::kSend, .slot = 8});
  ReapUntil(2);
  for (const Completion& c : collector_.seen) {
    ASSERT_EQ(c.result, 5);
    if (c.token.op != Op::kReceive) continue;
    EXPECT_EQ(c.token.slot, 7u);
    ASSERT_TRUE(c.has_buffer());
    EXPECT_TRUE(c.more());
    EXPECT_EQ(std::string(ring_->buffer(c.buffer_id()), 5), "hello");
  }
}

// When all buffers are taken the receive ends with ENOBUFS; given back and armed again, nothing is
// lost.
TEST_F(RingTest, SurvivesRunningOutOfBuffers) {
  Open({.buffers = 2, .buffer_bytes = 4});
  std::string sent = "0123456789abcdef";
  ASSERT_EQ(write(pair_[1], sent.data(), sent.size()), static_cast<ssize_t>(sent.size()));
  ring_->ReceiveMultishot(pair_[0], {.op = Op::kReceive});
  std::string got;
  bool exhausted = false;
  for (int turn = 0; turn < 100 && got.size() < sent.size(); ++turn) {
    ring_->SubmitAndReap(10'000);
    for (const Completion& c : std::exchange(collector_.seen, {})) {
      if (c.has_buffer()) {
        got.append(ring_->buffer(c.buffer_id()), static_cast<size_t>(c.result));
        ring_->Recycle(c.buffer_id());
      }
      exhausted |= c.result == -ENOBUFS;
      if (!c.more()) ring_->ReceiveMultishot(pair_[0], {.op = Op::kReceive});
    }
  }
  EXPECT_EQ(got, sent);
  EXPECT_TRUE(exhausted);
}

TEST_F(RingTest, SyncFollowsTheWriteAndMoreSubmissionsThanTheQueueHoldsAreFine) {
  Open({.submissions = 8});
  char path[] = "/tmp/basalt-ring-XXXXXX";
  int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  unlink(path);
  constexpr int kWrites = 50;
  for (uint32_t i = 0; i < kWrites; ++i) {
    ring_->WriteThenSync(fd, i, "x", {.op = Op::kLogWrite, .slot = i},
                         {.op = Op::kLogSync, .slot = i});
  }
  ReapUntil(2 * kWrites);
  std::vector<bool> written(kWrites);
  for (const Completion& c : collector_.seen) {
    if (c.token.op == Op::kLogWrite) {
      EXPECT_EQ(c.result, 1);
      written[c.token.slot] = true;
    } else {
      EXPECT_EQ(c.result, 0);
      EXPECT_TRUE(written[c.token.slot]) << "sync " << c.token.slot << " before its write";
    }
  }
  EXPECT_EQ(lseek(fd, 0, SEEK_END), kWrites);
  close(fd);
}

TEST_F(RingTest, CancelEndsAReceive) {
  Open({});
  ring_->ReceiveMultishot(pair_[0], {.op = Op::kReceive, .slot = 3});
  ring_->SubmitAndReap(0);
  ring_->Cancel({.op = Op::kReceive, .slot = 3});
  ReapUntil(1);
  EXPECT_EQ(collector_.seen[0].result, -ECANCELED);
  EXPECT_FALSE(collector_.seen[0].more());
}

}  // namespace
}  // namespace basalt
