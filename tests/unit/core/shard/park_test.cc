#include "core/shard/park.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace basalt {
namespace {

// Threads that do as shards do: work on data of their own, stand when asked, and now and then
// coordinate a park over all.
class ParkTest : public testing::Test {
 protected:
  static constexpr uint32_t kShards = 4;

  void Loop(uint16_t self, int rounds) {
    bool asked = false;
    bool announced = false, open = false;
    Park::Ticket ticket = 0;
    while (finished_.load() < kShards) {
      mail_.Drain(ShardId(self), [&](const Message& m) {
        park_.Stand(
            m.value, [&] { ++flushes_; }, [] {});
      });
      // A transaction with locks, some of whose steps are still to come: no park may see it so.
      if (open) {
        --open_[self];
        park_.LeaveFanOut(ShardId(self));
        open = false;
      } else if (park_.EnterFanOut(ShardId(self))) {
        ++open_[self];
        open = true;
      }
      ++counters_[self];
      if (rounds == 0) continue;
      if (!asked) {
        ticket = park_.Ask();
        asked = true;
      }
      if (!park_.Granted(ticket)) continue;
      if (!announced) {
        park_.Announce(ShardSet::FirstN(kShards));
        announced = true;
      }
      if (!park_.AllQuiet()) continue;
      announced = false;
      park_.Gather(mail_, ShardId(self), [] {});
      Section();
      // None, one or two, and all have flushed each time.
      for (int i = 0; i < rounds % 3; ++i) {
        const uint64_t before = flushes_.load();
        park_.Sync([&] { ++flushes_; });
        all_flushed_ &= flushes_.load() == before + kShards;
      }
      park_.Release();
      asked = false;
      if (--rounds == 0) ++finished_;
    }
  }

  // Plain, unsynchronised access to everybody's data: a race here is what the thread sanitizer
  // would find.
  void Section() {
    uint64_t before = 0, after = 0;
    for (uint64_t c : counters_) before += c;
    for (uint64_t n : open_) none_open_ &= n == 0;
    ++sections_;
    for (uint64_t& c : counters_) after += c++;
    stood_still_ &= before == after;
  }

  Mailboxes mail_{kShards};
  Park park_{kShards};
  uint64_t counters_[kShards] = {};
  uint64_t open_[kShards] = {};
  bool none_open_ = true;
  uint64_t sections_ = 0;
  bool stood_still_ = true;
  bool all_flushed_ = true;
  std::atomic<uint64_t> flushes_{0};
  std::atomic<uint32_t> finished_{0};
};

TEST_F(ParkTest, EverybodyStandsStillAndEveryCoordinatorGetsItsTurn) {
  constexpr int kRounds = 60;
  std::vector<std::thread> threads;
  for (uint16_t i = 0; i < kShards; ++i) threads.emplace_back([this, i] { Loop(i, kRounds); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(sections_, kShards * kRounds);
  EXPECT_TRUE(stood_still_);
  EXPECT_TRUE(none_open_);
  EXPECT_TRUE(all_flushed_);
  EXPECT_EQ(flushes_.load(), kShards * kRounds * kShards);
}

TEST_F(ParkTest, WhoStandsLooksAroundWhileThereIsAnAlarm) {
  std::atomic<int> looked{0};
  std::thread participant([&] {
    for (bool stood = false; !stood;) {
      mail_.Drain(ShardId(1), [&](const Message& m) {
        park_.Stand(
            m.value, [] {}, [&] { ++looked; });
        stood = true;
      });
    }
  });
  while (!park_.Granted(park_.Ask())) {
  }
  ShardSet both = ShardSet::FirstN(2);
  park_.Announce(both);
  ASSERT_TRUE(park_.AllQuiet());
  park_.Gather(mail_, ShardId(0), [] {});
  EXPECT_EQ(looked.load(), 0);
  park_.RaiseAlarm();
  while (looked.load() < 3) std::this_thread::yield();
  park_.EndAlarm();
  park_.Release();
  participant.join();
}

TEST(ShardSet, HoldsAnyShard) {
  ShardSet set;
  for (uint16_t i : {0, 63, 64, 255}) set.Add(ShardId(i));
  EXPECT_TRUE(set.Has(ShardId(64)));
  EXPECT_TRUE(set.Has(ShardId(255)));
  EXPECT_FALSE(set.Has(ShardId(1)));
  ShardSet all = ShardSet::FirstN(70);
  EXPECT_TRUE(all.Has(ShardId(69)));
  EXPECT_FALSE(all.Has(ShardId(70)));
  EXPECT_EQ(all.Count(), 70u);
  EXPECT_TRUE(all.Intersects(set));
  EXPECT_FALSE(all.Covers(set));
  ShardSet some;
  some.Add(ShardId(64));
  EXPECT_TRUE(all.Covers(some));
  EXPECT_TRUE(set.Covers(some));
  EXPECT_FALSE(some.Covers(set));
}

}  // namespace
}  // namespace basalt
