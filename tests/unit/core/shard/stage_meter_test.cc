#include "core/shard/stage_meter.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "core/base/clock.h"
#include "core/shard/thread_load.h"

namespace basalt {
namespace {

// So many at least.
void SpendCycles(uint64_t cycles = 1000) {
  const uint64_t from = Cycles();
  while (Cycles() < from + cycles) {
  }
}

// The thread has used a core for as long as the test says.
class CpuClock final : public Clock {
 public:
  int64_t UnixMicros() const override { return 0; }
  int64_t MonotonicMicros() const override { return 0; }
  int64_t ThreadCpuMicros() const override {
    ++asked;
    return cpu_us;
  }
  int64_t cpu_us = 0;
  mutable int asked = 0;
};

void RunTick(StageMeter& meter, CpuClock& clock, Stage stage, uint64_t cycles,
             int64_t cpu_us = 1'000'000) {
  SpendCycles(cycles);
  meter.Passed(stage);
  meter.Passed(Stage::kIdle);
  clock.cpu_us += cpu_us;
  meter.EndTick(clock);
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

TEST(StageMeterTest, TheLongestTickStaysWithWhatTookLongestInIt) {
  StageMeter meter{ShardId(0)};
  CpuClock clock;
  meter.SetCyclesPerMicro(1);
  meter.Reset();
  RunTick(meter, clock, Stage::kReceive, 1000);
  EXPECT_EQ(meter.longest().stage, Stage::kReceive);
  RunTick(meter, clock, Stage::kExecute, 50'000'000);
  RunTick(meter, clock, Stage::kReply, 2000);
  const StageMeter::LongTick& longest = meter.longest();
  EXPECT_EQ(longest.stage, Stage::kExecute);
  EXPECT_GE(longest.stage_cycles, 50'000'000u);
  EXPECT_LE(longest.stage_cycles, longest.cycles);
  EXPECT_LE(longest.cycles, meter.TotalCycles());
  EXPECT_EQ(longest.core_cycles, 1'000'000u);  // as the clock says
  EXPECT_EQ(meter.longest_on_core().cycles, longest.cycles);
}

TEST(StageMeterTest, TimeOffTheCoreIsToldApart) {
  StageMeter meter{ShardId(0)};
  CpuClock clock;
  meter.SetCyclesPerMicro(1);
  meter.Reset();
  RunTick(meter, clock, Stage::kCommit, 50'000'000, 300);  // the thread had a core for 300 us of it
  RunTick(meter, clock, Stage::kExecute, 20'000, 15'000);
  EXPECT_EQ(meter.longest().stage, Stage::kCommit);
  EXPECT_EQ(meter.longest().core_cycles, 300u);
  EXPECT_EQ(meter.longest_on_core().stage, Stage::kExecute);
  EXPECT_EQ(meter.longest_on_core().core_cycles, 15'000u);
  EXPECT_LT(meter.longest_on_core().cycles, meter.longest().cycles);
}

TEST(StageMeterTest, SleepIsNotPartOfATick) {
  StageMeter meter{ShardId(0)};
  CpuClock clock;
  meter.SetCyclesPerMicro(1);
  meter.Reset();
  const uint64_t from = Cycles();
  SpendCycles(100'000'000);
  meter.Slept();
  RunTick(meter, clock, Stage::kExecute, 1000);
  const uint64_t to = Cycles();
  EXPECT_GE(meter.of(Stage::kSleep).cycles, 100'000'000u);
  EXPECT_GE(meter.longest().cycles, 1000u);
  EXPECT_LE(meter.longest().cycles, to - from - 100'000'000u);
  EXPECT_EQ(meter.longest().stage, Stage::kExecute);
}

TEST(StageMeterTest, OfShortTicksFewAskTheKernel) {
  StageMeter meter{ShardId(0)};
  CpuClock clock;
  meter.SetCyclesPerMicro(4'000'000);  // looks are a second apart, or about
  meter.Reset();
  RunTick(meter, clock, Stage::kExecute, 10'000'000);
  const int asked = clock.asked;
  EXPECT_GE(asked, 1);
  for (int i = 0; i < 1000; ++i) RunTick(meter, clock, Stage::kExecute, 1000);
  EXPECT_LT(clock.asked - asked, 100);
  RunTick(meter, clock, Stage::kReply, meter.longest().cycles + 1);
  EXPECT_EQ(meter.longest().stage, Stage::kReply);
}

TEST(StageMeterTest, AResetForgetsTheLongestTick) {
  StageMeter meter{ShardId(0)};
  CpuClock clock;
  meter.SetCyclesPerMicro(1);
  RunTick(meter, clock, Stage::kExecute, 10'000);
  SpendCycles(100'000'000);
  const uint64_t before = Cycles();
  meter.Reset();
  EXPECT_EQ(meter.longest().cycles, 0u);
  EXPECT_EQ(meter.longest_on_core().core_cycles, 0u);
  RunTick(meter, clock, Stage::kReply, 1000);
  EXPECT_LE(meter.longest().cycles, Cycles() - before);
  EXPECT_EQ(meter.longest().stage, Stage::kReply);
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
