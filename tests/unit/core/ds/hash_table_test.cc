#include "core/ds/hash_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/alloc.h"
#include "core/base/random.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace basalt {
namespace {

struct Item {
  uint64_t key;
  uint64_t hash;
};

struct ItemTraits {
  using Element = Item;
  using Key = uint64_t;
  static uint64_t Hash(const Item* item) { return item->hash; }
  static bool Equal(const Item* item, uint64_t key) { return item->key == key; }
};

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
  return x ^ (x >> 32);
}

// A table beside an oracle that holds the same items. `HashBits` < 64 makes hashes collide: only
// the top bits are random.
class Model {
 public:
  explicit Model(uint64_t seed, int hash_bits = 64) : random(seed), hash_bits_(hash_bits) {}

  uint64_t HashOf(uint64_t key) const {
    return hash_bits_ == 64 ? Mix(key) : Mix(key) << (64 - hash_bits_);
  }

  void Insert(uint64_t key) {
    auto [it, fresh] = oracle_.try_emplace(key, nullptr);
    if (!fresh) return;
    it->second = std::make_unique<Item>(Item{key, HashOf(key)});
    table.Insert(it->second->hash, it->second.get());
  }
  void Erase(uint64_t key) {
    auto it = oracle_.find(key);
    Item* found = table.Extract(HashOf(key), key);
    ASSERT_EQ(found, it == oracle_.end() ? nullptr : it->second.get());
    if (it != oracle_.end()) oracle_.erase(it);
  }
  void Move(uint64_t key) {
    auto it = oracle_.find(key);
    if (it == oracle_.end()) return;
    auto moved = std::make_unique<Item>(*it->second);
    ASSERT_TRUE(table.Replace(moved->hash, it->second.get(), moved.get()));
    it->second = std::move(moved);
  }
  void CheckKey(uint64_t key) const {
    auto it = oracle_.find(key);
    ASSERT_EQ(table.Find(HashOf(key), key), it == oracle_.end() ? nullptr : it->second.get())
        << key;
  }
  void CheckAll() const {
    ASSERT_EQ(table.size(), oracle_.size());
    for (const auto& [key, item] : oracle_) ASSERT_EQ(table.Find(item->hash, key), item.get());
    size_t visited = 0;
    table.ForEach([&](Item* item) {
      ++visited;
      ASSERT_EQ(oracle_.at(item->key).get(), item);
    });
    ASSERT_EQ(visited, oracle_.size());
  }
  size_t size() const { return oracle_.size(); }

  HashTable<ItemTraits> table;
  Random random;

 private:
  const int hash_bits_;
  std::unordered_map<uint64_t, std::unique_ptr<Item>> oracle_;
};

// Grows and shrinks several times over, by random operations on `keys` different keys.
void RunRandomOperations(Model& model, uint64_t keys, int operations) {
  int grow_percent = 70;
  for (int i = 0; i < operations; ++i) {
    if (i % (operations / 8) == 0) {
      model.CheckAll();
      grow_percent = 100 - grow_percent;
    }
    uint64_t key = model.random.Below(keys);
    if (model.random.Below(20) == 0) {
      model.Move(key);
    } else if (model.random.Below(100) < static_cast<uint64_t>(grow_percent)) {
      model.Insert(key);
    } else {
      model.Erase(key);
    }
    model.CheckKey(model.random.Below(keys));
  }
  model.CheckAll();
}

TEST(HashTable, EmptyAllocatesNothing) {
  HashTable<ItemTraits> table;
  EXPECT_EQ(table.MemoryBytes(), 0u);
  EXPECT_EQ(table.Find(1, 1), nullptr);
  EXPECT_EQ(table.Scan(0, [](Item*) { FAIL(); }), 0u);
  Random random(1);
  EXPECT_EQ(table.RandomElement(random), nullptr);
}

TEST(HashTable, OneElementCostsOneLine) {
  Model model(1);
  model.Insert(7);
  EXPECT_EQ(model.table.MemoryBytes(), 64u);
  model.Erase(7);
  EXPECT_EQ(model.table.MemoryBytes(), 0u);
}

TEST(HashTable, AgreesWithOracle) {
  for (uint64_t keys : {5, 30, 300, 3'000, 60'000}) {
    Model model(TestSeed());
    RunRandomOperations(model, keys, 200'000);
  }
}

// Hashes of few different values: the directory must not explode, and nothing is lost.
TEST(HashTable, SurvivesCollidingHashes) {
  for (int bits : {0, 1, 3, 6, 10}) {
    Model model(TestSeed(), bits == 0 ? 1 : bits);
    RunRandomOperations(model, 4'000, 20'000);
    EXPECT_LT(model.table.MemoryBytes(), size_t{1} << 20);
  }
}

TEST(HashTable, EmptiedTableGivesAllMemoryBack) {
  Model model(TestSeed());
  int64_t before = ThreadUsedMemory();
  {
    HashTable<ItemTraits> table;
    std::vector<Item> items(100'000);
    for (uint64_t i = 0; i < items.size(); ++i) items[i] = {i, Mix(i)};
    for (int round = 0; round < 2; ++round) {
      for (Item& item : items) table.Insert(item.hash, &item);
      for (Item& item : items) ASSERT_TRUE(table.Erase(item.hash, &item));
      EXPECT_EQ(table.MemoryBytes(), 0u);
    }
  }
  EXPECT_EQ(ThreadUsedMemory(), before);
}

// After most is erased again, memory follows.
TEST(HashTable, ShrinksWithItsElements) {
  std::vector<Item> items(400'000);
  HashTable<ItemTraits> table;
  for (uint64_t i = 0; i < items.size(); ++i) {
    items[i] = {i, Mix(i)};
    table.Insert(items[i].hash, &items[i]);
  }
  for (size_t i = items.size(); i-- > 1000;) {
    ASSERT_TRUE(table.Erase(items[i].hash, &items[i]));
    if (i % 50'000 == 0) {
      EXPECT_LT(table.MemoryBytes(), table.size() * 20);
    }
  }
  EXPECT_LT(table.MemoryBytes(), table.size() * 25);
  for (size_t i = 0; i < 1000; ++i) ASSERT_EQ(table.Find(items[i].hash, i), &items[i]);
}

TEST(HashTable, MemoryPerElementStaysLevelWhileGrowing) {
  std::vector<Item> items(1'500'000);
  HashTable<ItemTraits> table;
  uint64_t seed = TestSeed();
  double least = 1e9, most = 0, sum = 0;
  int samples = 0;
  for (uint64_t i = 0; i < items.size(); ++i) {
    items[i] = {i, Mix(i + seed)};
    table.Insert(items[i].hash, &items[i]);
    if (i >= 100'000 && i % 10'000 == 0) {
      double bytes = static_cast<double>(table.MemoryBytes()) / static_cast<double>(table.size());
      least = std::min(least, bytes), most = std::max(most, bytes), sum += bytes, ++samples;
    }
  }
  std::printf("bytes per element: %.2f to %.2f, mean %.2f\n", least, most, sum / samples);
  EXPECT_LT(sum / samples, 11.0);
  EXPECT_LT(most, 12.0);
}

// Copying a set, or loading a file that was saved in the order of a table, inserts in another
// table's hash order.
TEST(HashTable, FillsEvenlyInTheOrderOfAnotherTable) {
  std::vector<Item> items(200'000);
  HashTable<ItemTraits> table, copy;
  for (uint64_t i = 0; i < items.size(); ++i) {
    items[i] = {i, Mix(i)};
    table.Insert(items[i].hash, &items[i]);
  }
  size_t most = 0;
  table.ForEach([&](Item* item) {
    copy.Insert(item->hash, item);
    if (copy.size() > 10'000) most = std::max(most, copy.MemoryBytes() / copy.size());
  });
  EXPECT_LT(most, 14u);
  for (const Item& item : items) ASSERT_NE(copy.Find(item.hash, item.key), nullptr);
}

TEST(HashTable, ScanVisitsEveryElementOfAnUnchangedTableOnce) {
  for (uint64_t size : {1, 6, 100, 5'000, 100'000}) {
    Model model(TestSeed());
    for (uint64_t i = 0; i < size; ++i) model.Insert(i);
    std::unordered_set<uint64_t> seen;
    uint64_t cursor = 0;
    do {
      uint64_t next =
          model.table.Scan(cursor, [&](Item* item) { EXPECT_TRUE(seen.insert(item->key).second); });
      ASSERT_TRUE(next == 0 || next > cursor);
      ASSERT_LT(next, uint64_t{1} << 40);
      cursor = next;
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), size);
  }
}

// SCAN's promise: what is there from the first call to the last is returned, whatever else comes,
// goes, splits and merges.
void CheckScanGuarantee(int hash_bits) {
  const uint64_t kStays = hash_bits == 64 ? 3'000 : 1'000;
  const uint64_t kOthers = hash_bits == 64 ? 40'000 : 3'000;
  for (int round = 0; round < 4; ++round) {
    Model model(TestSeed(), hash_bits);
    for (uint64_t i = 0; i < kStays; ++i) model.Insert(i);
    // Odd rounds begin large and shrink while they are scanned; even ones begin small and grow.
    if (round % 2 == 1) {
      for (uint64_t i = kStays; i < kOthers; ++i) model.Insert(i);
    }
    std::unordered_set<uint64_t> seen;
    uint64_t cursor = 0;
    do {
      cursor = model.table.Scan(cursor, [&](Item* item) { seen.insert(item->key); });
      for (int i = 0; i < 40; ++i) {
        uint64_t key = kStays + model.random.Below(kOthers);
        if (round % 2 == 0) {
          model.Insert(key);
        } else {
          model.Erase(key);
        }
        if (round >= 2 && i % 4 == 0) model.Erase(kStays + model.random.Below(kOthers));
        if (round >= 2 && i % 4 == 1) model.Insert(kStays + model.random.Below(2'000));
      }
    } while (cursor != 0);
    for (uint64_t i = 0; i < kStays; ++i) ASSERT_EQ(seen.count(i), 1u) << i;
  }
}

TEST(HashTable, ScanNeverMissesWhatStays) { CheckScanGuarantee(64); }
TEST(HashTable, ScanNeverMissesWhatStaysAmongCollisions) { CheckScanGuarantee(5); }

TEST(HashTable, RandomElementIsUniform) {
  for (uint64_t size : {3, 1'000, 20'000}) {
    Model model(TestSeed());
    for (uint64_t i = 0; i < size; ++i) model.Insert(i);
    constexpr uint64_t kDrawsEach = 30;
    std::vector<uint64_t> draws(size);
    for (uint64_t i = 0; i < size * kDrawsEach; ++i)
      ++draws[model.table.RandomElement(model.random)->key];
    // Chi-square: its mean is size - 1, its deviation sqrt(2 size).
    double chi = 0;
    for (uint64_t n : draws) {
      double off = static_cast<double>(n) - kDrawsEach;
      chi += off * off / kDrawsEach;
    }
    EXPECT_LT(chi, static_cast<double>(size) + 8 * std::sqrt(2.0 * static_cast<double>(size)))
        << size;
  }
}

TEST(HashTable, RandomElementFindsTheLastOnesOfMany) {
  Model model(TestSeed());
  for (uint64_t i = 0; i < 50'000; ++i) model.Insert(i);
  for (uint64_t i = 3; i < 50'000; ++i) model.Erase(i);
  for (int i = 0; i < 100; ++i) EXPECT_LT(model.table.RandomElement(model.random)->key, 3u);
}

TEST(HashTable, DrainsInSlices) {
  for (int bits : {64, 4}) {
    Model model(TestSeed(), bits);
    for (uint64_t i = 0; i < 20'000; ++i) model.Insert(i);
    HashTable<ItemTraits> table = std::move(model.table);
    EXPECT_TRUE(model.table.empty());
    std::unordered_set<uint64_t> taken;
    while (size_t n = table.DrainSome(
               100, [&](Item* item) { EXPECT_TRUE(taken.insert(item->key).second); })) {
      EXPECT_LE(n, 100 + HashSegment::kMaxSlots);
      EXPECT_EQ(table.size() + taken.size(), 20'000u);
    }
    EXPECT_EQ(taken.size(), 20'000u);
    EXPECT_EQ(table.MemoryBytes(), 0u);
    Item item{1, Mix(1)};
    table.Insert(item.hash, &item);
    EXPECT_EQ(table.Find(item.hash, 1), &item);
  }
}

TEST(HashTable, MovesAndSwapsKeepElements) {
  Model small(TestSeed()), large(TestSeed());
  small.Insert(1);
  for (uint64_t i = 0; i < 10'000; ++i) large.Insert(i);
  small.table.Swap(large.table);
  EXPECT_EQ(small.table.size(), 10'000u);
  EXPECT_EQ(large.table.size(), 1u);
  small.table.Swap(large.table);
  small.CheckAll();
  large.CheckAll();
  HashTable<ItemTraits> moved = std::move(small.table);
  EXPECT_NE(moved.Find(Mix(1), 1), nullptr);
}

}  // namespace
}  // namespace basalt
