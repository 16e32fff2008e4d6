#include "core/store/keyspace.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/alloc.h"
#include "core/value/list.h"
#include "core/value/set.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace basalt {
namespace {

const DbIndex kDb0{0};
const DbIndex kDb1{1};

class KeyspaceTest : public ::testing::Test {
 protected:
  KeyspaceTest() {
    Advance(0);
    ks.journal().set_enabled(true);
  }

  void Advance(int64_t ms) {
    clock.AdvanceMillis(ms);
    ks.SetTime(clock);
  }
  int64_t In(int64_t ms) const { return ks.now_ms + ms; }
  Db& db(DbIndex i = kDb0) { return ks.db(i); }
  std::string Get(std::string_view key, DbIndex i = kDb0) {
    Entry* e = db(i).Find(key);
    return e == nullptr ? "(none)" : e->StringCopy();
  }
  static List* NewList(size_t elements) {
    auto* list = new List;
    for (size_t i = 0; i < elements; ++i) list->PushBack("element");
    return list;
  }
  std::set<std::string> ScanAll(size_t count) {
    std::set<std::string> keys;
    uint64_t cursor = 0;
    do {
      cursor = db().Scan(cursor, count, [&](Entry* e) { keys.emplace(e->key()); });
    } while (cursor != 0);
    return keys;
  }

  ManualClock clock;
  Keyspace ks;
};

TEST_F(KeyspaceTest, SetReplacesWhateverWasThere) {
  db().SetString("k", "one");
  db().SetString("k", std::string(1000, 'x'));
  EXPECT_EQ(Get("k"), std::string(1000, 'x'));
  db().AddValue("k", ValueType::kList, NewList(3));
  EXPECT_EQ(db().Find("k")->list()->Size(), 3u);
  db().SetInteger("k", 42);
  EXPECT_EQ(Get("k"), "42");
  db().SetString("k", "43");
  EXPECT_TRUE(db().Find("k")->is_int());
  EXPECT_EQ(db().size(), 1u);
  EXPECT_EQ(Get("k", kDb1), "(none)");
}

TEST_F(KeyspaceTest, SetClearsKeepsOrChangesTheExpiry) {
  db().SetString("k", "a", In(100));
  db().SetString("k", "b", kKeepExpiry);
  EXPECT_EQ(db().Find("k")->expire_at_ms(), In(100));
  db().SetString("k", "c", In(50));
  EXPECT_EQ(db().expires(), 1u);
  EXPECT_EQ(ks.NextDueMs(), In(51));
  db().SetInteger("k", 1);
  EXPECT_FALSE(db().Find("k")->has_expiry());
  EXPECT_EQ(db().expires(), 0u);
  db().AddValue("k", ValueType::kList, NewList(1), In(10));
  db().AddValue("k", ValueType::kList, NewList(1), kKeepExpiry);
  EXPECT_EQ(db().expires(), 1u);
}

TEST_F(KeyspaceTest, ExpiredKeyIsGoneCountedAndRecorded) {
  db(kDb1).SetString("k", "v", In(10));
  Advance(10);
  EXPECT_EQ(Get("k", kDb1), "v");
  Advance(1);
  EXPECT_EQ(Get("k", kDb1), "(none)");
  EXPECT_EQ(db(kDb1).size(), 0u);
  EXPECT_EQ(ks.stats.expired, 1u);
  EXPECT_EQ(ks.journal().TakeRecords(),
            "*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n*2\r\n$6\r\nSELECT\r\n$"
            "1\r\n0\r\n");
}

TEST_F(KeyspaceTest, SetOverAnExpiredKeyExpiresItFirst) {
  db().SetString("k", "v", In(10));
  Advance(20);
  db().SetString("k", "new", kKeepExpiry);
  EXPECT_FALSE(db().Find("k")->has_expiry());
  EXPECT_EQ(ks.stats.expired, 1u);
  EXPECT_EQ(ks.journal().record_count(), 1u);
}

TEST_F(KeyspaceTest, NothingExpiresWhilePaused) {
  db().SetString("k", "v", In(10));
  Advance(20);
  ks.PauseExpiry(true);
  EXPECT_EQ(Get("k"), "v");
  EXPECT_EQ(ScanAll(10).size(), 1u);
  EXPECT_FALSE(ks.IdleStep(100));
  ks.PauseExpiry(false);
  EXPECT_EQ(ScanAll(10).size(), 0u);
  EXPECT_EQ(Get("k"), "(none)");
}

TEST_F(KeyspaceTest, ActiveExpiryTakesExactlyTheDueInSlices) {
  Random random(TestSeed());
  std::map<std::string, int64_t> at;
  for (int i = 0; i < 5000; ++i) {
    std::string key = "key" + std::to_string(i);
    at[key] = In(static_cast<int64_t>(random.Below(1000)));
    db(DbIndex(static_cast<uint8_t>(i % 3))).SetString(key, "v", at[key]);
  }
  size_t expired = 0;
  for (int step = 0; step < 120; ++step) {
    Advance(10);
    bool more = true;
    while (more) {
      uint64_t before = ks.stats.expired;
      more = ks.IdleStep(50);
      EXPECT_LE(ks.stats.expired - before, 50u);
    }
    expired = 0;
    for (const auto& [key, time] : at) expired += time < ks.now_ms;
    ASSERT_EQ(ks.TotalKeys(), at.size() - expired);
    ASSERT_GE(ks.NextDueMs(), ks.now_ms);
  }
  EXPECT_EQ(expired, at.size());
  EXPECT_EQ(ks.NextDueMs(), INT64_MAX);
}

TEST_F(KeyspaceTest, ExpiryChangesFollowTheEntry) {
  Entry* e = db().SetString("k", "v");
  EXPECT_FALSE(db().ClearExpiry(e));
  EXPECT_TRUE(db().SetExpiry(e, In(5)));
  EXPECT_EQ(db().Find("k"), e);
  EXPECT_FALSE(db().SetExpiry(e, In(5)));
  EXPECT_EQ(db().AverageTtlMs(), 5);
  EXPECT_TRUE(db().ClearExpiry(e));
  EXPECT_EQ(db().expires(), 0u);
  Advance(10);
  EXPECT_EQ(Get("k"), "v");
}

TEST_F(KeyspaceTest, MutableStringGrowsWhereverTheEntryLives) {
  Entry* e = db().SetInteger("k", 12);
  for (size_t n = 3; n < 3000; n += 7) db().MutableString(e, n)[n - 1] = 'x';
  EXPECT_EQ(db().Find("k"), e);
  std::string value = Get("k");
  EXPECT_EQ(value.size(), 2999u - (2999u - 3) % 7);
  EXPECT_EQ(value.substr(0, 4), std::string("12x\0", 4));
}

TEST_F(KeyspaceTest, MoveAndCopyBetweenDatabases) {
  db().AddValue("list", ValueType::kList, NewList(200), In(100));
  db().SetString("dst", "old");
  Entry* e = db().MoveTo(db(kDb1), "dst", db().Find("list"));
  EXPECT_EQ(e->list()->Size(), 200u);
  EXPECT_EQ(Get("list"), "(none)");
  EXPECT_EQ(Get("dst"), "old");
  EXPECT_EQ(db().expires(), 0u);
  EXPECT_EQ(db(kDb1).expires(), 1u);
  e = db(kDb1).CopyTo(db(), "dst", e);
  e->list()->PushBack("one more");
  EXPECT_EQ(db(kDb1).Find("dst")->list()->Size(), 200u);
  EXPECT_EQ(db().Find("dst")->list()->Size(), 201u);
  // RENAME within one database, over an existing key, and onto itself.
  db().SetString("other", "x");
  e = db().MoveTo(db(), "other", db().Find("dst"));
  EXPECT_EQ(db().MoveTo(db(), "other", e), e);
  EXPECT_EQ(db().size(), 1u);
  EXPECT_EQ(db().expires(), 1u);
}

TEST_F(KeyspaceTest, LargeValuesAreFreedInSlices) {
  int64_t before = ThreadUsedMemory();
  db().AddValue("list", ValueType::kList, NewList(50'000));
  db().AddValue("small", ValueType::kList, NewList(10));
  db().SetString("long", std::string(64 << 20, 'x'));
  EXPECT_TRUE(db().Delete("list"));
  EXPECT_TRUE(db().Delete("small"));
  db().SetString("long", "short");
  EXPECT_FALSE(db().Delete("list"));
  EXPECT_EQ(ks.lazy_free().pending_objects(), 2u);
  int steps = 0;
  size_t most = 0;
  while (!ks.lazy_free().idle()) {
    most = std::max(most, ks.lazy_free().Step(1000));
    ++steps;
  }
  EXPECT_GE(steps, 25);
  EXPECT_LE(most, 3000u);  // a list goes by whole nodes
  EXPECT_EQ(ks.lazy_free().pending_objects(), 0u);
  EXPECT_EQ(ks.lazy_free().freed_objects(), 2u);
  EXPECT_LT(ThreadUsedMemory() - before, 100'000);
}

TEST_F(KeyspaceTest, ClearIsQuickAndFreesLater) {
  int64_t before = ThreadUsedMemory();
  for (int i = 0; i < 20'000; ++i) db().SetString("key" + std::to_string(i), "v", In(i));
  db().AddValue("list", ValueType::kList, NewList(1000));
  EXPECT_EQ(ks.Clear(), 20'001u);
  EXPECT_EQ(db().size(), 0u);
  EXPECT_EQ(db().expires(), 0u);
  db().SetString("key1", "again");
  EXPECT_EQ(ks.lazy_free().pending_objects(), 20'001u);
  while (ks.IdleStep(500)) {
  }
  EXPECT_EQ(ks.lazy_free().pending_objects(), 0u);
  EXPECT_EQ(Get("key1"), "again");
  EXPECT_LT(ThreadUsedMemory() - before, 10'000);
}

TEST_F(KeyspaceTest, WatchersSeeChangesOfTheirKeyOnly) {
  WatchSet& watches = ks.watches();
  ks.TouchWatchers(kDb0, "k");
  uint64_t version = watches.Watch(kDb0, "k");
  EXPECT_EQ(watches.Watch(kDb0, "k"), version);
  ks.TouchWatchers(kDb0, "other");
  ks.TouchWatchers(kDb1, "k");
  EXPECT_EQ(watches.Version(kDb0, "k"), version);
  ks.TouchWatchers(kDb0, "k");
  EXPECT_GT(watches.Version(kDb0, "k"), version);
  version = watches.Version(kDb0, "k");
  ks.Clear();  // the key does not exist
  EXPECT_EQ(watches.Version(kDb0, "k"), version);
  db().SetString("k", "v", In(5));
  Advance(6);
  EXPECT_EQ(Get("k"), "(none)");
  EXPECT_GT(watches.Version(kDb0, "k"), version);
  version = watches.Version(kDb0, "k");
  db(kDb1).SetString("k", "v");
  ks.SwapDbs(kDb0, kDb1);
  EXPECT_GT(watches.Version(kDb0, "k"), version);
  EXPECT_EQ(Get("k"), "v");
  watches.Unwatch(kDb0, "k");
  watches.Unwatch(kDb0, "k");
  EXPECT_EQ(watches.size(), 0u);
}

TEST_F(KeyspaceTest, DirtyKeysAnswerNeverTooEarly) {
  DirtyKeys& dirty = ks.dirty_keys();
  dirty.MarkWritten(1, Lsn(10));
  EXPECT_EQ(dirty.DependsOn(1), Lsn(0));
  dirty.Enable();
  dirty.MarkWritten(1, Lsn(10));
  dirty.MarkWritten(1, Lsn(7));
  EXPECT_EQ(dirty.DependsOn(1), Lsn(10));
  EXPECT_EQ(dirty.DependsOn(2), Lsn(0));
  dirty.MarkAllWritten(Lsn(8));
  EXPECT_EQ(dirty.DependsOn(1), Lsn(10));
  EXPECT_EQ(dirty.DependsOn(2), Lsn(8));
}

TEST_F(KeyspaceTest, AccessIsMarkedOncePerSecondAndOnRequest) {
  db().SetString("k", "v");
  Advance(90'000);
  EXPECT_EQ(LruIdleSeconds(db().FindNoTouch("k")->access_bits(), ks.now_ms), 90u);
  EXPECT_EQ(LruIdleSeconds(db().Find("k")->access_bits(), ks.now_ms), 0u);
  ks.UseLfu(true);
  db().SetString("lfu", "v");
  for (int i = 0; i < 1000; ++i) db().Find("lfu");
  db().AddValue("lfu", ValueType::kList, NewList(1));
  EXPECT_GT(LfuCounter(db().FindNoTouch("lfu")->access_bits(), ks.now_ms, ks.lfu_params), 8);
}

TEST_F(KeyspaceTest, RandomEntryIsNeverExpired) {
  EXPECT_EQ(db().RandomEntry(ks.rng), nullptr);
  for (int i = 0; i < 50; ++i) db().SetString("dead" + std::to_string(i), "v", In(1));
  db().SetString("alive", "v");
  Advance(5);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(db().RandomEntry(ks.rng)->key(), "alive");
}

TEST_F(KeyspaceTest, VolatileVictimsHaveAnExpiryHoweverFewTheyAre) {
  for (int i = 0; i < 10'000; ++i) db().SetString("key" + std::to_string(i), "v");
  EXPECT_EQ(db().RandomVictim(ks.rng, true), nullptr);
  std::set<std::string_view> drawn;
  for (int i = 0; i < 3; ++i) db().SetString("volatile" + std::to_string(i), "v", In(1000 * i));
  for (int i = 0; i < 200; ++i) drawn.insert(db().RandomVictim(ks.rng, true)->key());
  EXPECT_EQ(drawn.size(), 3u);
  EXPECT_EQ(db().FirstToExpire()->key(), "volatile0");
}

// Everything at once against a map, with time passing.
TEST_F(KeyspaceTest, RandomOperationsAgreeWithMap) {
  Random random(TestSeed());
  struct Value {
    std::string text;
    int64_t at_ms;
  };
  std::map<std::string, Value> oracle;
  auto forget_expired = [&] {
    std::erase_if(oracle, [&](const auto& kv) {
      return kv.second.at_ms >= 0 && kv.second.at_ms < ks.now_ms;
    });
  };
  for (int i = 0; i < 60'000; ++i) {
    std::string key = "key" + std::to_string(random.Below(2000));
    auto it = oracle.find(key);
    int64_t at = random.Below(3) == 0 ? In(1 + static_cast<int64_t>(random.Below(50))) : kNoExpiry;
    Entry* e = db().Find(key);
    ASSERT_EQ(e != nullptr, it != oracle.end());
    switch (random.Below(6)) {
      case 0:
      case 1: {
        std::string text(random.Below(random.Below(20) == 0 ? 400 : 30),
                         static_cast<char>('a' + random.Below(26)));
        db().SetString(key, text, at);
        oracle[key] = {text, at};
        break;
      }
      case 2:
        ASSERT_EQ(db().Delete(key), oracle.erase(key) == 1);
        break;
      case 3:
        if (e == nullptr) break;
        db().SetExpiry(e, at);
        it->second.at_ms = at;
        break;
      case 4: {
        if (e == nullptr) break;
        std::string to = "key" + std::to_string(random.Below(2000));
        if (to == key) break;
        db().MoveTo(db(), to, e);
        oracle[to] = it->second;
        oracle.erase(key);
        break;
      }
      case 5:
        if (e == nullptr) break;
        db().MutableString(e, e->StringLength() + 1).back() = 'z';
        it->second.text += 'z';
        break;
    }
    if (i % 50 == 0) {
      Advance(1);
      ks.IdleStep(random.Below(10));
      forget_expired();
    }
    if (i % 5000 == 0) {
      for (const auto& [k, v] : oracle) ASSERT_EQ(Get(k), v.text);
      std::set<std::string> scanned = ScanAll(7);
      ASSERT_EQ(scanned.size(), oracle.size());
    }
  }
}

TEST(KeyspaceLife, EndsWithNothingLeaked) {
  int64_t before = ThreadUsedMemory();
  {
    Keyspace ks(1);
    for (int i = 0; i < 10'000; ++i) {
      ks.db(DbIndex(static_cast<uint8_t>(i % 16)))
          .SetString("key" + std::to_string(i), std::string(i % 500, 'x'), i + 1);
    }
    auto* set = new Set;
    for (int i = 0; i < 5000; ++i) set->Add(std::to_string(i));
    ks.db(kDb0).AddValue("set", ValueType::kSet, set);
  }
  EXPECT_EQ(ThreadUsedMemory(), before);
}

TEST(KeyspaceMemory, BytesPerKey) {
  auto measure = [](size_t value_bytes, size_t keys) {
    Keyspace ks(1);
    Db& db = ks.db(kDb0);
    int64_t before = ThreadUsedMemory();
    char key[24];
    std::string value(value_bytes, 'v');
    for (size_t i = 0; i < keys; ++i) {
      std::snprintf(key, sizeof(key), "key:%012zu", i);
      db.SetString(std::string_view(key, 16), value);
    }
    double bytes = static_cast<double>(ThreadUsedMemory() - before) / static_cast<double>(keys);
    std::printf("%zu keys of 16 B, values of %zu B: %.1f bytes per key\n", keys, value_bytes,
                bytes);
    return bytes;
  };
  for (size_t keys : {100'000, 300'000}) {
    double small = measure(16, keys), large = measure(64, keys);
#ifdef BASALT_MIMALLOC
    EXPECT_LT(small, 48 + 11.6);
    EXPECT_LT(large, 96 + 11.6);
#endif
  }
}

}  // namespace
}  // namespace basalt
