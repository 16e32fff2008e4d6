// DUMP and RESTORE payloads: what is written reads back, every encoding of old versions is read,
// and no byte string, however mangled, does more than give an error.
#include "core/value/rdb_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/crc.h"
#include "core/value/rdb_format.h"
#include "core/value/value_limits.h"
#include "tests/support/seeded.h"
#include "tests/support/values.h"

namespace basalt::rdb {
namespace {

using namespace std::string_literals;

std::string Footer(std::string payload, uint16_t version) {
  payload.append(reinterpret_cast<const char*>(&version), 2);
  const uint64_t crc = Crc64(0, payload);
  return payload.append(reinterpret_cast<const char*>(&crc), 8);
}

// A payload of `type` whose value is the bytes `body`.
std::string Payload(uint8_t type, std::string_view body, uint16_t version = 10) {
  return Footer(StrCat(static_cast<char>(type), body), version);
}

// `bytes` as an RDB string (of up to 63 bytes, or up to 16383).
std::string Str(std::string_view bytes) {
  if (bytes.size() < 64) return StrCat(static_cast<char>(bytes.size()), bytes);
  return StrCat(static_cast<char>(0x40 | bytes.size() >> 8), static_cast<char>(bytes.size()),
                bytes);
}

template <class T>
std::string Bytes(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

// A ziplist of entries given with their encoding byte(s), without the leading length of the
// previous one.
std::string Ziplist(const std::vector<std::string>& entries) {
  std::string body;
  size_t previous = 0, tail = 10;
  for (const std::string& entry : entries) {
    tail = 10 + body.size();
    const std::string prefix = previous < 254 ? std::string(1, static_cast<char>(previous))
                                              : "\xfe"s + Bytes<uint32_t>(previous);
    body += prefix + entry;
    previous = prefix.size() + entry.size();
  }
  return Bytes<uint32_t>(10 + body.size() + 1) + Bytes<uint32_t>(tail) +
         Bytes<uint16_t>(entries.size()) + body + "\xff";
}

// A ziplist entry of a text of up to 63 bytes.
std::string Z(std::string_view text) { return StrCat(static_cast<char>(text.size()), text); }

std::string Listpack(const std::vector<std::string>& texts) {
  basalt::Listpack packed;
  for (const std::string& text : texts) packed.Append(text);
  return std::string(packed.bytes());
}

std::string Restored(const std::string& payload) {
  absl::StatusOr<DecodedValue> value = RestoreValue(payload);
  if (!value.ok()) return StrCat("error: ", std::string(value.status().message()));
  return Describe(*MakeEntry("k", *std::move(value)));
}

std::string Expected(ValueType type, const std::vector<std::string>& parts) {
  std::vector<std::string> texts;
  for (const std::string& part : parts) texts.push_back(StrCat(part.size(), ":", part, " "));
  if (type == ValueType::kSet || type == ValueType::kHash) std::sort(texts.begin(), texts.end());
  std::string text = StrCat(TypeName(type), " ");
  for (const std::string& part : texts) text += part;
  return text;
}

class RdbCodecTest : public SeededTest {
 protected:
  OwnedEntry Random(ValueType type, size_t elements_max) {
    return RandomEntry(
        "key", type, elements_max, [this] { return RandomText(); },
        [this](uint64_t n) { return Below(n); });
  }
  std::string RandomText() {
    switch (Below(8)) {
      case 0:
        return std::string(Below(400), static_cast<char>('a' + Below(26)));  // compressible
      case 1:
        return std::to_string(INT64_MIN + static_cast<int64_t>(Below(3)));
      case 2:
        return "";
      default:
        return RandomValue();
    }
  }
  // Flips, cuts and grows at random, with a right checksum afterwards.
  std::string Mangle(std::string payload) {
    payload.resize(payload.size() - kDumpFooterBytes);
    for (uint64_t n = 1 + Below(3); n > 0 && !payload.empty(); --n) {
      const size_t at = Below(payload.size());
      switch (Below(4)) {
        case 0:
          payload.resize(at);
          break;
        case 1:
          payload.insert(at, RandomBytes(1 + Below(4)));
          break;
        case 2:
          payload[at] = static_cast<char>(0xFF >> Below(8));
          break;
        default:
          payload[at] ^= static_cast<char>(1 << Below(8));
          break;
      }
    }
    return Footer(payload, 10);
  }
};

constexpr ValueType kAllTypes[] = {ValueType::kString, ValueType::kList, ValueType::kSet,
                                   ValueType::kZSet, ValueType::kHash};

TEST_F(RdbCodecTest, WhatIsDumpedRestores) {
  for (int round = 0; round < 300; ++round) {
    for (const ValueType type : kAllTypes) {
      const OwnedEntry entry = Random(type, OneIn(10) ? 2000 : 40);
      for (const bool compress : {true, false}) {
        ASSERT_EQ(Restored(DumpValue(*entry, compress)), Describe(*entry));
      }
    }
  }
}

TEST_F(RdbCodecTest, TypeByteFollowsTheEncoding) {
  auto type_of = [this](ValueType type, size_t elements) {
    const OwnedEntry entry = RandomEntry(
        "k", type, 1, [] { return "1"s; }, [](uint64_t) { return 0; });
    for (size_t i = 0; i < elements; ++i) {
      if (type == ValueType::kSet) entry->set()->Add(std::to_string(i));
      if (type == ValueType::kHash) entry->hash()->Set(std::to_string(i), "v");
      if (type == ValueType::kZSet) entry->zset()->Add(std::to_string(i), 1);
    }
    return static_cast<int>(DumpValue(*entry)[0]);
  };
  EXPECT_EQ(type_of(ValueType::kString, 1), 0);
  EXPECT_EQ(type_of(ValueType::kList, 1), 18);
  EXPECT_EQ(type_of(ValueType::kSet, 10), 11);
  EXPECT_EQ(type_of(ValueType::kSet, 600), 2);
  EXPECT_EQ(type_of(ValueType::kZSet, 10), 17);
  EXPECT_EQ(type_of(ValueType::kZSet, 600), 5);
  EXPECT_EQ(type_of(ValueType::kHash, 10), 16);
  EXPECT_EQ(type_of(ValueType::kHash, 600), 4);
}

TEST_F(RdbCodecTest, StringsTakeTheirShortestForm) {
  auto body = [](std::string_view value) {
    const OwnedEntry entry(Entry::NewString("k", value, kNoExpiry));
    const std::string payload = DumpValue(*entry);
    return payload.substr(1, payload.size() - 1 - kDumpFooterBytes);
  };
  EXPECT_EQ(body("10"), "\xc0\x0a"s);
  EXPECT_EQ(body("-1"), "\xc0\xff"s);
  EXPECT_EQ(body("300"), "\xc1\x2c\x01"s);
  EXPECT_EQ(body("-2147483648"), "\xc2\x00\x00\x00\x80"s);
  EXPECT_EQ(body("2147483648"), Str("2147483648"));
  EXPECT_EQ(body("007"), Str("007"));
  EXPECT_EQ(body("abc"), Str("abc"));
  EXPECT_EQ(body(std::string(1000, 'x')).substr(0, 1), "\xc3");
  EXPECT_LT(body(std::string(1000, 'x')).size(), 50u);
}

TEST_F(RdbCodecTest, ReadsPlainOldEncodings) {
  EXPECT_EQ(Restored(Payload(kTypeList, "\x02"s + Str("a") + "\xc0\x05"s)),
            Expected(ValueType::kList, {"a", "5"}));
  EXPECT_EQ(Restored(Payload(kTypeSet, "\x02"s + Str("a") + Str("b"))),
            Expected(ValueType::kSet, {"a", "b"}));
  EXPECT_EQ(Restored(Payload(kTypeHash, "\x01"s + Str("f") + Str("v"))),
            Expected(ValueType::kHash, {"1:f v"}));
  EXPECT_EQ(Restored(Payload(kTypeZSet, "\x04"s + Str("a") + "\xff" + Str("b") +
                                            "\x03"
                                            "1.5" +
                                            Str("c") +
                                            "\x02"
                                            "10" +
                                            Str("d") + "\xfe")),
            Expected(ValueType::kZSet, {"-inf a", "1.5 b", "10 c", "inf d"}));
  EXPECT_EQ(Restored(Payload(kTypeZSet2, "\x02"s + Str("b") + Bytes(2.5) + Str("a") + Bytes(-1.0))),
            Expected(ValueType::kZSet, {"-1 a", "2.5 b"}));
}

TEST_F(RdbCodecTest, ReadsZiplists) {
  const std::string medium(100, 'm'), large(20000, 'l');
  const std::string list = Ziplist(
      {Z("text"), "\x40\x64"s + medium, "\x80"s + "\x00\x00\x4e\x20"s + large,
       "\xc0"s + Bytes<int16_t>(-300), "\xd0"s + Bytes<int32_t>(70000),
       "\xe0"s + Bytes<int64_t>(INT64_MIN), "\xf0\xff\xff\xff"s, "\xfe\x80"s, "\xf1"s, "\xfd"s});
  const std::string length = "\x80"s + Bytes(__builtin_bswap32(static_cast<uint32_t>(list.size())));
  const std::vector<std::string> elements = {
      "text", medium, large, "-300", "70000", std::to_string(INT64_MIN), "-1", "-128", "0", "12"};
  EXPECT_EQ(Restored(Payload(kTypeListZiplist, length + list)),
            Expected(ValueType::kList, elements));
  EXPECT_EQ(Restored(Payload(kTypeListQuicklist,
                             "\x02"s + Str(Ziplist({Z("a"), "\xf2"s})) + length + list)),
            Expected(ValueType::kList, [&] {
              std::vector<std::string> all = elements;
              all.insert(all.begin(), {"a", "1"});
              return all;
            }()));
  EXPECT_EQ(Restored(Payload(kTypeHashZiplist, Str(Ziplist({Z("f"), Z("v"), Z("g"), "\xf3"s})))),
            Expected(ValueType::kHash, {"1:f v", "1:g 2"}));
  EXPECT_EQ(Restored(Payload(kTypeZSetZiplist,
                             Str(Ziplist({Z("a"), Z("-1.5"), Z("b"), "\xf3"s, Z("c"), Z("inf")})))),
            Expected(ValueType::kZSet, {"-1.5 a", "2 b", "inf c"}));
}

TEST_F(RdbCodecTest, ReadsZipmaps) {
  const std::string longer(300, 'v');
  const std::string map = "\x03"s + Z("f") + "\x01\x02vxx"s + Z("long") + "\xfe"s +
                          Bytes<uint32_t>(300) + "\x00"s + longer + Z("e") + "\x00\x00"s + "\xff";
  EXPECT_EQ(Restored(Payload(kTypeHashZipmap, Str(map))),
            Expected(ValueType::kHash, {"1:e ", "1:f v", "4:long " + longer}));
}

TEST_F(RdbCodecTest, ReadsPackedEncodings) {
  const std::string ints = Bytes<uint32_t>(4) + Bytes<uint32_t>(3) + Bytes<int32_t>(-70000) +
                           Bytes<int32_t>(0) + Bytes<int32_t>(7);
  EXPECT_EQ(Restored(Payload(kTypeSetIntset, Str(ints))), "set 1:0 1:7 6:-70000 ");
  EXPECT_EQ(Restored(Payload(kTypeSetListpack, Str(Listpack({"a", "12"})), 11)), "set 1:a 2:12 ");
  EXPECT_EQ(Restored(Payload(kTypeHashListpack, Str(Listpack({"f", "v"})))),
            Expected(ValueType::kHash, {"1:f v"}));
  EXPECT_EQ(Restored(Payload(kTypeZSetListpack, Str(Listpack({"a", "1", "b", "2.5"})))),
            Expected(ValueType::kZSet, {"1 a", "2.5 b"}));
  EXPECT_EQ(
      Restored(Payload(kTypeListQuicklist2, "\x03"s + "\x02" + Str(Listpack({"a", "1"})) + "\x01" +
                                                Str("plain") + "\x02" + Str(Listpack({"z"})))),
      Expected(ValueType::kList, {"a", "1", "plain", "z"}));
}

TEST_F(RdbCodecTest, RefusesWrongFooters) {
  const OwnedEntry entry = Random(ValueType::kHash, 20);
  const std::string good = DumpValue(*entry);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= static_cast<char>(1 + Below(255));
    EXPECT_EQ(RestoreValue(bad).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(RestoreValue(good.substr(0, at)).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(RestoreValue(Payload(kTypeString, Str("a"), 12)).ok())
      << "a version that does not exist yet";
}

TEST_F(RdbCodecTest, NamesWhatItCannotRestore) {
  EXPECT_EQ(RestoreValue(Payload(kTypeStream2, "\x00"s)).status().message(),
            "cannot restore a stream");
  EXPECT_EQ(RestoreValue(Payload(kTypeModule, "\x00"s)).status().message(),
            "cannot restore a module value");
  EXPECT_EQ(RestoreValue(Payload(99, "\x00"s)).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RdbCodecTest, RefusesMalformedValues) {
  const std::string huge = "\x81\x00\x00\x00\x7f\xff\xff\xff\xff"s;
  const std::string all_ff(8, '\xff');
  const struct {
    const char* what;
    std::string payload;
  } cases[] = {
      {"empty list", Payload(kTypeList, "\x00"s)},
      {"empty hash", Payload(kTypeHashListpack, Str(Listpack({})))},
      {"no value", Payload(kTypeString, "")},
      {"trailing bytes", Payload(kTypeString, Str("a") + "x")},
      {"string longer than the payload", Payload(kTypeString, huge)},
      {"2^64-1 bytes", Payload(kTypeString, "\x81"s + all_ff)},
      {"2^64-1 members", Payload(kTypeSet, "\x81"s + all_ff)},
      {"2^64-1 nodes", Payload(kTypeListQuicklist2, "\x81"s + all_ff)},
      {"compressed string that claims too much",
       Payload(kTypeString, "\xc3\x01"s + "\x80\x7f\xff\xff\xff" + "a")},
      {"compressed string of rubbish", Payload(kTypeString, "\xc3\x02\x10\xff\xff"s)},
      {"unknown string encoding", Payload(kTypeString, "\xc5"s)},
      {"member twice", Payload(kTypeSet, "\x02"s + Str("a") + Str("a"))},
      {"field twice", Payload(kTypeHash, "\x02"s + Str("a") + Str("1") + Str("a") + Str("2"))},
      {"field twice in a listpack",
       Payload(kTypeHashListpack, Str(Listpack({"a", "1", "a", "2"})))},
      {"field without value", Payload(kTypeHashListpack, Str(Listpack({"a"})))},
      {"field without value in a ziplist", Payload(kTypeHashZiplist, Str(Ziplist({Z("a")})))},
      {"score NaN", Payload(kTypeZSet2, "\x01"s + Str("a") + Bytes(std::nan("")))},
      {"old score NaN", Payload(kTypeZSet, "\x01"s + Str("a") + "\xfd")},
      {"score of letters", Payload(kTypeZSetListpack, Str(Listpack({"a", "b"})))},
      {"intset out of order", Payload(kTypeSetIntset, Str(Bytes<uint32_t>(2) + Bytes<uint32_t>(2) +
                                                          Bytes<int16_t>(5) + Bytes<int16_t>(4)))},
      {"intset of a strange width",
       Payload(kTypeSetIntset, Str(Bytes<uint32_t>(3) + Bytes<uint32_t>(1) + "abc"))},
      {"ziplist cut", Payload(kTypeListZiplist, Str(Ziplist({Z("abc")}).substr(0, 12)))},
      {"unknown node", Payload(kTypeListQuicklist2, "\x01\x03"s + Str("a"))},
      {"zipmap without end", Payload(kTypeHashZipmap, Str("\x01\x01"s + "f" + "\x01\x00"s + "v"))},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<DecodedValue> value = RestoreValue(c.payload);
    EXPECT_EQ(value.status().code(), absl::StatusCode::kDataLoss) << c.what;
  }
}

// Any payload with a right checksum: an error, or a value that dumps and restores.
TEST_F(RdbCodecTest, MangledPayloadsNeverHarm) {
  for (int round = 0; round < 20000; ++round) {
    const OwnedEntry entry = Random(kAllTypes[Below(5)], 12);
    const std::string bad = Mangle(DumpValue(*entry, OneIn(2)));
    absl::StatusOr<DecodedValue> value = RestoreValue(bad);
    if (!value.ok()) continue;
    const OwnedEntry survivor = MakeEntry("k", *std::move(value));
    ASSERT_EQ(Restored(DumpValue(*survivor)), Describe(*survivor));
  }
}

TEST_F(RdbCodecTest, MangledOldEncodingsNeverHarm) {
  const std::string blobs[] = {
      Payload(kTypeListZiplist,
              Str(Ziplist({Z("text"), "\xd0"s + Bytes<int32_t>(7), "\xf3"s, "\x40\x03yyy"s}))),
      Payload(kTypeHashZiplist, Str(Ziplist({Z("f"), Z("v"), Z("g"), "\xf3"s}))),
      Payload(kTypeZSetZiplist, Str(Ziplist({Z("a"), Z("-1.5"), Z("b"), "\xf3"s}))),
      Payload(kTypeHashZipmap,
              Str("\x02"s + Z("f") + "\x01\x02vxx"s + Z("g") + "\x02\x00vv"s + "\xff")),
      Payload(kTypeListQuicklist, "\x02"s + Str(Ziplist({Z("a")})) + Str(Ziplist({"\xf2"s}))),
      Payload(kTypeZSet, "\x02"s + Str("a") + "\xff" + Str("b") +
                             "\x03"
                             "1.5"),
      Payload(kTypeSetListpack, Str(Listpack({"a", "12"}))),
      Payload(kTypeSetIntset,
              Str(Bytes<uint32_t>(2) + Bytes<uint32_t>(2) + Bytes<int16_t>(4) + Bytes<int16_t>(5))),
  };
  for (int round = 0; round < 20000; ++round) {
    absl::StatusOr<DecodedValue> value = RestoreValue(Mangle(blobs[Below(std::size(blobs))]));
    if (!value.ok()) continue;
    const OwnedEntry survivor = MakeEntry("k", *std::move(value));
    ASSERT_EQ(Restored(DumpValue(*survivor)), Describe(*survivor));
  }
}

TEST_F(RdbCodecTest, DecodesInSlices) {
  const OwnedEntry entry = RandomEntry(
      "k", ValueType::kHash, 1, [this] { return RandomText(); }, [](uint64_t) { return 0; });
  for (int i = 0; i < 5000; ++i) entry->hash()->Set(std::to_string(i), std::string(20, 'v'));
  StringSink sink(false);
  EncodeValue(sink, *entry);
  const std::string bytes = sink.Take();
  StringSource in(bytes);
  ValueDecoder decoder;
  decoder.Begin(TypeByteOf(*entry));
  int slices = 1;
  uint64_t before = 0;
  while (decoder.Step(in, 1000) == ValueDecoder::Result::kMore) {
    EXPECT_LE(in.offset() - before, 2000u);  // a slice, and the pair that ended it
    before = in.offset();
    ++slices;
  }
  EXPECT_GT(slices, 50);
  EXPECT_EQ(Describe(*MakeEntry("k", std::move(decoder.value()))), Describe(*entry));
}

}  // namespace
}  // namespace basalt::rdb
