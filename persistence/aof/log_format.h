// The bytes of a log file: annotation lines around plain RESP commands. FORMAT.md draws them; here
// they are coded once, for the writer, the recovery and the tools alike. Pure functions, any
// thread.
//
// redis-server skips every line that starts with '#', so a file is at the same time a Redis AOF.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/ids.h"

namespace basalt {

// Each line has a fixed length, "\r\n" included; numbers are lower-case hex, zero padded.
//   #BF1 shard shards first last generation start_lsn salt crc
//    4   +1+4  +1+4  +1+4  +1+4  +1+16    +1+16   +1+16 +1+8 +2
inline constexpr size_t kFileHeaderSize = 86;
//   #BB1 epoch complete durable length records flags crc
//    4   +1+16 +1+16   +1+16   +1+12  +1+8   +1+2  +1+8 +2
inline constexpr size_t kBatchHeaderSize = 91;
//   #BT1 txid participants
//    4   +1+16 +1+4 +2
inline constexpr size_t kBatchHeaderSealed = kBatchHeaderSize - (1 + 8 + 2);  // what the crc covers
inline constexpr size_t kTxLineSize = 28;

//   #TS:seconds        decimal, as Redis has it
inline constexpr size_t kTimeLineSizeMax = 4 + 20 + 2;

inline constexpr uint64_t kBatchBodySizeMax = (uint64_t{1} << 48) - 1;

static_assert(kFileHeaderSize == 4 + 4 * (1 + 4) + 3 * (1 + 16) + (1 + 8) + 2);
static_assert(kBatchHeaderSize == 4 + 3 * (1 + 16) + (1 + 12) + (1 + 8) + (1 + 2) + (1 + 8) + 2);
static_assert(kTxLineSize == 4 + (1 + 16) + (1 + 4) + 2);
static_assert(kFileHeaderSize < 120 && kBatchHeaderSize < 120 && kTxLineSize < 120,
              "redis-server reads an annotation line into a small buffer");

// First line of every file. `salt` is drawn once for the life of a log and stands in its manifest
// as well.
struct LogFileHeader {
  ShardId shard;
  uint16_t shard_count = 1;
  uint16_t first_slot = 0;
  uint16_t last_slot = kSlotCount - 1;
  uint64_t generation = 0;  // of the manifest in force when the file was made
  Lsn start;                // LSN of the first batch
  uint64_t salt = 0;

  bool operator==(const LogFileHeader&) const = default;
};

// The part of a multi-shard transaction that a batch is. `participants` counts the shards that
// write one; recovery takes the transaction for torn when it finds fewer.
struct TxPart {
  TxId id;
  uint16_t participants = 0;

  bool operator==(const TxPart&) const = default;
};

struct BatchHeader {
  Epoch epoch;     // of the batch's records
  Epoch complete;  // every record of this shard with an epoch up to this one stands at or before
                   // the end of this batch
  Lsn durable;     // the log was durable up to here when the batch was sealed
  uint64_t length = 0;   // bytes after this line: the transaction line, if any, and the records
  uint32_t records = 0;  // 0 = a mark: it only closes epochs
  bool always = false;   // sealed under appendfsync always
  bool transaction = false;
  uint32_t crc = 0;

  bool operator==(const BatchHeader&) const = default;
};

void AppendFileHeader(std::string* out, const LogFileHeader& header);
// InvalidArgument when the line is not a file header or its checksum is wrong; Unimplemented for a
// newer version.
absl::StatusOr<LogFileHeader> ParseFileHeader(std::string_view line);

// Appends a whole batch that starts at `at`. `records` is RESP text that starts and ends with
// database 0 selected. header.length, .transaction and .crc are filled in.
void AppendBatch(std::string* out, BatchHeader header, const std::optional<TxPart>& tx,
                 std::string_view records, Lsn at, uint64_t salt);

// The first line of a batch whose length, flags and checksum are known (see BatchCrcStart), for one
// that is copied piece by piece.
std::string BatchHeaderLine(const BatchHeader& header);

// The form of the line alone; the checksum is the caller's to compare. Nothing when it is no batch
// header.
std::optional<BatchHeader> ParseBatchHeader(std::string_view line);
std::optional<TxPart> ParseTxLine(std::string_view line);

// "#TS:<unix seconds>", the annotation with which redis-server, too, tells the time in a log: what
// follows was logged in that second or later. It stands first among a batch's records.
void AppendTimeLine(std::string* out, int64_t unix_s);
// Of the line at the start of `text`.
std::optional<int64_t> ParseTimeLine(std::string_view text);

// Checksum of a batch: continue the result with Crc32c over the body. It starts from the log's salt
// and the batch's position, so that a batch which a client stored as a value, or one from a
// recycled block, never passes for a real one.
uint32_t BatchCrcStart(std::string_view header_line, Lsn at, uint64_t salt);

}  // namespace basalt
