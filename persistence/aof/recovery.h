// Decides what of the logs counts after a restart. Reads in bounded memory and changes nothing by
// itself:
//
//   1. ScanShardLog     one per shard, on as many threads as you like: checks every file, header
//   and checksum
//   2. PlanRecovery     one thread, small: the cut over all shards, the ranges to apply, what is
//   dropped and why
//   3. ApplyPlan        makes durable what counts, settles the verdict in the manifest, truncates
//   4. LogReader        one per shard: streams the commands of the plan's ranges
//
// RecoverLogs is 1 and 2 in one call. No state is shared but the FileSystem.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/ids.h"
#include "core/io/file.h"
#include "persistence/aof/log_format.h"
#include "persistence/aof/manifest_store.h"
#include "persistence/aof/recovery_cases.h"

namespace basalt {

struct RecoveryOptions {
  bool load_truncated = true;          // aof-load-truncated
  size_t read_size = size_t{1} << 20;  // bytes per read while scanning

  // For the offline tools; a start leaves them alone. A plan made with one of the first two is for
  // CopyLog only.
  bool salvage = false;  // damage that a start refuses is a finding, and the shard's log ends there
  Epoch until = Epoch(UINT64_MAX);           // of later epochs nothing is kept
  std::atomic<uint64_t>* scanned = nullptr;  // bytes of sound batches are added here
};

struct Finding {
  RecoveryCase found = RecoveryCase::kClean;
  std::string file;
  uint64_t offset = 0;
  std::string detail;

  RecoveryDecision decision() const { return RowFor(found).decision; }
  std::string ToString() const { return Describe(found, file, offset, detail); }
};

// A file as the scan found it. Bytes from `valid_to` on are not batches.
struct ScannedFile {
  std::string name;
  LogFileHeader header;
  bool has_header = false;
  uint64_t size = 0;
  uint64_t valid_to = 0;
};

// A place in the log where everything before is of epochs up to `max_epoch`; one per megabyte or
// so.
struct ScanPoint {
  uint32_t file = 0;
  uint64_t offset = 0;
  Epoch max_epoch;
  uint64_t batches = 0, records = 0, bytes = 0;  // before this place, file headers not counted
};

struct ShardScan {
  ShardId shard;
  std::vector<ScannedFile> files;
  std::vector<ScanPoint> points;
  Epoch complete;        // the largest completion mark, never below what is settled
  Epoch max_epoch;       // the largest epoch in any field
  Epoch max_lazy_epoch;  // of batches not under always
  Epoch promised;  // some shard's always-batches prove that every shard was durable up to here
  Epoch marked;    // the largest completion mark that was read; base_epoch - 1 when there is none
  TxId max_tx;
  Lsn start;    // of the first file, by the manifest
  Lsn end;      // LSN after the last valid batch
  Lsn durable;  // log and manifest say that it was durable up to here; never below `start`
  std::optional<Lsn> kept_before;  // `durable` of the manifest
  uint64_t batches = 0, records = 0, bytes = 0;
  std::optional<int64_t> first_unix_s, last_unix_s;  // of the batches that note the time
  // None of them kRefuse: those are errors of the scan. With salvage the last one is, when
  // `damaged`: what lies behind that place was not looked at.
  std::vector<Finding> findings;
  bool damaged = false;
};

// Whole batches of one file, to be applied in order.
struct LogRange {
  std::string file;
  uint64_t from = 0, to = 0;

  bool operator==(const LogRange&) const = default;
};

// `again`: the file has this size already, but that may be the work of a start which was cut off
// and not durable yet.
struct Truncation {
  std::string file;
  uint64_t size = 0;
  bool again = false;

  bool operator==(const Truncation&) const = default;
};

// The end of what a shard keeps, as far as the log does not say that it was durable: maybe it is in
// the page cache only, and maybe an fsync of it has failed there already. Whole batches, those that
// do not count included; from 0 on: the file's header line, too.
struct UnprovenEnd {
  std::string file;
  uint64_t from = 0, to = 0;
  Lsn start;  // of the file

  bool operator==(const UnprovenEnd&) const = default;
};

struct ShardPlan {
  ShardId shard;
  std::vector<LogRange> ranges;
  std::optional<UnprovenEnd> unproven;
  std::vector<Truncation>
      truncations;             // files after the append position are cut to 0 and reused in turn
  std::string append_file;     // where the log goes on
  uint64_t append_offset = 0;  // 0: the header line is to be written
  Lsn append_lsn;
  uint64_t kept_batches = 0, kept_records = 0, kept_bytes = 0;
  uint64_t dropped_batches = 0, dropped_records = 0, dropped_bytes = 0;
};

struct RecoveryPlan {
  Epoch cut;           // complete on every shard
  Epoch resume_epoch;  // the global epoch counter starts here
  TxId next_tx;        // and transaction numbers here
  std::vector<ShardPlan> shards;
  std::vector<Finding> findings;
  Settled settled;        // goes into the manifest
  bool for_copy = false;  // made with salvage or until: the settled verdict does not cover it

  std::string Summary() const;  // one line for the log; findings are told one by one
};

// Errors: DataLoss with the text of the case (kRefuse rows), or what the FileSystem said.
absl::StatusOr<ShardScan> ScanShardLog(FileSystem& fs, const std::string& directory,
                                       const Manifest& manifest, ShardId shard,
                                       const RecoveryOptions& options);
// The same for all shards, on several threads.
absl::StatusOr<std::vector<ShardScan>> ScanAllShards(FileSystem& fs, const std::string& directory,
                                                     const Manifest& manifest,
                                                     const RecoveryOptions& options);
// With options.salvage all shards are cut back to the last epoch that every damaged one had
// completed before its damage, whatever the fsync policy: anything later might depend on what is
// lost.
absl::StatusOr<RecoveryPlan> PlanRecovery(FileSystem& fs, const std::string& directory,
                                          const Manifest& manifest,
                                          const std::vector<ShardScan>& scans,
                                          const RecoveryOptions& options);
absl::StatusOr<RecoveryPlan> RecoverLogs(FileSystem& fs, const std::string& directory,
                                         const Manifest& manifest, const RecoveryOptions& options);

// Makes the verdict final: writes anew what is not proven durable and syncs what counts, on several
// threads; then writes the manifest, then truncates. If the power goes in between, the next
// recovery comes to the same verdict. To be done before the first byte is appended. Refuses a plan
// that is for_copy. DataLoss: a kept file has changed since the scan. (apply_plan.cc)
absl::Status ApplyPlan(FileSystem& fs, ManifestStore& store, const RecoveryPlan& plan);

}  // namespace basalt
