// HashTable and Db by themselves: time per operation at a table size, and bytes per key as a
// counter. For instructions, run one of them under `perf stat` or `valgrind --tool=callgrind`.
#include <cstdio>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/base/alloc.h"
#include "core/base/random.h"
#include "core/base/touch.h"
#include "core/store/keyspace.h"

namespace basalt {
namespace {

struct Item {
  uint64_t hash;
};

struct ItemTraits {
  using Element = Item;
  using Key = uint64_t;
  static uint64_t Hash(const Item* item) { return item->hash; }
  static bool Equal(const Item* item, uint64_t hash) { return item->hash == hash; }
};
using Table = HashTable<ItemTraits>;

std::vector<Item> RandomItems(size_t n) {
  Random random(1);
  std::vector<Item> items(n);
  for (Item& item : items) item.hash = random.Next();
  return items;
}

void Fill(Table& table, std::vector<Item>& items) {
  for (Item& item : items) table.Insert(item.hash, &item);
}

void CountPerKey(benchmark::State& state, const Table& table, size_t n) {
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_per_key"] =
      static_cast<double>(table.MemoryBytes()) / static_cast<double>(n);
}

// The time is per element, from an empty table to a full one.
void BM_Insert(benchmark::State& state) {
  auto items = RandomItems(static_cast<size_t>(state.range(0)));
  Table table;
  size_t next = 0;
  for (auto _ : state) {
    if (next == items.size()) {
      state.PauseTiming();
      table.Clear();
      next = 0;
      state.ResumeTiming();
    }
    table.Insert(items[next].hash, &items[next]);
    ++next;
  }
  CountPerKey(state, table, next);
}

void BM_FindHit(benchmark::State& state) {
  auto items = RandomItems(static_cast<size_t>(state.range(0)));
  Table table;
  Fill(table, items);
  Random random(2);
  for (auto _ : state) {
    uint64_t hash = items[random.Below(items.size())].hash;
    benchmark::DoNotOptimize(table.Find(hash, hash));
  }
  CountPerKey(state, table, items.size());
}

// As a shard does it for a batch of commands: read ahead for all, then find all.
void BM_FindHitReadAhead(benchmark::State& state) {
  constexpr size_t kBatch = 16;
  auto items = RandomItems(static_cast<size_t>(state.range(0)));
  Table table;
  Fill(table, items);
  Random random(2);
  uint64_t hashes[kBatch];
  for (auto _ : state) {
    for (uint64_t& hash : hashes) hash = items[random.Below(items.size())].hash;
    Table::Probe probes[kBatch];
    const void* at[kBatch];
    for (size_t i = 0; i < kBatch; ++i) at[i] = probes[i].First(table, hashes[i]);
    for (const void* p : at) Touch(p);
    for (size_t i = 0; i < kBatch; ++i) at[i] = probes[i].Second();
    for (const void* p : at) Touch(p);
    for (size_t i = 0; i < kBatch; ++i) at[i] = probes[i].Third();
    for (const void* p : at) Touch(p);
    for (uint64_t hash : hashes) benchmark::DoNotOptimize(table.Find(hash, hash));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}

void BM_FindMiss(benchmark::State& state) {
  auto items = RandomItems(static_cast<size_t>(state.range(0)));
  Table table;
  Fill(table, items);
  Random random(2);
  for (auto _ : state) {
    uint64_t hash = random.Next();
    benchmark::DoNotOptimize(table.Find(hash, hash));
  }
  CountPerKey(state, table, items.size());
}

// One element out, another in, at a constant size.
void BM_EraseInsert(benchmark::State& state) {
  auto items = RandomItems(static_cast<size_t>(state.range(0)));
  Table table;
  Fill(table, items);
  Random random(2);
  for (auto _ : state) {
    Item& item = items[random.Below(items.size())];
    table.Erase(item.hash, &item);
    item.hash = random.Next();
    table.Insert(item.hash, &item);
  }
  CountPerKey(state, table, items.size());
}

#define SIZES Arg(1'000)->Arg(100'000)->Arg(1'000'000)
BENCHMARK(BM_Insert)->SIZES;
BENCHMARK(BM_FindHit)->SIZES;
BENCHMARK(BM_FindHitReadAhead)->SIZES;
BENCHMARK(BM_FindMiss)->SIZES;
BENCHMARK(BM_EraseInsert)->SIZES;

// --- a database ---

std::string_view KeyOf(size_t i, char (&text)[32]) {
  std::snprintf(text, sizeof(text), "key:%012zu", i);
  return {text, 16};
}

// All keys in place, each key text ready: formatting them must not be measured.
class DbFixture {
 public:
  DbFixture(size_t keys, size_t value_bytes) : keyspace(1), value(value_bytes, 'v') {
    int64_t before = ThreadUsedMemory();
    char text[32];
    for (size_t i = 0; i < keys; ++i) db().SetString(KeyOf(i, text), value);
    bytes_per_key = static_cast<double>(ThreadUsedMemory() - before) / static_cast<double>(keys);
    for (size_t i = 0; i < 4096; ++i) drawn.emplace_back(KeyOf(keyspace.rng.Below(keys), text));
  }
  Db& db() { return keyspace.db(DbIndex(0)); }

  Keyspace keyspace;
  std::string value;
  std::vector<std::string> drawn;
  double bytes_per_key;
};

void BM_DbFind(benchmark::State& state) {
  DbFixture fixture(static_cast<size_t>(state.range(0)), 16);
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(fixture.db().Find(fixture.drawn[i++ % 4096]));
}

void BM_DbOverwrite(benchmark::State& state) {
  DbFixture fixture(static_cast<size_t>(state.range(0)), 16);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fixture.db().SetString(fixture.drawn[i++ % 4096], fixture.value));
  }
}

// Only the counter matters: memory per key, keys of 16 bytes, values of range(1).
void BM_DbBytesPerKey(benchmark::State& state) {
  for (auto _ : state) {
    DbFixture fixture(static_cast<size_t>(state.range(0)), static_cast<size_t>(state.range(1)));
    state.counters["bytes_per_key"] = fixture.bytes_per_key;
  }
}

BENCHMARK(BM_DbFind)->Arg(1'000'000);
BENCHMARK(BM_DbOverwrite)->Arg(1'000'000);
BENCHMARK(BM_DbBytesPerKey)
    ->ArgsProduct({{1'000'000, 1'500'000, 2'000'000, 3'000'000, 4'000'000}, {16, 64}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace basalt
