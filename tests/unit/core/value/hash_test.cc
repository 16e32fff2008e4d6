// Hash in both encodings, against std::map.
#include "core/value/hash.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "core/base/alloc.h"
#include "core/base/random.h"
#include "core/value/value_limits.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

using Model = std::map<std::string, std::string>;

Model Contents(const Hash& hash) {
  Model out;
  size_t visited = 0;
  hash.ForEach([&](std::string_view field, std::string_view value) {
    out.emplace(field, value);
    ++visited;
    return true;
  });
  EXPECT_EQ(visited, out.size());
  return out;
}

std::string Get(const Hash& hash, std::string_view field) {
  Element value;
  return hash.Get(field, &value) ? value.ToString() : "(none)";
}

TEST(HashTest, TurnsLargeBeyondTheLimits) {
  Hash hash;
  for (size_t i = 0; i < ValueLimits::hash_max_listpack_entries; ++i)
    EXPECT_TRUE(hash.Set("f" + std::to_string(i), "v"));
  EXPECT_FALSE(hash.Set("f0", "w"));
  EXPECT_STREQ(hash.EncodingName(), "listpack");
  EXPECT_TRUE(hash.Set("one more", "v"));
  EXPECT_STREQ(hash.EncodingName(), "hashtable");
  EXPECT_EQ(hash.Size(), ValueLimits::hash_max_listpack_entries + 1);
  EXPECT_EQ(Get(hash, "f0"), "w");

  const std::string longest(ValueLimits::hash_max_listpack_value, 'x');
  Hash long_value;
  long_value.Set("f", longest);
  long_value.Set(longest, "v");
  EXPECT_STREQ(long_value.EncodingName(), "listpack");
  long_value.Set("f", longest + "x");
  EXPECT_STREQ(long_value.EncodingName(), "hashtable");
  EXPECT_EQ(Get(long_value, longest), "v");
}

// A field's block comes from a slab or from the heap, and must go back to where it came from,
// whatever length the value has had in between.
TEST(HashTest, ValuesOfEveryLengthFollowEachOther) {
  const int64_t before = ThreadUsedMemory();
  {
    Hash hash;
    for (size_t i = 0; i <= ValueLimits::hash_max_listpack_entries; ++i)
      hash.Set("f" + std::to_string(i), "v");
    ASSERT_STREQ(hash.EncodingName(), "hashtable");
    for (size_t from = 0; from < 1300; from += 41) {
      for (size_t to : {from / 3, from / 2, from, from + 1, from + 8, from * 2}) {
        hash.Set("f0", std::string(from, 'a'));
        hash.Set("f0", std::string(to, 'b'));
        EXPECT_EQ(Get(hash, "f0"), std::string(to, 'b')) << from;
      }
    }
    hash.Set("f0", std::string(1300, 'a'));
    EXPECT_GE(hash.MemoryBytes(0), 1300u);
  }
  EXPECT_EQ(ThreadUsedMemory(), before);
}

TEST(HashTest, WritesAndReadsTheListpackOfRedis) {
  const std::string redis =
      std::string(absl::HexStringToBytes("320000000800846e616d650586626173616c7407847965617205c7ea0"
                                         "28270690384332e313405836e656704f290eefe04ff"));
  Hash hash;
  hash.Set("name", "basalt");
  hash.Set("year", "2026");
  hash.Set("pi", "3.14");
  hash.Set("neg", "-70000");
  EXPECT_EQ(hash.packed_bytes(), redis);
  const auto loaded = Hash::FromListpack(redis);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(Contents(*loaded), Contents(hash));
}

TEST(HashTest, RefusesBadListpacks) {
  Listpack odd;
  odd.Append("field");
  EXPECT_FALSE(Hash::FromListpack(odd.bytes()));
  for (int fields : {3, 100, 1000}) {
    Listpack twins;
    for (int i = 0; i < fields; ++i) {
      twins.Append("f" + std::to_string(i));
      twins.Append("v");
    }
    const auto fine = Hash::FromListpack(twins.bytes());
    ASSERT_TRUE(fine);
    EXPECT_EQ(fine->is_packed(), fields <= 512);
    EXPECT_EQ(fine->Size(), static_cast<size_t>(fields));
    twins.Append("f1");
    twins.Append("w");
    EXPECT_FALSE(Hash::FromListpack(twins.bytes())) << fields;
  }
  EXPECT_FALSE(Hash::FromListpack("junk"));
  const auto empty = Hash::FromListpack(Listpack().bytes());
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->Size(), 0u);
}

class HashRandomTest : public SeededTest {
 protected:
  // Random changes to a hash of up to about `fields` fields.
  void Change(Hash& hash, Model& model, size_t fields, int steps) {
    for (int i = 0; i < steps; ++i) {
      const std::string field =
          OneIn(2) ? std::to_string(Below(fields)) : "field:" + std::to_string(Below(fields));
      if (OneIn(3)) {
        ASSERT_EQ(hash.Delete(field), model.erase(field) == 1);
      } else {
        const std::string value = RandomValue(fields > 100 ? 400 : 60);
        ASSERT_EQ(hash.Set(field, value), model.insert_or_assign(field, value).second);
      }
      ASSERT_EQ(hash.Size(), model.size());
      ASSERT_EQ(hash.Exists(field), model.count(field) == 1);
    }
  }

  void ExpectSame(const Hash& hash, const Model& model) {
    ASSERT_EQ(Contents(hash), model);
    for (const auto& [field, value] : model) ASSERT_EQ(Get(hash, field), value);
  }
};

TEST_F(HashRandomTest, BehavesLikeAMap) {
  for (size_t fields : {10, 100, 5000}) {
    Hash hash;
    Model model;
    for (int round = 0; round < 10; ++round) {
      Change(hash, model, fields, 2000);
      ExpectSame(hash, model);
      if (HasFatalFailure()) return;
    }
    const auto clone = hash.Clone();
    EXPECT_STREQ(clone->EncodingName(), hash.EncodingName());
    ExpectSame(*clone, model);
    EXPECT_GT(hash.MemoryBytes(0), model.size());
    size_t freed = 0;
    while (const size_t n = hash.FreeSome(100)) freed += n;
    EXPECT_EQ(freed, model.size());
  }
}

// Every field that is there throughout is seen, though others come and go between the steps.
TEST_F(HashRandomTest, ScanSeesWhatStays) {
  Hash hash;
  std::set<std::string> staying;
  for (int i = 0; i < 5000; ++i) {
    hash.Set("stay" + std::to_string(i), "v");
    staying.insert("stay" + std::to_string(i));
  }
  uint64_t cursor = 0;
  size_t steps = 0;
  do {
    cursor = hash.Scan(cursor, 10, [&](std::string_view field, std::string_view) {
      staying.erase(std::string(field));
    });
    for (int i = 0; i < 100; ++i) {
      const std::string field = "pass" + std::to_string(Below(20000));
      OneIn(2) ? hash.Set(field, "v") : hash.Delete(field);
    }
    ++steps;
  } while (cursor != 0);
  EXPECT_TRUE(staying.empty());
  EXPECT_GT(steps, 100u);
  EXPECT_EQ(hash.Scan(~uint64_t{0}, 10, [](std::string_view, std::string_view) {}),
            0u);  // no cursor of ours
}

TEST_F(HashRandomTest, ScanOfASmallHashIsWhole) {
  Hash hash;
  for (int i = 0; i < 100; ++i) hash.Set(std::to_string(i), "v");
  size_t visited = 0;
  EXPECT_EQ(hash.Scan(0, 1, [&](std::string_view, std::string_view) { ++visited; }), 0u);
  EXPECT_EQ(visited, 100u);
}

TEST_F(HashRandomTest, RandomFieldsAreUniform) {
  Random random(seed());
  for (size_t fields : {size_t{50}, size_t{1000}}) {
    Hash hash;
    for (size_t i = 0; i < fields; ++i) hash.Set("f" + std::to_string(i), std::to_string(i));
    std::map<std::string, size_t> drawn;
    const size_t draws = fields * 400;
    hash.RandomRepeated(random, draws, [&](std::string_view field, std::string_view value) {
      EXPECT_EQ(field.substr(1), value);
      ++drawn[std::string(field)];
    });
    EXPECT_EQ(drawn.size(), fields);
    // 400 are expected of each, with a standard deviation of 20.
    for (const auto& [field, n] : drawn) EXPECT_NEAR(static_cast<double>(n), 400, 160) << field;

    for (size_t count : {size_t{0}, size_t{1}, fields / 10, fields / 2, fields, fields * 2}) {
      std::set<std::string> distinct;
      size_t visited = 0;
      hash.RandomDistinct(random, count, [&](std::string_view field, std::string_view) {
        distinct.emplace(field);
        ++visited;
      });
      EXPECT_EQ(distinct.size(), std::min(count, fields));
      EXPECT_EQ(visited, distinct.size());
    }
  }
  Element field;
  EXPECT_FALSE(Hash().RandomField(random, &field, nullptr));
}

TEST_F(HashRandomTest, DamagedListpacksAreRefusedOrHarmless) {
  Hash hash;
  for (int i = 0; i < 20; ++i) hash.Set("f" + std::to_string(i), RandomValue(60));
  const std::string bytes(hash.packed_bytes());
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = bytes;
    for (size_t n = 1 + Below(2); n > 0; --n)
      damaged[Below(damaged.size())] = static_cast<char>(Below(256));
    const auto loaded = Hash::FromListpack(damaged);
    if (loaded) EXPECT_EQ(Contents(*loaded).size(), loaded->Size());
  }
}

}  // namespace
}  // namespace basalt
