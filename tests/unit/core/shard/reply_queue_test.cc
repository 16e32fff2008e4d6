#include "core/shard/reply_queue.h"

#include <gtest/gtest.h>

#include "core/shard/hop.h"

namespace basalt {
namespace {

class ReplyQueueTest : public testing::Test {
 protected:
  bool Flush() {
    return queue_.Flush(
        &out_, [&](const Gate& gate) { return gate.batch <= durable_; },
        [&](HopBatch*) { ++released_; });
  }

  ReplyQueue queue_;
  std::string out_;
  uint64_t durable_ = 0;
  int released_ = 0;
};

TEST_F(ReplyQueueTest, AnswersLeaveInTheOrderOfReservation) {
  auto a = queue_.Reserve(), b = queue_.Reserve(), c = queue_.Reserve();
  queue_.Answer(c, "3", {});
  queue_.Answer(a, "1", {});
  EXPECT_FALSE(Flush());
  EXPECT_EQ(out_, "1");
  queue_.Answer(b, "2", {});
  EXPECT_FALSE(Flush());
  EXPECT_EQ(out_, "123");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(ReplyQueueTest, AnswerWaitsForItsGateAndHoldsBackWhatFollows) {
  auto a = queue_.Reserve(), b = queue_.Reserve();
  queue_.Answer(a, "1", {ShardId(0), 5});
  queue_.Answer(b, "2", {});
  EXPECT_TRUE(Flush());
  EXPECT_EQ(out_, "");
  durable_ = 5;
  EXPECT_FALSE(Flush());
  EXPECT_EQ(out_, "12");
}

TEST_F(ReplyQueueTest, BorrowedBytesAreReleasedOnceFlushedOrDropped) {
  HopBatch batch{.replies = "0123"};
  auto a = queue_.Reserve(), b = queue_.Reserve();
  queue_.Answer(a, &batch, 1, 3, {});
  queue_.Answer(b, &batch, 3, 4, {ShardId(0), 9});
  batch.replies += std::string(1000, '4');  // it may move
  EXPECT_TRUE(Flush());
  EXPECT_EQ(out_, "12");
  EXPECT_EQ(released_, 1);
  queue_.Drop([&](HopBatch*) { ++released_; });
  EXPECT_EQ(released_, 2);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(ReplyQueueTest, TicketsStayValidWhileTheQueueGrowsAndShrinks) {
  uint64_t answered = 0;
  std::string expected;
  std::vector<ReplyQueue::Ticket> waiting;
  for (int i = 0; i < 1000; ++i) {
    waiting.push_back(queue_.Reserve());
    expected += std::to_string(i) + ",";
    if (i % 3 == 2) {
      for (size_t k = waiting.size(); k-- > 0;) {
        queue_.Answer(waiting[k], std::to_string(answered + k) + ",", {});
      }
      answered += waiting.size();
      waiting.clear();
      Flush();
    }
  }
  for (size_t k = 0; k < waiting.size(); ++k)
    queue_.Answer(waiting[k], std::to_string(answered + k) + ",", {});
  Flush();
  EXPECT_EQ(out_, expected);
}

TEST(HopBatch, CarriesWordsAndRespTextOfRawAndInlineCommandsAlike) {
  HopBatch batch;
  CommandSpec spec{};
  std::string raw = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  std::string_view words[] = {std::string_view(raw).substr(8, 3),
                              std::string_view(raw).substr(17, 1)};
  batch.Add(&spec, nullptr, 0, DbIndex(0), 2, {words, 2}, raw);
  std::string_view inline_words[] = {"set", "a b", ""};
  batch.Add(&spec, nullptr, 1, DbIndex(3), 3, {inline_words, 3}, {});
  auto word = [&](size_t i) {
    return batch.text.substr(batch.words[i].begin, batch.words[i].size);
  };
  EXPECT_EQ(word(0), "GET");
  EXPECT_EQ(word(1), "k");
  EXPECT_EQ(word(2), "set");
  EXPECT_EQ(word(3), "a b");
  EXPECT_EQ(word(4), "");
  const HopCommand& c = batch.commands[1];
  EXPECT_EQ(batch.text.substr(c.text_begin, c.text_end - c.text_begin),
            "*3\r\n$3\r\nset\r\n$3\r\na b\r\n$0\r\n\r\n");
  EXPECT_EQ(c.db, DbIndex(3));
}

TEST_F(ReplyQueueTest, KnowsWhetherAllHaveTheirAnswers) {
  EXPECT_TRUE(queue_.AllAnswered());
  auto a = queue_.Reserve(), b = queue_.Reserve();
  EXPECT_FALSE(queue_.AllAnswered());
  queue_.Answer(b, "2", {});
  EXPECT_FALSE(queue_.AllAnswered());
  queue_.Answer(a, "1", {ShardId(0), 5});
  EXPECT_TRUE(queue_.AllAnswered());  // it waits, but only for the log
  EXPECT_TRUE(Flush());
  EXPECT_FALSE(queue_.empty());
}

TEST_F(ReplyQueueTest, TheLastPlaceCanBeGivenBack) {
  auto a = queue_.Reserve();
  queue_.Reserve();
  queue_.Unreserve();
  queue_.Answer(a, "1", {});
  EXPECT_TRUE(queue_.AllAnswered());
  EXPECT_FALSE(Flush());
  EXPECT_EQ(out_, "1");
  EXPECT_TRUE(queue_.empty());
  queue_.Answer(queue_.Reserve(), "2", {});
  EXPECT_FALSE(Flush());
  EXPECT_EQ(out_, "12");
}

}  // namespace
}  // namespace basalt
