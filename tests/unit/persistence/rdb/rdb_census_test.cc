// What the census counts, and that it finds what a load would.
#include "persistence/rdb/rdb_census.h"

#include <gtest/gtest.h>

#include "core/base/crc.h"
#include "core/base/strings.h"
#include "core/value/rdb_format.h"
#include "persistence/rdb/rdb_writer.h"
#include "tests/support/memory_files.h"

namespace basalt::rdb {
namespace {

using namespace std::literals;

constexpr int64_t kCensusNow = 1'700'000'000'000;
constexpr char kCensusPath[] = "dir/dump.rdb";

class RdbCensusTest : public testing::Test {
 protected:
  RdbCensusTest() { keyspace_.SetTimeMicros(kCensusNow * 1000); }

  void Put(std::string_view key, std::string_view value, int64_t expiry = kNoExpiry, int db = 0) {
    keyspace_.db(DbIndex(static_cast<uint8_t>(db))).SetString(key, value, expiry);
  }
  void PutHash(std::string_view key, int fields) {
    Hash* hash = new Hash;
    for (int i = 0; i < fields; ++i) hash->Set(StrCat("field", i), "value");
    keyspace_.db(DbIndex(0)).AddValue(key, ValueType::kHash, hash);
  }
  void Save(FileHeader header = {}, std::vector<std::string> functions = {}) {
    Keyspace* const one[] = {&keyspace_};
    header.libraries = std::move(functions);
    ASSERT_TRUE(SaveTogether(one, files_, kCensusPath, header, {.compress = false}).ok());
  }
  Census Take(CensusOptions options = {.now_ms = kCensusNow}) {
    return TakeCensus(files_, kCensusPath, options);
  }
  const TypeCensus& Of(const Census& census, ValueType type) {
    return census.types[static_cast<size_t>(type)];
  }

  MemoryFiles files_;
  Keyspace keyspace_;
};

TEST_F(RdbCensusTest, CountsKeysByTypeDatabaseAndExpiry) {
  Put("a", "1");
  Put("b", std::string(1000, 'x'), kCensusNow + 1);
  Put("c", "gone", kCensusNow - 1, 7);
  PutHash("h", 600);
  Save({.created_unix_s = 123});
  std::atomic<uint64_t> progress{0};
  for (const bool deep : {true, false}) {
    progress = 0;
    const Census census = Take({.now_ms = kCensusNow, .deep = deep, .progress = &progress});
    EXPECT_TRUE(census.clean());
    EXPECT_EQ(census.keys(), 4u);
    EXPECT_EQ(census.expires(), 2u);
    EXPECT_EQ(census.expired(), 1u);
    EXPECT_EQ(census.db_keys[0], 3u);
    EXPECT_EQ(census.db_keys[7], 1u);
    EXPECT_EQ(Of(census, ValueType::kString).keys, 3u);
    EXPECT_EQ(Of(census, ValueType::kHash).elements, deep ? 600u : 0u);
    const std::vector<BigKey>& biggest = Of(census, ValueType::kString).biggest;
    ASSERT_EQ(biggest.size(), 3u);
    EXPECT_EQ(biggest[0].key, "b");
    EXPECT_GT(biggest[0].bytes, 1000u);
    EXPECT_LT(biggest[0].bytes, 1020u);
    EXPECT_EQ(census.aux.created_unix_s, 123);
    EXPECT_NE(census.crc64, 0u);
    EXPECT_LE(progress, census.size);
    EXPECT_GE(progress + 20, census.size);
  }
}

TEST_F(RdbCensusTest, RemembersOnlyTheLargestAndCutsLongKeys) {
  for (int i = 0; i < 100; ++i) Put(StrCat("k", i), std::string(static_cast<size_t>(i), 'x'));
  Put(std::string(5000, 'K'), "v");
  Save();
  const Census census = Take({.now_ms = kCensusNow, .biggest = 2});
  const std::vector<BigKey>& biggest = Of(census, ValueType::kString).biggest;
  ASSERT_EQ(biggest.size(), 2u);
  EXPECT_EQ(biggest[0].key.size(), BigKey::kKeyBytesMax);
  EXPECT_EQ(biggest[0].key_bytes, 5000u);
  EXPECT_EQ(biggest[1].key, "k99");
}

TEST_F(RdbCensusTest, KeysOfOtherShardsAreFound) {
  std::string here, elsewhere;
  for (int i = 0; here.empty() || elsewhere.empty(); ++i) {
    const std::string key = StrCat("key", i);
    (ShardOfSlot(SlotOf(key), 4) == ShardId(2) ? here : elsewhere) = key;
  }
  Put(here, "v");
  const FileHeader header{.shard = ShardInfo{.shard = ShardId(2), .shards = 4}};
  Save(header);
  EXPECT_TRUE(Take().clean());
  Put(elsewhere, "v");
  Save(header);
  ASSERT_EQ(Take().problems.size(), 1u);
  EXPECT_EQ(Take().problems[0], "1 keys are not of the slots of shard 2");
}

TEST_F(RdbCensusTest, FunctionsAreNamedAndKept) {
  Put("a", "1");
  Save({}, {"#!lua name=first\nredis.register_function('f', f)", "no header"});
  const Census census = Take();
  EXPECT_TRUE(census.clean());
  EXPECT_EQ(census.functions, (std::vector<std::string>{"first", "?"}));
  EXPECT_EQ(census.stats.functions, 2u);
}

TEST_F(RdbCensusTest, EveryFlippedByteIsSeen) {
  for (int i = 0; i < 20; ++i) Put(StrCat("k", i), "value");
  PutHash("h", 5);
  Save();
  const std::string good = files_[kCensusPath];
  for (size_t at = 0; at < good.size(); ++at) {
    files_[kCensusPath] = good;
    files_[kCensusPath][at] = static_cast<char>(good[at] ^ 0x11);
    EXPECT_FALSE(Take().clean()) << at;
    EXPECT_FALSE(Take({.deep = false}).clean()) << at;
  }
}

TEST_F(RdbCensusTest, WhatIsWrongInsideAValueIsSeenWithoutAChecksumToo) {
  PutHash("h", 5);
  Save();
  std::string& bytes = files_[kCensusPath];
  bytes.replace(bytes.size() - 8, 8, 8, '\0');  // no checksum
  const size_t field = bytes.find("field3");
  ASSERT_NE(field, std::string::npos);
  bytes[field - 1] = '\x7f';  // the length of an element in the packed hash
  EXPECT_TRUE(Take({.deep = false}).clean());
  EXPECT_FALSE(Take().error.ok());
}

TEST_F(RdbCensusTest, BytesBehindTheEndAreAProblemUnlessALogFollows) {
  Put("a", "1");
  Save();
  files_[kCensusPath] += "*1\r\n$4\r\nPING\r\n";
  EXPECT_EQ(Take().problems.size(), 1u);
  const Census head = Take({.preamble = true});
  EXPECT_TRUE(head.clean());
  EXPECT_EQ(head.size - head.rdb_size, 14u);
}

TEST_F(RdbCensusTest, WhatIsNoRdbFileIsAnError) {
  files_[kCensusPath] = "something else entirely";
  EXPECT_TRUE(absl::IsDataLoss(Take().error)) << Take().error;
  EXPECT_TRUE(absl::IsNotFound(TakeCensus(files_, "missing", {}).error));
}

TEST(SaveTogetherTest, KeyspacesBecomeOneFile) {
  MemoryFiles files;
  Keyspace a, b, loaded;
  a.db(DbIndex(0)).SetString("a"sv, "1"sv, kNoExpiry);
  b.db(DbIndex(0)).SetString("b"sv, "2"sv, kCensusNow + 5);
  b.db(DbIndex(3)).SetString("c"sv, "3"sv, kNoExpiry);
  Keyspace* const both[] = {&a, &b};
  const auto summary = SaveTogether(both, files, kCensusPath, {}, {});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->keys, 3u);
  EXPECT_FALSE(files.Has(std::string(kCensusPath) + ".tmp"));
  auto reader =
      RdbReader::Open(files, kCensusPath, {.place = [&](std::string_view) { return &loaded; }});
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->LoadAll().ok());
  EXPECT_EQ(loaded.db(DbIndex(0)).size(), 2u);
  EXPECT_EQ(loaded.db(DbIndex(0)).expires(), 1u);
  EXPECT_EQ(loaded.db(DbIndex(3)).size(), 1u);
  // A failure leaves the file as it was.
  const std::string before = files[kCensusPath];
  for (int n = 0; n < 3; ++n) {
    files.FailAfter(n);
    EXPECT_FALSE(SaveTogether(both, files, kCensusPath, {}, {}).ok());
    EXPECT_EQ(files[kCensusPath], before);
  }
}

}  // namespace
}  // namespace basalt::rdb
