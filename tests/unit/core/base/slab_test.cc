#include "core/base/slab.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/alloc.h"
#include "core/base/random.h"
#include "gtest/gtest.h"

namespace basalt {
namespace {

// A block full of one character, which nobody else may write to.
class Marked {
 public:
  Marked(size_t bytes, char mark) : text_(bytes, mark), block_(SlabAllocate(bytes)) {
    std::memcpy(block_, text_.data(), bytes);
  }
  bool Stands() const { return std::memcmp(block_, text_.data(), text_.size()) == 0; }
  void Free() const { SlabFree(block_); }
  void* block() const { return block_; }

 private:
  std::string text_;
  void* block_;
};

std::vector<void*> Allocated(size_t count, size_t bytes) {
  std::vector<void*> blocks(count);
  for (void*& block : blocks) block = SlabAllocate(bytes);
  return blocks;
}

void FreeAll(const std::vector<void*>& blocks) {
  for (void* block : blocks) SlabFree(block);
}

size_t CountOfThoseIn(const std::vector<void*>& blocks, const std::vector<void*>& others) {
  const std::set<void*> set(others.begin(), others.end());
  return static_cast<size_t>(
      std::count_if(blocks.begin(), blocks.end(), [&](void* b) { return set.contains(b); }));
}

TEST(Slab, BlocksHaveTheSizeAskedForRoundedUpToEight) {
  for (size_t bytes = 1; bytes <= kSlabBytesMax; ++bytes) {
    const int64_t before = ThreadUsedMemory();
    void* block = SlabAllocate(bytes);
    EXPECT_EQ(SlabUsableSize(block), (bytes + 7) / 8 * 8);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 8, 0u);
    EXPECT_EQ(ThreadUsedMemory() - before, static_cast<int64_t>(SlabUsableSize(block)));
    SlabFree(block);
    EXPECT_EQ(ThreadUsedMemory(), before);
  }
}

TEST(Slab, NoBlockTouchesAnother) {
  Random random(1);
  std::vector<Marked> blocks;
  for (int i = 0; i < 200'000; ++i) {
    if (blocks.empty() || random.Below(5) < 3) {
      blocks.emplace_back(1 + random.Below(kSlabBytesMax), static_cast<char>(i));
      continue;
    }
    std::swap(blocks[random.Below(blocks.size())], blocks.back());
    ASSERT_TRUE(blocks.back().Stands());
    blocks.back().Free();
    blocks.pop_back();
  }
  for (const Marked& block : blocks) {
    EXPECT_TRUE(block.Stands());
    block.Free();
  }
}

TEST(Slab, WhatIsFreedIsUsedAgain) {
  std::vector<void*> first = Allocated(100'000, 40);
  for (size_t i = 0; i < first.size(); i += 2) SlabFree(first[i]);
  std::vector<void*> second = Allocated(50'000, 40);
  EXPECT_GT(CountOfThoseIn(second, first), 43'000u);  // the rest is the end of the last slab
  for (size_t i = 1; i < first.size(); i += 2) SlabFree(first[i]);
  FreeAll(second);
}

TEST(Slab, TakesBackWhatAnotherThreadFreed) {
  std::vector<void*> first = Allocated(10'000, 48);
  std::thread([&] { FreeAll(first); }).join();
  SlabTend();
  std::vector<void*> second = Allocated(10'000, 48);
  EXPECT_GT(CountOfThoseIn(second, first), 9'000u);
  FreeAll(second);
}

TEST(Slab, TakesThemBackByItselfBeforeItGrows) {
  std::vector<void*> first = Allocated(10'000, 56);
  std::thread([&] { FreeAll(first); }).join();
  std::vector<void*> second = Allocated(10'000, 56);
  EXPECT_GT(CountOfThoseIn(second, first), 5'000u);
  FreeAll(second);
}

TEST(Slab, TheNextThreadGoesOnWithWhatOneLeft) {
  std::vector<void*> first, second;
  std::thread([&] { first = Allocated(10'000, 72); }).join();
  FreeAll(first);
  std::thread([&] {
    SlabTend();
    second = Allocated(10'000, 72);
  }).join();
  EXPECT_GT(CountOfThoseIn(second, first), 9'000u);
  FreeAll(second);
}

TEST(Slab, LinesAreAlignedAndNotRoundedUp) {
  for (size_t lines = 1; lines <= kLinesMax; ++lines) {
    std::vector<void*> blocks(200);
    const int64_t before = ThreadUsedMemory();
    for (int i = 0; i < 200; ++i) {
      void* const block = blocks[static_cast<size_t>(i)] = AllocateLines(lines);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      std::memset(block, i, lines * 64);
    }
    if (kSlabsInUse) {
      EXPECT_EQ(ThreadUsedMemory() - before, static_cast<int64_t>(200 * lines * 64));
    }
    for (int i = 0; i < 200; ++i) {
      const std::string expected(lines * 64, static_cast<char>(i));
      EXPECT_EQ(std::memcmp(blocks[static_cast<size_t>(i)], expected.data(), expected.size()), 0);
      FreeLines(blocks[static_cast<size_t>(i)]);
    }
    EXPECT_EQ(ThreadUsedMemory(), before);
  }
}

TEST(Slab, EmptySlabsGoBackToTheKernel) {
  constexpr size_t kPage = 4096;
  std::set<uintptr_t> pages;
  std::vector<void*> blocks = Allocated(size_t{16} << 10, 512);
  for (void* block : blocks) {
    std::memset(block, 1, 512);
    pages.insert(reinterpret_cast<uintptr_t>(block) / kPage * kPage);
  }
  auto resident = [&] {
    return std::count_if(pages.begin(), pages.end(), [](uintptr_t page) {
      unsigned char in = 0;
      return mincore(reinterpret_cast<void*>(page), kPage, &in) == 0 && (in & 1) != 0;
    });
  };
  EXPECT_EQ(static_cast<size_t>(resident()), pages.size());
  FreeAll(blocks);
  EXPECT_EQ(static_cast<size_t>(resident()), pages.size());  // not by the thread that frees
  EXPECT_EQ(SlabTrim(1 << 20), size_t{1} << 20);
  EXPECT_GT(SlabTrim(size_t{1} << 30), size_t{2} << 20);
  EXPECT_EQ(SlabTrim(size_t{1} << 30), 0u);
  // The thread keeps some slabs, and of the others a page each.
  EXPECT_LT(static_cast<size_t>(resident()), pages.size() / 4);
}

TEST(Slab, ThreadsThatFreeEachOthersBlocks) {
  std::mutex mutex;
  std::deque<Marked> shared;
  const int64_t before = TotalUsedMemory();
  auto work = [&](uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 20'000; ++i) {
      Marked mine(1 + random.Below(128), static_cast<char>(i));
      std::unique_lock lock(mutex);
      shared.push_back(mine);
      if (shared.size() < 1000) continue;
      const Marked other = shared.front();
      shared.pop_front();
      lock.unlock();
      ASSERT_TRUE(other.Stands());
      other.Free();
      if (i % 1000 == 0) SlabTend();
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t seed = 0; seed < 4; ++seed) threads.emplace_back(work, seed);
  for (std::thread& t : threads) t.join();
  for (const Marked& block : shared) {
    EXPECT_TRUE(block.Stands());
    block.Free();
  }
  shared.clear();
  EXPECT_NEAR(static_cast<double>(TotalUsedMemory() - before), 0, 6 * kUsedMemorySlack);
}

}  // namespace
}  // namespace basalt
