#include "core/cmd/bitmap_words.h"
#include "tests/support/command_fixture.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

constexpr const char* kBitOffset = "-ERR bit offset is not an integer or out of range";

class BitmapCommandsTest : public CommandFixture {};

TEST_F(BitmapCommandsTest, SetsAndGetsBits) {
  EXPECT_EQ(Run("SETBIT k 7 1"), "0");
  EXPECT_EQ(Run("SETBIT k 7 1"), "1");
  EXPECT_EQ(Reply({"GET", "k"}), "\x01");
  EXPECT_EQ(Run("SETBIT k 100 0"), "0");
  EXPECT_EQ(Run("STRLEN k"), "13");
  EXPECT_EQ(Run("GETBIT k 7"), "1");
  EXPECT_EQ(Run("GETBIT k 6"), "0");
  EXPECT_EQ(Run("GETBIT k 100000"), "0");
  EXPECT_EQ(Run("GETBIT none 1"), "0");
  Run("SET n 1");
  EXPECT_EQ(Run("GETBIT n 3"), "1");  // '1' is 00110001
  EXPECT_EQ(Run("SETBIT n 6 1"), "0");
  EXPECT_EQ(Run("GET n"), "3");
}

TEST_F(BitmapCommandsTest, WrongBits) {
  EXPECT_EQ(Run("SETBIT k 4294967296 1"), kBitOffset);
  EXPECT_EQ(Run("SETBIT k -1 1"), kBitOffset);
  EXPECT_EQ(Run("SETBIT k #1 1"), kBitOffset);
  EXPECT_EQ(Run("SETBIT k x 2"), kBitOffset);
  EXPECT_EQ(Run("SETBIT k 1 2"), "-ERR bit is not an integer or out of range");
  EXPECT_EQ(Run("GETBIT k x"), kBitOffset);
  Run("RPUSH l x");
  EXPECT_EQ(Run("SETBIT l 1 1"), kWrongType);
  EXPECT_EQ(Run("GETBIT l 1"), kWrongType);
}

TEST_F(BitmapCommandsTest, CountsInBytesAndBits) {
  Run("SET k foobar");
  const std::pair<const char*, const char*> cases[] = {
      {"", "26"},          {" 0 0", "4"},      {" 1 1", "6"},       {" 0 -1 bit", "26"},
      {" 5 30 BIT", "17"}, {" 1 1 BYTE", "6"}, {" 5 -3 bit", "23"}, {" -1 -5", "0"},
      {" 9 10", "0"},      {" 3 1", "0"}};
  for (const auto& [range, expected] : cases)
    EXPECT_EQ(Run(std::string("BITCOUNT k") + range), expected) << range;
  EXPECT_EQ(Run("BITCOUNT none"), "0");
  EXPECT_EQ(Run("BITCOUNT none 0 x"), "0");
  EXPECT_EQ(Run("BITCOUNT k 0"), "-ERR syntax error");
  EXPECT_EQ(Run("BITCOUNT k 0 1 foo"), "-ERR syntax error");
  EXPECT_EQ(Run("BITCOUNT k -1 -5 foo"), "0");
  EXPECT_EQ(Run("BITCOUNT k 0 1 bit 3"), "-ERR syntax error");
}

TEST_F(BitmapCommandsTest, FindsTheFirstBit) {
  Reply({"SET", "k", std::string("\xff\xf0\x00", 3)});
  EXPECT_EQ(Run("BITPOS k 0"), "12");
  EXPECT_EQ(Run("BITPOS k 1 2"), "-1");
  EXPECT_EQ(Run("BITPOS k 0 0 0"), "-1");
  EXPECT_EQ(Run("BITPOS k 0 13 -1 BIT"), "13");
  EXPECT_EQ(Run("BITPOS k 1 9 10 BIT"), "9");
  Reply({"SET", "ones", std::string("\xff\xff", 2)});
  EXPECT_EQ(Run("BITPOS ones 0"), "16");
  EXPECT_EQ(Run("BITPOS ones 0 1"), "16");
  EXPECT_EQ(Run("BITPOS ones 0 0 -1"), "-1");
  EXPECT_EQ(Run("BITPOS ones 0 5"), "-1");
  EXPECT_EQ(Run("BITPOS none 0"), "0");
  EXPECT_EQ(Run("BITPOS none 1"), "-1");
  EXPECT_EQ(Run("BITPOS k 2"), "-ERR The bit argument must be 1 or 0.");
  EXPECT_EQ(Run("BITPOS k 1 0 x foo"), "-ERR syntax error");
  EXPECT_EQ(Run("BITPOS k 1 0 1 bit 3"), "-ERR syntax error");
}

TEST_F(BitmapCommandsTest, Bitop) {
  Reply({"SET", "a", "\xf0\x0f"});
  Reply({"SET", "b", "\xff"});
  EXPECT_EQ(Run("BITOP AND d a b"), "2");
  EXPECT_EQ(Reply({"GET", "d"}), std::string("\xf0\x00", 2));
  EXPECT_EQ(Run("BITOP or d a b"), "2");
  EXPECT_EQ(Reply({"GET", "d"}), "\xff\x0f");
  EXPECT_EQ(Run("BITOP XOR a a b"), "2");
  EXPECT_EQ(Reply({"GET", "a"}), "\x0f\x0f");
  EXPECT_EQ(Run("BITOP NOT d a"), "2");
  EXPECT_EQ(Reply({"GET", "d"}), "\xf0\xf0");
  EXPECT_EQ(Run("BITOP AND d a none"), "2");
  EXPECT_EQ(Reply({"GET", "d"}), std::string("\0\0", 2));
  EXPECT_EQ(Run("BITOP AND d none a"), "2");
  EXPECT_EQ(Reply({"GET", "d"}), std::string("\0\0", 2));
  EXPECT_EQ(Run("BITOP OR d none"), "0");
  EXPECT_EQ(Run("EXISTS d"), "0");
  EXPECT_EQ(Run("BITOP NOT d a b"), "-ERR BITOP NOT must be called with a single source key.");
  EXPECT_EQ(Run("BITOP FOO d a"), "-ERR syntax error");
  Run("RPUSH l x");
  EXPECT_EQ(Run("BITOP OR d a l"), kWrongType);
}

TEST_F(BitmapCommandsTest, BitfieldReadsAndWrites) {
  EXPECT_EQ(Run("BITFIELD k INCRBY i5 100 1 GET u4 0"), "[1 0]");
  EXPECT_EQ(Run("BITFIELD k SET u8 #1 200 GET u8 8 GET i8 8"), "[0 200 -56]");
  EXPECT_EQ(Run("BITFIELD k SET i64 3 -2 GET i64 3 GET u63 4"),
            "[450359962737049600 -2 9223372036854775806]");
  EXPECT_EQ(Run("BITFIELD none GET u8 0"), "[0]");
  EXPECT_EQ(Run("BITFIELD none"), "[]");
  EXPECT_EQ(Run("EXISTS none"), "0");
  EXPECT_EQ(Run("BITFIELD_RO k GET u8 8"), "[255]");
  EXPECT_EQ(Run("BITFIELD_RO k SET u8 0 1"), "-ERR BITFIELD_RO only supports the GET subcommand");
}

TEST_F(BitmapCommandsTest, WhatStaysAsItWasIsNotLogged) {
  Run("SETBIT k 7 1");
  Run("BITFIELD k SET u8 0 255");
  TakeLog();
  Run("SETBIT k 7 1");
  Run("BITFIELD k SET u8 0 255 OVERFLOW FAIL INCRBY u8 0 1");
  EXPECT_EQ(TakeLog(), "");
  Run("SETBIT k 8 0");  // longer now
  EXPECT_EQ(TakeLog(), "SETBIT k 8 0");
}

TEST_F(BitmapCommandsTest, BitfieldOverflow) {
  EXPECT_EQ(Run("BITFIELD k SET u8 0 250 INCRBY u8 0 10 OVERFLOW SAT INCRBY u8 0 255 OVERFLOW FAIL "
                "INCRBY u8 0 1"),
            "[0 4 255 nil]");
  EXPECT_EQ(Run("BITFIELD k OVERFLOW SAT INCRBY u8 0 -300 SET u8 0 -1 GET u8 0"), "[0 0 255]");
  EXPECT_EQ(
      Run("BITFIELD s SET i8 0 127 INCRBY i8 0 1 OVERFLOW SAT INCRBY i8 0 -100 INCRBY i8 0 -100"),
      "[0 -128 -128 -128]");
  EXPECT_EQ(
      Run("BITFIELD s OVERFLOW SAT SET i8 0 300 GET i8 0 OVERFLOW WRAP SET i8 0 300 GET i8 0"),
      "[-128 127 127 44]");
  EXPECT_EQ(
      Run("BITFIELD w SET i64 0 9223372036854775807 INCRBY i64 0 1 OVERFLOW FAIL INCRBY i64 0 -1"),
      "[0 -9223372036854775808 nil]");
  EXPECT_EQ(Run("BITFIELD w OVERFLOW SAT INCRBY i64 0 -9223372036854775808"),
            "[-9223372036854775808]");
}

TEST_F(BitmapCommandsTest, WrongBitfields) {
  const char* type =
      "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
      "i64 is.";
  for (const char* t : {"u64", "i65", "i0", "U8", "8", "''", "i"}) {
    EXPECT_EQ(Run(std::string("BITFIELD k GET ") + t + " 0"), type) << t;
  }
  EXPECT_EQ(Run("BITFIELD k GET u8 #x"), kBitOffset);
  EXPECT_EQ(Run("BITFIELD k GET u8 -1"), kBitOffset);
  EXPECT_EQ(Run("BITFIELD k SET u8 #9223372036854775807 1"), kBitOffset);
  EXPECT_EQ(Run("BITFIELD k SET i64 4294967295 1"), kBitOffset);
  EXPECT_EQ(Run("BITFIELD k OVERFLOW FOO"), "-ERR Invalid OVERFLOW type specified");
  EXPECT_EQ(Run("BITFIELD k GET u8"), "-ERR syntax error");
  EXPECT_EQ(Run("BITFIELD k SET u8 0"), "-ERR syntax error");
  EXPECT_EQ(Run("BITFIELD k SET u8 0 x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("EXISTS k"), "0");
}

// The word-wise functions against one bit at a time.
class BitWordsTest : public SeededTest {};

bool BitAt(std::string_view bytes, uint64_t i) { return bytes[i / 8] >> (7 - i % 8) & 1; }

TEST_F(BitWordsTest, AgreeWithSingleBits) {
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(1 + Below(40), '\0');
    char fill = static_cast<char>(Below(3) == 0 ? 0xff : 0);
    for (char& c : bytes) c = Below(4) == 0 ? static_cast<char>(Below(UINT64_MAX)) : fill;
    uint64_t size = bytes.size() * 8;
    uint64_t first = Below(size), last = first + Below(size - first);
    uint64_t count = 0, where[2] = {bits::kNone, bits::kNone};
    for (uint64_t i = last + 1; i-- > first;) {
      count += BitAt(bytes, i);
      where[BitAt(bytes, i)] = i;
    }
    ASSERT_EQ(bits::Count(bytes, first, last), count);
    ASSERT_EQ(bits::Find(bytes, first, last, false), where[0]);
    ASSERT_EQ(bits::Find(bytes, first, last, true), where[1]);

    unsigned width = static_cast<unsigned>(1 + Below(std::min<uint64_t>(64, size)));
    uint64_t offset = Below(size - width + 1), value = Below(UINT64_MAX);
    std::string expected = bytes;
    for (unsigned i = 0; i < width; ++i) {
      uint64_t at = offset + width - 1 - i;
      char mask = static_cast<char>(0x80 >> at % 8);
      expected[at / 8] =
          static_cast<char>(value >> i & 1 ? expected[at / 8] | mask : expected[at / 8] & ~mask);
    }
    bits::WriteField(bytes.data(), bytes.size(), offset, width, value);
    ASSERT_EQ(bytes, expected);
    uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
    ASSERT_EQ(bits::ReadField(bytes, offset, width), value & mask);
  }
}

}  // namespace
}  // namespace basalt
