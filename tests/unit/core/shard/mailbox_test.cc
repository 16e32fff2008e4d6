#include "core/shard/mailbox.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace basalt {
namespace {

Message Numbered(uint16_t from, uint64_t n) {
  return {.kind = Message::Kind::kCloseEpoch, .from = ShardId(from), .value = n};
}

TEST(Mailboxes, KeepOrderPerSender) {
  Mailboxes mail(3);
  for (uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(mail.Send(ShardId(2), Numbered(0, i)));
    ASSERT_TRUE(mail.Send(ShardId(2), Numbered(1, 100 + i)));
  }
  std::vector<uint64_t> seen[2];
  EXPECT_EQ(
      mail.Drain(ShardId(2), [&](const Message& m) { seen[m.from.value].push_back(m.value); }),
      20u);
  for (uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(seen[0][i], i);
    EXPECT_EQ(seen[1][i], 100 + i);
  }
  EXPECT_FALSE(mail.AnyFor(ShardId(2)));
}

TEST(Mailboxes, FullOneRefusesRequestsButHasPlacesForControl) {
  Mailboxes mail(2);
  uint32_t sent = 0;
  while (mail.Send(ShardId(1), Numbered(0, sent), Mailboxes::kControlReserve)) ++sent;
  EXPECT_EQ(sent, Mailboxes::kCapacity - Mailboxes::kControlReserve);
  EXPECT_TRUE(mail.Send(ShardId(1), Numbered(0, sent)));
  EXPECT_EQ(mail.Drain(ShardId(1), [](const Message&) {}), sent + 1);
  EXPECT_TRUE(mail.Send(ShardId(1), Numbered(0, 0), Mailboxes::kControlReserve));
}

TEST(Mailboxes, ShardWithMailDoesNotGoToSleep) {
  Mailboxes mail(2);
  EXPECT_TRUE(mail.PrepareToSleep(ShardId(1)));
  mail.Awake(ShardId(1));
  ASSERT_TRUE(mail.Send(ShardId(1), Numbered(0, 1)));
  EXPECT_FALSE(mail.PrepareToSleep(ShardId(1)));
}

TEST(Mailboxes, SenderWakesASleeperExactlyOnce) {
  Mailboxes mail(2);
  ASSERT_TRUE(mail.PrepareToSleep(ShardId(1)));
  ASSERT_TRUE(mail.Send(ShardId(1), Numbered(0, 1)));
  ASSERT_TRUE(mail.Send(ShardId(1), Numbered(0, 2)));
  uint64_t wakes = 0;
  ASSERT_EQ(read(mail.wake_fd(ShardId(1)), &wakes, sizeof(wakes)),
            static_cast<ssize_t>(sizeof(wakes)));
  EXPECT_EQ(wakes, 1u);
}

// A bitmap word holds 64 senders; beyond it lies the next word.
TEST(Mailboxes, FindsSendersBeyondTheFirstWord) {
  Mailboxes mail(70);
  for (uint16_t from : {0, 63, 64, 69}) ASSERT_TRUE(mail.Send(ShardId(5), Numbered(from, from)));
  uint64_t sum = 0;
  EXPECT_EQ(mail.Drain(ShardId(5), [&](const Message& m) { sum += m.value; }), 4u);
  EXPECT_EQ(sum, 196u);
}

TEST(Mailboxes, NothingIsLostBetweenTwoThreads) {
  constexpr uint64_t kMessages = 200'000;
  Mailboxes mail(2);
  std::thread sender([&] {
    for (uint64_t i = 0; i < kMessages;) i += mail.Send(ShardId(1), Numbered(0, i));
  });
  uint64_t next = 0;
  bool in_order = true;
  while (next < kMessages) {
    mail.Drain(ShardId(1), [&](const Message& m) { in_order &= m.value == next++; });
  }
  sender.join();
  EXPECT_TRUE(in_order);
}

}  // namespace
}  // namespace basalt
