#include "core/shard/held_replies.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace basalt {
namespace {

class HeldRepliesTest : public testing::Test {
 protected:
  void Add(const std::string& reply) { held_.Add({nullptr, 0, nullptr, 0, reply, {}}); }
  std::vector<std::string> Released() {
    std::vector<std::string> released;
    held_.Release([&](HeldReplies::Item& item) { released.push_back(item.reply); });
    return released;
  }
  HeldReplies held_;
};

using Replies = std::vector<std::string>;

TEST_F(HeldRepliesTest, AReplyWaitsForAllPartsThatHadRun) {
  const uint64_t first = held_.PartHasRun();
  const uint64_t second = held_.PartHasRun();
  Add("a");
  EXPECT_TRUE(Released().empty());
  held_.PartIsOver(second);
  EXPECT_TRUE(Released().empty());
  held_.PartIsOver(first);
  EXPECT_FALSE(held_.any_part());
  EXPECT_EQ(Released(), Replies{"a"});
  EXPECT_TRUE(held_.empty());
}

TEST_F(HeldRepliesTest, NotForThoseThatCameLater) {
  const uint64_t first = held_.PartHasRun();
  Add("a");
  const uint64_t second = held_.PartHasRun();
  Add("b");
  held_.PartIsOver(first);
  EXPECT_EQ(Released(), Replies{"a"}) << "a row of transactions must not hold it up for ever";
  held_.PartIsOver(second);
  EXPECT_EQ(Released(), Replies{"b"});
}

}  // namespace
}  // namespace basalt
