#include "core/store/dirty_keys.h"

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

}  // namespace
}  // namespace basalt
