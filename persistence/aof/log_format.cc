#include "persistence/aof/log_format.h"

#include <array>
#include <charconv>
#include <cstring>

#include "core/base/check.h"
#include "core/base/crc.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr char kFileMagic[] = "#BF1";
constexpr char kBatchMagic[] = "#BB1";
constexpr char kTxMagic[] = "#BT1";
constexpr std::string_view kTimeMagic = "#TS:";
constexpr uint8_t kFlagAlways = 1;
constexpr uint8_t kFlagTransaction = 2;
constexpr size_t kCrcField = 1 + 8 + 2;  // " crc\r\n" at the end of a line

constexpr std::array<std::array<char, 2>, 256> MakeHexPairs() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (size_t i = 0; i < 256; ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}

constexpr std::array<int8_t, 256> MakeHexValues() {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) values['a' + i] = static_cast<int8_t>(10 + i);
  return values;
}

constexpr auto kHexPairs = MakeHexPairs();
constexpr auto kHexValues = MakeHexValues();

// Writes the fields of one line into a buffer of exactly the line's size.
class LineBuilder {
 public:
  LineBuilder(char* out, const char* magic) : begin_(out), at_(out + 4) {
    std::memcpy(out, magic, 4);
  }

  template <size_t kDigits>
  void Hex(uint64_t value) {
    static_assert(kDigits % 2 == 0);
    *at_ = ' ';
    for (size_t i = kDigits; i > 0; i -= 2, value >>= 8) {
      std::memcpy(at_ + i - 1, kHexPairs[value & 0xff].data(), 2);
    }
    at_ += 1 + kDigits;
  }
  void End() {
    *at_++ = '\r';
    *at_++ = '\n';
  }
  std::string_view text() const { return {begin_, static_cast<size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
};

// Takes a line apart; ok() turns false at the first thing that is not as LineBuilder writes it.
class LineParser {
 public:
  LineParser(std::string_view line, size_t size, const char* magic) {
    ok_ = line.size() >= size && line.substr(0, 4) == magic && line.substr(size - 2, 2) == "\r\n";
    at_ = line.data() + 4;
  }

  template <size_t kDigits, class Value = uint64_t>
  Value Hex() {
    if (!ok_) return 0;
    ok_ = *at_++ == ' ';
    uint64_t value = 0;
    for (size_t i = 0; i < kDigits; ++i) {
      const int digit = kHexValues[static_cast<uint8_t>(*at_++)];
      if (digit < 0) ok_ = false;
      value = (value << 4) | static_cast<uint64_t>(digit & 15);
    }
    return static_cast<Value>(value);
  }
  bool ok() const { return ok_; }

 private:
  const char* at_;
  bool ok_;
};

// All but the checksum.
void BuildBatchHeader(LineBuilder& builder, const BatchHeader& header) {
  builder.Hex<16>(header.epoch.value);
  builder.Hex<16>(header.complete.value);
  builder.Hex<16>(header.durable.value);
  builder.Hex<12>(header.length);
  builder.Hex<8>(header.records);
  builder.Hex<2>((header.always ? kFlagAlways : 0) | (header.transaction ? kFlagTransaction : 0));
}

}  // namespace

void AppendFileHeader(std::string* out, const LogFileHeader& header) {
  char line[kFileHeaderSize];
  LineBuilder builder(line, kFileMagic);
  builder.Hex<4>(header.shard.value);
  builder.Hex<4>(header.shard_count);
  builder.Hex<4>(header.first_slot);
  builder.Hex<4>(header.last_slot);
  builder.Hex<16>(header.generation);
  builder.Hex<16>(header.start.value);
  builder.Hex<16>(header.salt);
  builder.Hex<8>(Crc32c(0, builder.text()));
  builder.End();
  out->append(line, sizeof(line));
}

absl::StatusOr<LogFileHeader> ParseFileHeader(std::string_view line) {
  if (line.size() >= 4 && line.substr(0, 3) == std::string_view(kFileMagic, 3) && line[3] != '1' &&
      line[3] >= '0' && line[3] <= '9') {
    return absl::UnimplementedError(
        StrCat("version ", line.substr(3, 1), " of the log format is newer than this server"));
  }
  LineParser parser(line, kFileHeaderSize, kFileMagic);
  LogFileHeader header;
  header.shard = ShardId(parser.Hex<4, uint16_t>());
  header.shard_count = parser.Hex<4, uint16_t>();
  header.first_slot = parser.Hex<4, uint16_t>();
  header.last_slot = parser.Hex<4, uint16_t>();
  header.generation = parser.Hex<16>();
  header.start = Lsn(parser.Hex<16>());
  header.salt = parser.Hex<16>();
  const uint32_t crc = parser.Hex<8, uint32_t>();
  if (!parser.ok()) return absl::InvalidArgumentError("the first line is no log header");
  if (crc != Crc32c(0, line.substr(0, kFileHeaderSize - kCrcField))) {
    return absl::InvalidArgumentError("the checksum of the first line is wrong");
  }
  return header;
}

uint32_t BatchCrcStart(std::string_view header_line, Lsn at, uint64_t salt) {
  const uint64_t place[2] = {salt, at.value};
  char bytes[sizeof(place)];
  std::memcpy(bytes, place, sizeof(place));
  return Crc32c(Crc32c(0, {bytes, sizeof(bytes)}), header_line.substr(0, kBatchHeaderSealed));
}

void AppendBatch(std::string* out, BatchHeader header, const std::optional<TxPart>& tx,
                 std::string_view records, Lsn at, uint64_t salt) {
  char lines[kBatchHeaderSize + kTxLineSize];
  const size_t lines_size = kBatchHeaderSize + (tx ? kTxLineSize : 0);
  header.length = records.size() + (tx ? kTxLineSize : 0);
  BASALT_CHECK(header.length <= kBatchBodySizeMax);

  LineBuilder builder(lines, kBatchMagic);
  header.transaction = tx.has_value();
  BuildBatchHeader(builder, header);
  if (tx) {
    LineBuilder tx_line(lines + kBatchHeaderSize, kTxMagic);
    tx_line.Hex<16>(tx->id.value);
    tx_line.Hex<4>(tx->participants);
    tx_line.End();
  }
  uint32_t crc = BatchCrcStart({lines, kBatchHeaderSize}, at, salt);
  crc = Crc32c(crc, {lines + kBatchHeaderSize, lines_size - kBatchHeaderSize});
  crc = Crc32c(crc, records);
  builder.Hex<8>(crc);
  builder.End();
  out->append(lines, lines_size);
  out->append(records);
}

std::string BatchHeaderLine(const BatchHeader& header) {
  char line[kBatchHeaderSize];
  LineBuilder builder(line, kBatchMagic);
  BuildBatchHeader(builder, header);
  builder.Hex<8>(header.crc);
  builder.End();
  return std::string(line, sizeof(line));
}

std::optional<BatchHeader> ParseBatchHeader(std::string_view line) {
  LineParser parser(line, kBatchHeaderSize, kBatchMagic);
  BatchHeader header;
  header.epoch = Epoch(parser.Hex<16>());
  header.complete = Epoch(parser.Hex<16>());
  header.durable = Lsn(parser.Hex<16>());
  header.length = parser.Hex<12>();
  header.records = parser.Hex<8, uint32_t>();
  const uint8_t flags = parser.Hex<2, uint8_t>();
  header.crc = parser.Hex<8, uint32_t>();
  if (!parser.ok() || (flags & ~(kFlagAlways | kFlagTransaction)) != 0) return std::nullopt;
  header.always = (flags & kFlagAlways) != 0;
  header.transaction = (flags & kFlagTransaction) != 0;
  if (header.transaction && header.length < kTxLineSize) return std::nullopt;
  return header;
}

std::optional<TxPart> ParseTxLine(std::string_view line) {
  LineParser parser(line, kTxLineSize, kTxMagic);
  TxPart tx;
  tx.id = TxId(parser.Hex<16>());
  tx.participants = parser.Hex<4, uint16_t>();
  if (!parser.ok()) return std::nullopt;
  return tx;
}

void AppendTimeLine(std::string* out, int64_t unix_s) {
  StrAppend(out, kTimeMagic, unix_s, "\r\n");
}

std::optional<int64_t> ParseTimeLine(std::string_view text) {
  if (text.substr(0, kTimeMagic.size()) != kTimeMagic) return std::nullopt;
  const char* last = text.data() + text.size();
  int64_t unix_s = 0;
  const auto [end, error] = std::from_chars(text.data() + kTimeMagic.size(), last, unix_s);
  if (error != std::errc() || unix_s < 0) return std::nullopt;
  if (std::string_view(end, static_cast<size_t>(last - end)).substr(0, 2) != "\r\n") {
    return std::nullopt;
  }
  return unix_s;
}

}  // namespace basalt
