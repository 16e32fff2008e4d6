#include "core/shard/epoch_floor.h"

#include <gtest/gtest.h>

namespace basalt {
namespace {

TEST(EpochFloor, NothingIsCompleteFromTheOldestOpenPromiseOn) {
  EpochFloor floor;
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(8));
  floor.Hold(Epoch(5));
  floor.Hold(Epoch(5));
  floor.Hold(Epoch(7));
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(4));
  EXPECT_EQ(floor.CompleteBelow(Epoch(3)), Epoch(2));
  floor.Drop(Epoch(5));
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(4));
  floor.Drop(Epoch(5));
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(6));
}

TEST(EpochFloor, PromisesEndInAnyOrder) {
  EpochFloor floor;
  for (uint64_t e : {1, 2, 3}) floor.Hold(Epoch(e));
  floor.Drop(Epoch(3));
  floor.Drop(Epoch(2));
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(0));
  floor.Hold(Epoch(3));
  floor.Drop(Epoch(1));
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(2));
  floor.Drop(Epoch(3));
  EXPECT_EQ(floor.CompleteBelow(Epoch(9)), Epoch(8));
}

}  // namespace
}  // namespace basalt
