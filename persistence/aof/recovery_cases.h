// Everything that recovery can find, and what is done about it: one table, one test per row.
// Constant data, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace basalt {

enum class RecoveryCase {
  kNothingThere,     // no manifest, no log file
  kClean,            // every byte accounted for
  kManifestMissing,  // log files without a manifest
  kManifestDamaged,  // its checksum or form is wrong
  kManifestOfRedis,  // a multi-part AOF that redis-server wrote
  kBaseMissing,      // a base file is not there
  kBaseWrongSize,    // a base file is shorter or longer than the manifest says
  kFileMissing,      // an incremental file is not there
  kFileOfAnother,    // an incremental file belongs to another shard or another log
  kFileTooNew,       // written by a newer version of the format
  kHeaderTorn,       // the last file ends inside its first line: it was just created
  kHeaderRotten,     // the first line is damaged and batches follow
  kTailTorn,  // the log ends in bytes that are no whole batch, none of which were known durable
  kTailTornStrict,     // the same, and aof-load-truncated is no
  kMiddleRotten,       // damage before bytes which show that the damaged ones were durable
  kFileCutShort,       // a file ends before the next one begins
  kEndMissing,         // a shard's log ends before a place that the manifest calls durable
  kDurableLost,        // a shard's log ends before an epoch that was durable everywhere
  kBeyondCut,          // batches of epochs that are not complete on every shard
  kBeyondDamage,       // batches of epochs that a damaged shard may have lost (tools only)
  kTransactionTorn,    // parts of a transaction whose other parts are missing
  kForeignTailTorn,    // a plain Redis AOF ends inside a command
  kForeignTailStrict,  // the same, and aof-load-truncated is no
  kForeignMultiOpen,   // a plain Redis AOF ends inside MULTI
  kForeignRotten,      // a plain Redis AOF holds something that is no command
  kCount,
};

enum class RecoveryDecision {
  kStartEmpty,  // make a new log
  kLoad,        // take all of it
  kCutTail,     // take what stands before, truncate the rest
  kDrop,        // leave out what is named, take the rest
  kConvert,     // load it, then write a log of our own at once
  kRefuse,      // stop: a person must look
};

struct RecoveryRow {
  RecoveryCase found;
  RecoveryDecision decision;
  std::string_view name;     // short, for tools and tests
  std::string_view message;  // what the operator reads, after the file's name and offset
};

std::span<const RecoveryRow> RecoveryTable();
const RecoveryRow& RowFor(RecoveryCase found);

// "<file> at byte <offset>: <message>[ (<detail>)]"; the place is left out when `file` is empty.
std::string Describe(RecoveryCase found, std::string_view file, uint64_t offset,
                     std::string_view detail = "");

}  // namespace basalt
