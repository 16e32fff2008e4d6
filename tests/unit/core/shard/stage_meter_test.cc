#include "core/shard/stage_meter.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "core/base/clock.h"
#include "core/shard/thread_load.h"

namespace basalt {
namespace {

// A few cycles at least.
void SpendCycles() {
  const uint64_t from = Cycles();
  while (Cycles() < from + 1000) {
  }
}

TEST(StageMeterTest, TimeBelongsToTheStageThatPassed) {
  StageMeter meter{ShardId(3)};
  meter.Reset();
  SpendCycles();
  meter.Passed(Stage::kReap);
  SpendCycles();
  meter.Passed(Stage::kExecute);
  meter.Passed(Stage::kExecute);
  EXPECT_GE(meter.of(Stage::kReap).cycles, 1000u);
  EXPECT_GE(meter.of(Stage::kExecute).cycles, 1000u);
  EXPECT_EQ(meter.of(Stage::kReap).runs, 1u);
  EXPECT_EQ(meter.of(Stage::kExecute).runs, 2u);
  EXPECT_EQ(meter.of(Stage::kIdle).runs, 0u);
  EXPECT_EQ(meter.of(Stage::kIdle).cycles, 0u);
}

TEST(StageMeterTest, NoTimeIsLostOrCountedTwice) {
  StageMeter meter{ShardId(0)};
  const uint64_t before = Cycles();
  meter.Reset();
  const uint64_t begun = Cycles();
  for (int i = 0; i < 100; ++i) {
    for (size_t s = 0; s < kStages; ++s) meter.Passed(static_cast<Stage>(s));
  }
  const uint64_t ending = Cycles();
  meter.Passed(Stage::kIdle);
  const uint64_t after = Cycles();
  EXPECT_GE(meter.TotalCycles(), ending - begun);
  EXPECT_LE(meter.TotalCycles(), after - before);
}

TEST(StageMeterTest, CountsAnewAfterAReset) {
  StageMeter meter{ShardId(0)};
  SpendCycles();
  meter.Passed(Stage::kServe);
  const uint64_t before = Cycles();
  meter.Reset();
  EXPECT_EQ(meter.TotalCycles(), 0u);
  EXPECT_EQ(meter.of(Stage::kServe).runs, 0u);
  meter.Passed(Stage::kServe);
  EXPECT_LE(meter.TotalCycles(), Cycles() - before);  // what was before the reset is not in it
}

TEST(StageMeterTest, EveryStageHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t s = 0; s < kStages; ++s) names.insert(NameOf(static_cast<Stage>(s)));
  EXPECT_EQ(names.size(), kStages);
  EXPECT_FALSE(names.contains(""));
}

TEST(ThreadLoadTest, CountsTheThreadThatStartedIt) {
  const Clock& clock = SystemClock();
  ThreadLoad load;
  EXPECT_EQ(load.CpuMicros(), 0);  // nobody's yet
  load.Start(clock.MonotonicMicros());
  while (load.CpuMicros() < 2000) {
  }
  const int64_t mine = load.CpuMicros();
  const double share = load.Percent(clock.MonotonicMicros());
  EXPECT_GT(share, 0.0);
  EXPECT_LE(share, 100.0);
  // Another thread sees this one's time, not its own.
  int64_t seen = 0;
  std::thread([&] { seen = load.CpuMicros(); }).join();
  EXPECT_GE(seen, mine);
  load.Reset(clock.MonotonicMicros());
  EXPECT_LT(load.CpuMicros(), mine);
}

TEST(ThreadLoadTest, IsNoughtBeforeTimePasses) {
  ThreadLoad load;
  load.Start(1000);
  EXPECT_EQ(load.Percent(1000), 0.0);
  EXPECT_EQ(load.Percent(999), 0.0);
}

}  // namespace
}  // namespace basalt
