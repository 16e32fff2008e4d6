// RDB files, written and read back: everything comes back, in slices and by slot, and a file with
// any byte wrong is an error.
#include <gtest/gtest.h>

#include <map>

#include "core/base/crc.h"
#include "core/value/rdb_format.h"
#include "persistence/rdb/rdb_reader.h"
#include "persistence/rdb/rdb_writer.h"
#include "tests/support/memory_files.h"
#include "tests/support/seeded.h"
#include "tests/support/values.h"

namespace basalt::rdb {
namespace {

using namespace std::literals;

constexpr int64_t kNow = 1'700'000'000'000;
constexpr char kPath[] = "dir/dump.rdb";

std::string Contents(Keyspace& keyspace) {
  std::map<std::string, std::string> keys;
  for (uint32_t i = 0; i < keyspace.databases(); ++i) {
    keyspace.db(DbIndex(static_cast<uint8_t>(i))).ForEach([&](const Entry* e) {
      keys[StrCat(i, "/", e->key())] = StrCat(e->expire_at_ms(), " ", Describe(*e));
    });
  }
  std::string text;
  for (const auto& [key, value] : keys) StrAppend(&text, key, " = ", value, "\n");
  return text;
}

ReadOptions Into(Keyspace& keyspace) {
  return {.place = [&keyspace](std::string_view) { return &keyspace; }, .now_ms = keyspace.now_ms};
}

std::string WithChecksum(std::string bytes) {
  const uint64_t crc = Crc64(0, bytes);
  return bytes.append(reinterpret_cast<const char*>(&crc), 8);
}

class RdbFileTest : public SeededTest {
 protected:
  RdbFileTest() {
    source_.SetTimeMicros(kNow * 1000);
    loaded_.SetTimeMicros(kNow * 1000);
  }

  void Fill(size_t keys, size_t elements_max = 30) {
    for (size_t i = 0; i < keys; ++i) {
      Db& db = source_.db(DbIndex(static_cast<uint8_t>(OneIn(4) ? Below(16) : 0)));
      const std::string key = OneIn(10) ? RandomBytes(300) : StrCat("key:", i);
      const int64_t expiry =
          OneIn(3) ? kNow + 1 + static_cast<int64_t>(Below(1'000'000)) : kNoExpiry;
      const OwnedEntry value = RandomEntry(
          key, static_cast<ValueType>(Below(5)), OneIn(20) ? 1000 : elements_max,
          [this] { return OneIn(5) ? std::string(Below(500), 'r') : RandomValue(); },
          [this](uint64_t n) { return Below(n); }, expiry);
      Put(db, *value);
    }
  }
  // A copy of `e` under its key.
  void Put(Db& db, const Entry& e) {
    absl::StatusOr<DecodedValue> value = RestoreValue(DumpValue(e));
    ASSERT_TRUE(value.ok()) << value.status();
    if (value->type != ValueType::kString) {
      db.AddValue(e.key(), value->type, value->ReleaseObject(), e.expire_at_ms());
    } else if (value->is_integer) {
      db.SetInteger(e.key(), value->integer, e.expire_at_ms());
    } else {
      db.SetString(e.key(), value->text(), e.expire_at_ms());
    }
  }
  FileSummary Save(FileSinkOptions options = {}, FileHeader header = {}) {
    absl::StatusOr<FileSummary> summary = SaveShard(source_, files_, kPath, header, options);
    EXPECT_TRUE(summary.ok()) << summary.status();
    return summary.value_or(FileSummary{});
  }
  absl::Status Load(ReadOptions options) {
    absl::StatusOr<std::unique_ptr<RdbReader>> reader =
        RdbReader::Open(files_, kPath, std::move(options));
    if (!reader.ok()) return reader.status();
    reader_ = *std::move(reader);
    return reader_->LoadAll();
  }
  absl::Status Load() { return Load(Into(loaded_)); }
  // Loads a hand-made file: `body` follows the header of `version`.
  absl::Status LoadBody(std::string_view body, std::string_view version = "0010") {
    std::string bytes = StrCat("REDIS", version, body, "\xff");
    files_[kPath] = version < "0005" ? bytes : WithChecksum(bytes);
    return Load();
  }

  MemoryFiles files_;
  Keyspace source_, loaded_;
  std::unique_ptr<RdbReader> reader_;
};

TEST_F(RdbFileTest, EverythingComesBack) {
  Fill(3000);
  for (const bool compress : {true, false}) {
    const FileSummary summary = Save({.compress = compress, .buffer_bytes = 1 + Below(5000)});
    loaded_.Clear();
    ASSERT_TRUE(Load().ok());
    EXPECT_EQ(Contents(loaded_), Contents(source_));
    EXPECT_EQ(summary.keys, source_.TotalKeys());
    EXPECT_EQ(reader_->stats().keys_loaded, summary.keys);
    EXPECT_EQ(summary.bytes, files_[kPath].size());
    EXPECT_EQ(reader_->footer_crc64(), summary.crc64);
    EXPECT_NE(summary.crc64, 0u);
  }
}

TEST_F(RdbFileTest, LoadsInSlicesWithProgress) {
  Fill(500);
  Hash* big = new Hash;
  for (int i = 0; i < 20000; ++i) big->Set(StrCat("field", i), "some value");
  source_.db(DbIndex(3)).AddValue("big"sv, ValueType::kHash, big);
  Save({.compress = false});
  ReadOptions options = Into(loaded_);
  options.buffer_bytes = 512;
  auto reader = RdbReader::Open(files_, kPath, options);
  ASSERT_TRUE(reader.ok());
  uint64_t before = (*reader)->bytes_read();
  for (;;) {
    absl::StatusOr<bool> done = (*reader)->Step(1000);
    ASSERT_TRUE(done.ok()) << done.status();
    EXPECT_LT((*reader)->bytes_read() - before, 200'000u);
    before = (*reader)->bytes_read();
    if (*done) break;
  }
  EXPECT_EQ((*reader)->bytes_read(), (*reader)->bytes_total());
  EXPECT_EQ(Contents(loaded_), Contents(source_));
}

TEST_F(RdbFileTest, EachShardPicksItsOwnKeys) {
  Fill(1000);
  Save();
  std::map<uint16_t, uint64_t> picked;
  uint64_t total = 0;
  for (uint16_t shard = 0; shard < 3; ++shard) {
    Keyspace own;
    own.SetTimeMicros(kNow * 1000);
    ASSERT_TRUE(Load({.place = [&](std::string_view key) {
                  return ShardOfSlot(SlotOf(key), 3) == ShardId(shard) ? &own : nullptr;
                }}).ok());
    for (int i = 0; i < 16; ++i) {
      own.db(DbIndex(static_cast<uint8_t>(i))).ForEach([&](const Entry* e) {
        EXPECT_EQ(ShardOfSlot(SlotOf(e->key()), 3), ShardId(shard));
      });
    }
    total += own.TotalKeys();
    EXPECT_EQ(reader_->stats().keys_elsewhere, source_.TotalKeys() - own.TotalKeys());
  }
  EXPECT_EQ(total, source_.TotalKeys());
}

TEST_F(RdbFileTest, ExpiredKeysAreWrittenAndDroppedOnLoad) {
  source_.db(DbIndex(0)).SetString("old"sv, "v", kNow + 10);
  source_.db(DbIndex(0)).SetString("new"sv, "v", kNow + 1000);
  source_.SetTimeMicros((kNow + 500) * 1000);
  EXPECT_EQ(Save().keys, 2u);
  loaded_.SetTimeMicros((kNow + 1000) * 1000);  // its last millisecond
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(reader_->stats().keys_expired, 1u);
  EXPECT_EQ(Contents(loaded_), StrCat("0/new = ", kNow + 1000, " string 1:v \n"));
}

TEST_F(RdbFileTest, HeaderTellsWhichShard) {
  Save({}, {.created_unix_s = 1700000000,
            .used_memory = 123456,
            .aof_base = true,
            .shard = ShardInfo{ShardId(2), 4, Epoch(77)}});
  ASSERT_TRUE(Load().ok());
  const FileAux& aux = reader_->aux();
  EXPECT_EQ(aux.redis_version, "7.0.15");
  EXPECT_EQ(aux.created_unix_s, 1700000000);
  EXPECT_EQ(aux.used_memory, 123456);
  EXPECT_EQ(aux.aof_base, 1);
  EXPECT_EQ(aux.shard, 2);
  EXPECT_EQ(aux.shards, 4);
  EXPECT_EQ(aux.epoch, 77);
  EXPECT_EQ(aux.slots, "8192-12287");
}

TEST_F(RdbFileTest, ChecksumMayBeOff) {
  Fill(20);
  EXPECT_EQ(Save({.checksum = false}).crc64, 0u);
  EXPECT_EQ(files_[kPath].substr(files_[kPath].size() - 8), std::string(8, '\0'));
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(Contents(loaded_), Contents(source_));
}

TEST_F(RdbFileTest, WriteErrorsLeaveTheOldFile) {
  Fill(200);
  Save();
  const std::string before = files_[kPath];
  source_.db(DbIndex(0)).SetString("another"sv, "v");
  int failures = 0;
  for (int operations = 0;; ++operations) {
    files_.FailAfter(operations);
    absl::StatusOr<FileSummary> summary =
        SaveShard(source_, files_, kPath, {}, {.buffer_bytes = 4096, .sync_every_bytes = 10000});
    files_.FailAfter(-1);
    if (summary.ok()) break;
    ++failures;
    EXPECT_EQ(summary.status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_FALSE(files_.Has(StrCat(kPath, ".tmp")));
    if (files_[kPath] != before) {  // only the folder's sync failed
      loaded_.Clear();
      EXPECT_TRUE(Load().ok());
    }
  }
  EXPECT_GT(failures, 5);
}

TEST_F(RdbFileTest, ReadsEveryOpcode) {
  const std::string key = "\x01k"s, value = "\x01v"s;
  EXPECT_TRUE(LoadBody("\x00"s + key + value, "0001").ok()) << "no checksum before version 5";
  EXPECT_EQ(Contents(loaded_), "0/k = -1 string 1:v \n");
  loaded_.Clear();
  const std::string body =
      "\xfa\x05valve\x01x"s  // an aux field that nobody knows
      "\xf5\x04lib!"s        // a function library
      "\xf6\x01n\x03lua\x01\x04"
      "desc\x02;;"s  // one of a release candidate
      "\xf7\x81\x01\x02\x03\x04\x05\x06\x07\x08\x02\x01"
      "\x01\x05\x03"
      "abcd\x04"
      "abcdefgh\x05\x02hi\x00"s  // module data
      "\xfe\x02\xfb\x05\x01"s    // select, resize
      "\xf8\x40\x80\xf9\x07\xfd\x01\xf1\x53\x65\x00"s +
      key + value +  // idle, frequency, seconds
      "\xfc\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01l\x01v"s + "\x00\x01m\xc0\x2a"s;
  ASSERT_TRUE(LoadBody(body).ok()) << LoadBody(body);
  EXPECT_EQ(Contents(loaded_), StrCat("2/k = ", int64_t{0x6553f101} * 1000, " string 1:v \n",
                                      "2/m = -1 string 2:42 \n"));
  EXPECT_EQ(reader_->stats().functions, 2u);
  EXPECT_EQ(reader_->stats().module_aux, 1u);
  EXPECT_EQ(reader_->stats().keys_expired, 1u);
}

TEST_F(RdbFileTest, TimesBefore1970AreLongPast) {
  ASSERT_TRUE(LoadBody("\xfc"s + std::string(8, '\xff') + "\x00\x01k\x01v"s).ok());
  ASSERT_TRUE(LoadBody("\xfc\xfe"s + std::string(7, '\xff') + "\x00\x01k\x01v"s).ok());
  EXPECT_EQ(loaded_.TotalKeys(), 0u);
}

TEST_F(RdbFileTest, ErrorsSayWhatAndWhere) {
  auto error = [this](std::string_view body, std::string_view version = "0010") {
    return std::string(LoadBody(body, version).message());
  };
  EXPECT_EQ(
      error("\x0f\x06"
            "stream"s),
      "dir/dump.rdb: a stream cannot be loaded: unsupported type, at offset 17, key \"stream\"");
  EXPECT_EQ(
      error("\x07\x03mod"s),
      "dir/dump.rdb: a module value cannot be loaded: unsupported type, at offset 14, key \"mod\"");
  EXPECT_EQ(error("\x10\x01h\x02xx"s),
            "dir/dump.rdb: bad listpack of a hash at offset 15, key \"h\"");
  EXPECT_EQ(error("\x63\x01h"s), "dir/dump.rdb: unknown value type 99 at offset 10");
  EXPECT_EQ(error("\xfe\x10"s), "dir/dump.rdb: database 16 is out of range at offset 11");
  EXPECT_EQ(error("\x00\x01k\x01v\x00\x01k\x01w"s),
            "dir/dump.rdb: the key occurs twice at offset 19, key \"k\"");
  EXPECT_EQ(error("", "0012"), "dir/dump.rdb: unsupported RDB version 12 at offset 9");
  EXPECT_EQ(error("", "00x0"), "dir/dump.rdb: bad RDB version at offset 9");
  files_[kPath] = "REDIT0010\xff";
  EXPECT_EQ(Load().message(), "dir/dump.rdb: this is no RDB file: wrong magic at offset 9");
  files_[kPath] = "";
  EXPECT_FALSE(Load().ok());
}

TEST_F(RdbFileTest, WhatFollowsTheFooterIsNotTouched) {
  Fill(50);
  const FileSummary summary = Save();
  files_[kPath] += "*1\r\n$4\r\nPING\r\n";
  ASSERT_TRUE(Load().ok());
  EXPECT_EQ(reader_->bytes_read(), summary.bytes);
  EXPECT_EQ(reader_->bytes_total(), summary.bytes + 14);
}

TEST_F(RdbFileTest, AnyWrongByteIsAnError) {
  Fill(12, 6);
  Save();
  const std::string good = files_[kPath];
  for (size_t at = 0; at < good.size(); ++at) {
    loaded_.Clear();
    files_[kPath] = good.substr(0, at);
    ASSERT_FALSE(Load().ok()) << "cut at " << at;
    loaded_.Clear();
    files_[kPath] = good;
    files_[kPath][at] ^= static_cast<char>(1 + Below(255));
    const absl::Status status = Load();
    // The checksum covers all; a footer of zeros would mean "none", which one changed byte cannot
    // make.
    ASSERT_FALSE(status.ok()) << "byte " << at;
  }
}

// The same without the checksum's protection: an error or something loaded, but no harm.
TEST_F(RdbFileTest, MangledFilesNeverHarm) {
  for (int round = 0; round < 30; ++round) {
    source_.Clear();
    Fill(12, 8);
    Save({.compress = OneIn(2)});
    const std::string good = files_[kPath];
    for (int i = 0; i < 300; ++i) {
      loaded_.Clear();
      std::string& bytes = files_[kPath] = good;
      for (uint64_t n = 1 + Below(3); n > 0; --n)
        bytes[9 + Below(bytes.size() - 9)] = static_cast<char>(0xFF >> Below(8));
      ReadOptions options = Into(loaded_);
      options.checksum = false;
      options.buffer_bytes = 1 + Below(200);
      auto reader = RdbReader::Open(files_, kPath, options);
      if (!reader.ok()) continue;
      absl::StatusOr<bool> done = false;
      while (done.ok() && !*done) done = (*reader)->Step(1 + Below(300));
    }
    loaded_.IdleStep(1'000'000);
    source_.IdleStep(1'000'000);
  }
}

}  // namespace
}  // namespace basalt::rdb
