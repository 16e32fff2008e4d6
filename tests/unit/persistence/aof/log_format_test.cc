#include "persistence/aof/log_format.h"

#include "core/base/crc.h"
#include "gtest/gtest.h"

namespace basalt {
namespace {

constexpr uint64_t kSalt = 0x0123456789abcdef;

LogFileHeader SomeFileHeader() {
  LogFileHeader header;
  header.shard = ShardId(3);
  header.shard_count = 8;
  header.first_slot = 0x1800;
  header.last_slot = 0x1fff;
  header.generation = 17;
  header.start = Lsn(0xfedcba9876543210);
  header.salt = kSalt;
  return header;
}

BatchHeader SomeBatchHeader() {
  BatchHeader header;
  header.epoch = Epoch(0x1122334455667788);
  header.complete = Epoch(0x1122334455667787);
  header.durable = Lsn(99);
  header.records = 2;
  header.always = true;
  return header;
}

TEST(LogFormatTest, FileHeaderRoundTrips) {
  std::string line;
  AppendFileHeader(&line, SomeFileHeader());
  EXPECT_EQ(line.size(), kFileHeaderSize);
  EXPECT_EQ(line[0], '#');
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  auto parsed = ParseFileHeader(line);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, SomeFileHeader());
}

TEST(LogFormatTest, AnyFlippedBitOfAFileHeaderIsSeen) {
  std::string line;
  AppendFileHeader(&line, SomeFileHeader());
  for (size_t i = 0; i < line.size() * 8; ++i) {
    std::string bad = line;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(ParseFileHeader(bad).ok()) << i;
  }
  for (size_t n = 0; n < line.size(); ++n) EXPECT_FALSE(ParseFileHeader(line.substr(0, n)).ok());
}

TEST(LogFormatTest, NewerVersionIsNamedAsSuch) {
  std::string line;
  AppendFileHeader(&line, SomeFileHeader());
  line[3] = '2';
  EXPECT_TRUE(absl::IsUnimplemented(ParseFileHeader(line).status()));
}

TEST(LogFormatTest, BatchRoundTripsWithAndWithoutTransaction) {
  for (const std::optional<TxPart>& tx :
       {std::optional<TxPart>(), std::optional(TxPart{TxId(77), 5})}) {
    std::string batch;
    AppendBatch(&batch, SomeBatchHeader(), tx, "records", Lsn(1000), kSalt);
    const auto header = ParseBatchHeader(batch);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->epoch, SomeBatchHeader().epoch);
    EXPECT_EQ(header->complete, SomeBatchHeader().complete);
    EXPECT_EQ(header->durable, Lsn(99));
    EXPECT_EQ(header->records, 2u);
    EXPECT_TRUE(header->always);
    EXPECT_EQ(header->transaction, tx.has_value());
    EXPECT_EQ(header->length, 7 + (tx ? kTxLineSize : 0));
    EXPECT_EQ(batch.size(), kBatchHeaderSize + header->length);
    if (tx) {
      EXPECT_EQ(ParseTxLine(std::string_view(batch).substr(kBatchHeaderSize)), tx);
    }
    const std::string_view body = std::string_view(batch).substr(kBatchHeaderSize);
    EXPECT_EQ(Crc32c(BatchCrcStart(batch, Lsn(1000), kSalt), body), header->crc);
  }
}

// A client may store the bytes of a batch as a value; at any other place, or in another log, they
// are no batch.
TEST(LogFormatTest, ChecksumHoldsOnlyAtItsPlaceAndInItsLog) {
  std::string batch;
  AppendBatch(&batch, SomeBatchHeader(), std::nullopt, "records", Lsn(1000), kSalt);
  const std::string_view body = std::string_view(batch).substr(kBatchHeaderSize);
  const uint32_t crc = ParseBatchHeader(batch)->crc;
  EXPECT_NE(Crc32c(BatchCrcStart(batch, Lsn(1001), kSalt), body), crc);
  EXPECT_NE(Crc32c(BatchCrcStart(batch, Lsn(1000), kSalt + 1), body), crc);
}

TEST(LogFormatTest, LinesOfAnotherFormAreNoHeaders) {
  std::string batch;
  AppendBatch(&batch, SomeBatchHeader(), std::nullopt, "", Lsn(0), kSalt);
  EXPECT_FALSE(ParseBatchHeader("").has_value());
  EXPECT_FALSE(ParseBatchHeader("#TS:1700000000\r\n").has_value());
  for (size_t n = 0; n < kBatchHeaderSize; ++n)
    EXPECT_FALSE(ParseBatchHeader(batch.substr(0, n)).has_value());
  std::string upper = batch;
  upper[5] = 'A';
  EXPECT_FALSE(ParseBatchHeader(upper).has_value()) << "digits are lower case only";
  std::string flags = batch;
  flags[kBatchHeaderSize - 13] = '8';
  EXPECT_FALSE(ParseBatchHeader(flags).has_value()) << "unknown flags";
}

TEST(LogFormatTest, TimeLineRoundTripsAndNothingElseIsOne) {
  std::string line;
  AppendTimeLine(&line, 1'700'000'000);
  EXPECT_EQ(line, "#TS:1700000000\r\n");
  EXPECT_LE(line.size(), kTimeLineSizeMax);
  EXPECT_EQ(ParseTimeLine(line + "*1\r\n"), 1'700'000'000);
  std::string longest;
  AppendTimeLine(&longest, INT64_MAX);
  EXPECT_LE(longest.size(), kTimeLineSizeMax);
  EXPECT_EQ(ParseTimeLine(longest), INT64_MAX);
  for (size_t n = 0; n < line.size(); ++n)
    EXPECT_EQ(ParseTimeLine(line.substr(0, n)), std::nullopt);
  for (const char* other : {"#TS:-1\r\n", "#TS:\r\n", "#TS:1x\r\n", "#TS: 1\r\n", "*1\r\n",
                            "#TS:99999999999999999999\r\n"}) {
    EXPECT_EQ(ParseTimeLine(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace basalt
