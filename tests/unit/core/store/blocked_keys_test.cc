#include "core/store/blocked_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/store/keyspace.h"
#include "core/value/list.h"
#include "core/value/zset.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

const DbIndex kFirstDb{0};
const DbIndex kSecondDb{1};
constexpr ValueType kList = ValueType::kList;
constexpr ValueType kZSet = ValueType::kZSet;

WaiterRef Ref(uint64_t number, ValueType type = kList) {
  return {number, type, std::make_shared<Waiter>()};
}

// The numbers of those who wait there, longest first.
std::vector<uint64_t> Waiting(const BlockedKeys& keys, DbIndex db, std::string_view key,
                              ValueType type = kList) {
  std::vector<uint64_t> numbers;
  const WaiterRef* ref = keys.Next(db, key, type);
  for (; ref != nullptr; ref = keys.Next(db, key, type, ref->number))
    numbers.push_back(ref->number);
  return numbers;
}

// All that are ready, "0:key" each.
std::string TakeAll(BlockedKeys& keys) {
  std::string all;
  while (auto ready = keys.TakeReady())
    all += (all.empty() ? "" : " ") + std::to_string(ready->db.value) + ":" + ready->key;
  return all;
}

TEST(BlockedKeys, WaitersStandInTheOrderOfTheirNumbers) {
  BlockedKeys keys;
  EXPECT_TRUE(keys.empty());
  for (uint64_t number : {5, 2, 9}) EXPECT_TRUE(keys.Add(kFirstDb, "k", Ref(number)));
  EXPECT_EQ(Waiting(keys, kFirstDb, "k"), (std::vector<uint64_t>{2, 5, 9}));
  EXPECT_EQ(keys.Next(kFirstDb, "k", kList, 9), nullptr);
  EXPECT_EQ(keys.size(), 3u);
}

TEST(BlockedKeys, DatabasesTypesAndKeysAreApart) {
  BlockedKeys keys;
  keys.Add(kFirstDb, "k", Ref(1));
  keys.Add(kSecondDb, "k", Ref(2));
  keys.Add(kFirstDb, "k", Ref(3, kZSet));
  keys.Add(kFirstDb, "", Ref(4));
  EXPECT_EQ(Waiting(keys, kFirstDb, "k"), std::vector<uint64_t>{1});
  EXPECT_EQ(Waiting(keys, kSecondDb, "k"), std::vector<uint64_t>{2});
  EXPECT_EQ(Waiting(keys, kFirstDb, "k", kZSet), std::vector<uint64_t>{3});
  EXPECT_EQ(Waiting(keys, kFirstDb, ""), std::vector<uint64_t>{4});
  EXPECT_EQ(Waiting(keys, kSecondDb, ""), std::vector<uint64_t>{});
}

TEST(BlockedKeys, AKeyNamedTwiceCountsOnce) {
  BlockedKeys keys;
  EXPECT_TRUE(keys.Add(kFirstDb, "k", Ref(1)));
  EXPECT_FALSE(keys.Add(kFirstDb, "k", Ref(1)));
  EXPECT_EQ(keys.size(), 1u);
  EXPECT_TRUE(keys.Remove(kFirstDb, "k", kList, 1));
  EXPECT_FALSE(keys.Remove(kFirstDb, "k", kList, 1));
  EXPECT_TRUE(keys.empty());
}

TEST(BlockedKeys, RemoveTakesThatOneOnlyAndLetsItGo) {
  BlockedKeys keys;
  WaiterRef second = Ref(2);
  std::weak_ptr<Waiter> alive = second.waiter;
  keys.Add(kFirstDb, "k", Ref(1));
  keys.Add(kFirstDb, "k", std::move(second));
  EXPECT_FALSE(keys.Remove(kFirstDb, "k", kList, 3));
  EXPECT_FALSE(keys.Remove(kFirstDb, "k", kZSet, 2));
  EXPECT_FALSE(keys.Remove(kSecondDb, "k", kList, 2));
  EXPECT_FALSE(alive.expired());
  EXPECT_TRUE(keys.Remove(kFirstDb, "k", kList, 2));
  EXPECT_TRUE(alive.expired());
  EXPECT_EQ(Waiting(keys, kFirstDb, "k"), std::vector<uint64_t>{1});
}

TEST(BlockedKeys, AKeyIsNotedOnceAndOnlyForTheTypeWaitedFor) {
  BlockedKeys keys;
  keys.NoteAdded(kFirstDb, "a", kList);
  EXPECT_FALSE(keys.any_ready());
  keys.Add(kFirstDb, "a", Ref(1));
  keys.Add(kFirstDb, "b", Ref(2));
  for (ValueType other : {ValueType::kString, kZSet}) keys.NoteAdded(kFirstDb, "a", other);
  keys.NoteAdded(kSecondDb, "a", kList);
  EXPECT_FALSE(keys.any_ready());
  for (const char* key : {"b", "a", "b"}) keys.NoteAdded(kFirstDb, key, kList);
  EXPECT_TRUE(keys.any_ready());
  EXPECT_EQ(TakeAll(keys), "0:b 0:a");
  EXPECT_FALSE(keys.any_ready());
  keys.NoteAdded(kFirstDb, "b", kList);  // and again, once it was taken
  EXPECT_EQ(TakeAll(keys), "0:b");
}

TEST(BlockedKeys, ReadyKeysWithoutWaitersArePassedOverAndNeverPileUp) {
  BlockedKeys keys;
  for (uint64_t number = 1; number <= 3; ++number) {
    keys.Add(kFirstDb, "k", Ref(number));
    keys.NoteAdded(kFirstDb, "k", kList);
    keys.Remove(kFirstDb, "k", kList, number);
  }
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(TakeAll(keys), "");
  keys.Add(kFirstDb, "k", Ref(4));
  EXPECT_EQ(TakeAll(keys), "");
  keys.NoteAdded(kFirstDb, "k", kList);
  EXPECT_EQ(TakeAll(keys), "0:k");
}

TEST(BlockedKeys, ADatabaseIsNotedInTheOrderOfWaiting) {
  BlockedKeys keys;
  keys.Add(kFirstDb, "later", Ref(3));
  keys.Add(kFirstDb, "set", Ref(4, kZSet));
  keys.Add(kFirstDb, "first", Ref(1));
  keys.Add(kFirstDb, "none", Ref(2));
  keys.Add(kSecondDb, "first", Ref(5));
  std::set<std::string> asked;
  keys.NoteDatabase(kFirstDb, [&](std::string_view key) -> std::optional<ValueType> {
    asked.emplace(key);
    return key == "none" ? std::nullopt : std::optional(kList);
  });
  EXPECT_EQ(asked, (std::set<std::string>{"first", "later", "none", "set"}));
  EXPECT_EQ(TakeAll(keys), "0:first 0:later");
}

// Against a plain model.
class BlockedKeysModelTest : public SeededTest {};

TEST_F(BlockedKeysModelTest, AgreesWithAModel) {
  BlockedKeys keys;
  using Name = std::tuple<uint8_t, ValueType, std::string>;
  std::map<Name, std::set<uint64_t>> model;
  std::vector<Name> ready;
  size_t registrations = 0;
  for (int step = 0; step < 20'000; ++step) {
    const Name name(static_cast<uint8_t>(Below(2)), Below(2) ? kList : kZSet,
                    std::string(1 + Below(4) * 20, 'k'));
    const auto& [db, type, key] = name;
    std::set<uint64_t>& waiting = model[name];
    const uint64_t number = 1 + Below(20);
    switch (Below(5)) {
      case 0: {
        const bool fresh = waiting.insert(number).second;
        ASSERT_EQ(keys.Add(DbIndex(db), key, Ref(number, type)), fresh);
        registrations += fresh;
        break;
      }
      case 1: {
        const bool was_there = waiting.erase(number) > 0;
        ASSERT_EQ(keys.Remove(DbIndex(db), key, type, number), was_there);
        registrations -= was_there;
        break;
      }
      case 2:
        keys.NoteAdded(DbIndex(db), key, type);
        if (!waiting.empty() && std::find(ready.begin(), ready.end(), name) == ready.end())
          ready.push_back(name);
        break;
      case 3: {
        while (!ready.empty() && model[ready.front()].empty()) ready.erase(ready.begin());
        const std::optional<ReadyKey> taken = keys.TakeReady();
        ASSERT_EQ(taken.has_value(), !ready.empty());
        if (!taken) break;
        ASSERT_EQ(Name(taken->db.value, taken->type, taken->key), ready.front());
        ready.erase(ready.begin());
        break;
      }
      default:
        ASSERT_EQ(Waiting(keys, DbIndex(db), key, type),
                  std::vector<uint64_t>(waiting.begin(), waiting.end()));
    }
    ASSERT_EQ(keys.size(), registrations);
    ASSERT_EQ(keys.empty(), registrations == 0);
  }
}

// --- what the keyspace notes

class ReadyKeysTest : public ::testing::Test {
 protected:
  ReadyKeysTest() {
    ks.SetTimeMicros(1'000'000'000);
    ks.journal().set_enabled(true);
    blocked().Add(kFirstDb, "k", Ref(1));
    blocked().Add(kFirstDb, "z", Ref(2, kZSet));
  }
  BlockedKeys& blocked() { return ks.blocked_keys(); }
  std::string Ready() { return TakeAll(blocked()); }
  static List* NewList() {
    auto* list = new List;
    list->PushBack("element");
    return list;
  }
  static ZSet* NewZSet() {
    auto* zset = new ZSet;
    zset->Add("member", 1);
    return zset;
  }

  Keyspace ks;
  Db& db0 = ks.db(kFirstDb);
  Db& db1 = ks.db(kSecondDb);
};

TEST_F(ReadyKeysTest, NewAndReplacedValuesOfTheTypeWake) {
  db0.SetString("k", "x");
  db0.AddValue("z", kList, NewList());
  db1.AddValue("k", kList, NewList());
  EXPECT_EQ(Ready(), "");
  db0.AddValue("z", kZSet, NewZSet());
  db0.AddValue("k", kList, NewList());
  EXPECT_EQ(Ready(), "0:z 0:k");
  db0.AddValue("k", kList, NewList());
  EXPECT_EQ(Ready(), "0:k");
}

TEST_F(ReadyKeysTest, MovesAndCopiesWake) {
  db0.MoveTo(db0, "k", db0.AddValue("other", kList, NewList()));
  EXPECT_EQ(Ready(), "0:k");
  db0.Delete("k");
  Entry* e = db1.AddValue("k", kList, NewList());
  db1.CopyTo(db0, "k", e);
  EXPECT_EQ(Ready(), "0:k");
  db0.Delete("k");
  db1.MoveTo(db0, "k", e);
  EXPECT_EQ(Ready(), "0:k");
}

TEST_F(ReadyKeysTest, EntriesFromAnotherShardWake) {
  db0.AddValue("k", kList, NewList());
  Ready();
  Keyspace other;
  other.blocked_keys().Add(kFirstDb, "k", Ref(7));
  db0.HandOver(100, [&](Entry* e) { other.db(kFirstDb).Adopt(e); });
  EXPECT_EQ(TakeAll(other.blocked_keys()), "0:k");
}

TEST_F(ReadyKeysTest, SwappingDatabasesWakesInBoth) {
  blocked().Add(kSecondDb, "k1", Ref(3));
  db1.AddValue("k", kList, NewList());
  db1.SetString("z", "no sorted set");
  db0.AddValue("k1", kList, NewList());
  db0.AddValue("z", kZSet, NewZSet());
  Ready();
  ks.SwapDbs(kFirstDb, kSecondDb);
  EXPECT_EQ(Ready(), "0:k 1:k1");
  ks.SwapDbs(kFirstDb, kFirstDb);
  EXPECT_EQ(Ready(), "");
}

TEST_F(ReadyKeysTest, AnExpiredKeyDoesNotWakeAndIsLoggedWhereItWas) {
  db1.AddValue("k", kList, NewList(), ks.now_ms + 1);
  ks.SetTimeMicros(ks.now_us + 5000);
  ks.SwapDbs(kFirstDb, kSecondDb);
  EXPECT_EQ(Ready(), "");
  EXPECT_EQ(db0.size(), 0u);
  const std::string log = ks.journal().TakeRecords();
  EXPECT_TRUE(log.starts_with("*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n"))
      << log;
}

TEST_F(ReadyKeysTest, FlushingWakesNobody) {
  db0.AddValue("k", kList, NewList());
  Ready();
  ks.Clear();
  EXPECT_EQ(Ready(), "");
  EXPECT_EQ(blocked().size(), 2u);
}

}  // namespace
}  // namespace basalt
