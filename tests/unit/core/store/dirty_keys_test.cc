#include "core/store/dirty_keys.h"

#include <string>

#include "core/base/hash.h"
#include "gtest/gtest.h"

namespace basalt {
namespace {

constexpr Lsn kNever(~uint64_t{0});

TEST(DirtyKeysTest, FrozenCellsAreNotRevealedUntilThawedAsOften) {
  DirtyKeys dirty;
  dirty.Enable();
  dirty.MarkWritten(5, Lsn(3));
  const uint32_t cell = DirtyKeys::CellOf(5);
  dirty.Freeze(cell);
  dirty.Freeze(cell);
  EXPECT_EQ(dirty.DependsOn(5), kNever);
  EXPECT_EQ(dirty.DependsOn(6), Lsn(0)) << "others go on";
  dirty.Thaw(cell);
  EXPECT_EQ(dirty.DependsOn(5), kNever);
  dirty.Thaw(cell);
  EXPECT_EQ(dirty.DependsOn(5), Lsn(3));
  EXPECT_FALSE(dirty.any_frozen());
}

TEST(DirtyKeysTest, TurningItOffThawsEverything) {
  DirtyKeys dirty;
  dirty.Enable();
  dirty.Freeze(7);
  dirty.Disable();
  EXPECT_FALSE(dirty.any_frozen());
  dirty.Enable();
  dirty.Thaw(7);  // comes late
  EXPECT_EQ(dirty.DependsOn(7), Lsn(0));
}

TEST(DirtyKeysTest, FindsTheCellsOfABatch) {
  DirtyKeys dirty;
  dirty.Enable();
  dirty.MarkWritten(1, Lsn(8));
  dirty.MarkWritten(2, Lsn(9));
  dirty.MarkWritten(3, Lsn(9));
  EXPECT_EQ(dirty.CellsWrittenAt(Lsn(9)), (std::vector<uint32_t>{2, 3}));
}

// Two ticks of 50 clients that pipeline 16 writes each.
TEST(DirtyKeysTest, FewReadsOfCleanKeysWaitForWritesOfOthers) {
  DirtyKeys dirty;
  dirty.Enable();
  for (int i = 0; i < 1600; ++i) dirty.MarkWritten(HashKey("written:" + std::to_string(i)), Lsn(1));
  int waiting = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (dirty.DependsOn(HashKey("clean:" + std::to_string(i))) != Lsn(0)) ++waiting;
  }
  EXPECT_LT(waiting, 3000);
}

}  // namespace
}  // namespace basalt
