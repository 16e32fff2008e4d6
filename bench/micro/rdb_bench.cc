// Save and load of one shard: bytes to and from a file on tmpfs (or $TMPDIR), keys per second. One
// thread each, so the figures compare with a single-threaded server's SAVE and start.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/base/strings.h"
#include "persistence/rdb/rdb_reader.h"
#include "persistence/rdb/rdb_writer.h"

namespace basalt::rdb {
namespace {

enum Kind { kStrings, kIntegers, kExpiring, kHashes, kSortedSets, kKinds };
constexpr const char* kNames[kKinds] = {"strings of 100 bytes", "integers",
                                        "strings of 100 bytes with expiry", "hashes of 10 fields",
                                        "sorted sets of 10 members"};

std::string FilePath() {
  return (std::filesystem::temp_directory_path() / "basalt-rdb-bench.rdb").string();
}

std::string RandomText(Random& random, size_t n) {
  std::string text(n, 0);
  for (char& c : text) c = static_cast<char>('!' + random.Below(90));
  return text;
}

void Fill(Keyspace& keyspace, Kind kind, size_t keys) {
  Random random(42);
  Db& db = keyspace.db(DbIndex(0));
  for (size_t i = 0; i < keys; ++i) {
    const std::string key = StrCat("key:", i);
    switch (kind) {
      case kStrings:
        db.SetString(key, RandomText(random, 100));
        break;
      case kIntegers:
        db.SetInteger(key, static_cast<int64_t>(random.Below(1'000'000'000)));
        break;
      case kExpiring:
        db.SetString(key, RandomText(random, 100), int64_t{1} << 42 | static_cast<int64_t>(i));
        break;
      case kHashes: {
        auto* hash = new Hash;
        for (int f = 0; f < 10; ++f) hash->Set(StrCat("field", f), RandomText(random, 10));
        db.AddValue(key, ValueType::kHash, hash);
        break;
      }
      case kSortedSets: {
        auto* zset = new ZSet;
        for (int m = 0; m < 10; ++m)
          zset->Add(StrCat("member", m), static_cast<double>(random.Below(1000)));
        db.AddValue(key, ValueType::kZSet, zset);
        break;
      }
      default:
        break;
    }
  }
}

void Report(benchmark::State& state, uint64_t keys, uint64_t bytes) {
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(static_cast<int64_t>(keys * state.iterations()));
  state.SetBytesProcessed(static_cast<int64_t>(bytes * state.iterations()));
}

void BM_Save(benchmark::State& state) {
  Keyspace keyspace(1);
  Fill(keyspace, static_cast<Kind>(state.range(0)), static_cast<size_t>(state.range(1)));
  uint64_t bytes = 0;
  for (auto _ : state) {
    absl::StatusOr<FileSummary> summary =
        SaveShard(keyspace, PosixFileSystem(), FilePath(), {}, {});
    if (!summary.ok()) return state.SkipWithError(std::string(summary.status().message()).c_str());
    bytes = summary->bytes;
  }
  Report(state, keyspace.TotalKeys(), bytes);
  std::filesystem::remove(FilePath());
}

void BM_Load(benchmark::State& state) {
  {
    // A server that starts hashes with another seed than the one that saved: keys do not arrive in
    // the order of its table.
    SetHashSeed(1);
    Keyspace keyspace(1);
    Fill(keyspace, static_cast<Kind>(state.range(0)), static_cast<size_t>(state.range(1)));
    SaveShard(keyspace, PosixFileSystem(), FilePath(), {}, {}).status().IgnoreError();
  }
  SetHashSeed(2);
  uint64_t bytes = 0, keys = 0;
  for (auto _ : state) {
    auto loaded = std::make_unique<Keyspace>(1);
    auto reader =
        RdbReader::Open(PosixFileSystem(), FilePath(),
                        {.place = [&](std::string_view) { return loaded.get(); }, .now_ms = 1});
    if (!reader.ok() || !(*reader)->LoadAll().ok()) return state.SkipWithError("cannot load");
    bytes = (*reader)->bytes_read();
    keys = loaded->TotalKeys();
    state.PauseTiming();
    loaded.reset();
    state.ResumeTiming();
  }
  Report(state, keys, bytes);
  std::filesystem::remove(FilePath());
}

void EachKind(benchmark::internal::Benchmark* b) {
  for (int kind = 0; kind < kKinds; ++kind) b->Args({kind, 1'000'000});
  b->Unit(benchmark::kMillisecond)->MinTime(1);
}
BENCHMARK(BM_Save)->Apply(EachKind);
BENCHMARK(BM_Load)->Apply(EachKind);

}  // namespace
}  // namespace basalt::rdb
