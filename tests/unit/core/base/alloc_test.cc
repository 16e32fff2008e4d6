#include "core/base/alloc.h"

#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/hash.h"
#include "core/base/random.h"
#include "gtest/gtest.h"

namespace basalt {
namespace {

TEST(Alloc, CountsUsableBytesOfEveryKindOfAllocation) {
  int64_t before = ThreadUsedMemory();
  void* p = Allocate(100);
  EXPECT_EQ(ThreadUsedMemory() - before, static_cast<int64_t>(UsableSize(p)));
  EXPECT_GE(UsableSize(p), 100u);
  p = Reallocate(p, 5000);
  EXPECT_EQ(ThreadUsedMemory() - before, static_cast<int64_t>(UsableSize(p)));
  Free(p);
  EXPECT_EQ(ThreadUsedMemory(), before);
  auto* object = new std::string(1000, 'x');
  EXPECT_GE(ThreadUsedMemory() - before, 1000);
  delete object;
  Free(nullptr);
  EXPECT_EQ(ThreadUsedMemory(), before);
}

TEST(Alloc, TotalHoldsWhenOneThreadFreesWhatAnotherAllocated) {
  constexpr int64_t kBytes = 8 << 20;
  int64_t before = TotalUsedMemory();
  void* p = nullptr;
  std::thread([&] { p = Allocate(kBytes); }).join();
  EXPECT_NEAR(static_cast<double>(TotalUsedMemory() - before), kBytes, 4 * kUsedMemorySlack);
  Free(p);
  EXPECT_NEAR(static_cast<double>(TotalUsedMemory() - before), 0, 4 * kUsedMemorySlack);
}

TEST(Random, SameSeedSameNumbers) {
  Random a(5), b(5), c(6);
  EXPECT_EQ(a.Next(), b.Next());
  EXPECT_NE(a.Next(), c.Next());
}

TEST(Random, BelowIsInRangeAndEven) {
  Random random(1);
  int counts[10] = {};
  for (int i = 0; i < 100'000; ++i) ++counts[random.Below(10)];
  for (int n : counts) EXPECT_NEAR(n, 10'000, 500);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(Hash, DependsOnEveryByteAndOnTheSeedOnly) {
  std::string key = "some key";
  uint64_t hash = HashKey(key);
  EXPECT_EQ(HashKey("some key"), hash);
  EXPECT_EQ(HashedKey(key).hash, hash);
  key[3] ^= 1;
  EXPECT_NE(HashKey(key), hash);
}

}  // namespace
}  // namespace basalt
