#include "persistence/aof/recovery.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "core/base/mutant.h"
#include "core/base/strings.h"
#include "persistence/aof/log_scan.h"

namespace basalt {
namespace {

absl::Status Refuse(RecoveryCase found, std::string_view file, uint64_t offset,
                    std::string_view detail = "") {
  return absl::DataLossError(Describe(found, file, offset, detail));
}

// The parts found of one transaction, over all shards. Shards are looked at one after the other, so
// a part of the same shard as the last is no new one.
struct Parts {
  uint16_t participants = 0;
  uint16_t found = 0;
  uint16_t last_shard = UINT16_MAX;

  void Add(const TxPart& part, ShardId shard) {
    participants = std::max(participants, part.participants);
    if (shard.value != last_shard) ++found;
    last_shard = shard.value;
  }
  bool whole() const { return found >= participants; }
};
using PartsByTx = absl::flat_hash_map<uint64_t, Parts>;

// What counts, batch by batch. The same batch always gets the same answer, in this recovery and in
// later ones.
struct Verdict {
  Epoch cut;
  Epoch limit;  // of a copy: nothing beyond it
  const Settled* settled;
  const PartsByTx* parts;

  enum class Answer { kKeep, kVoid, kBeyondLimit, kBeyondCut, kTorn };

  Answer Of(const ScannedBatch& batch) const {
    const Epoch epoch = batch.header.epoch;
    if (epoch < settled->epoch && IsVoid(batch)) return Answer::kVoid;
    if (epoch > limit) return Answer::kBeyondLimit;
    if (epoch < settled->epoch) return Answer::kKeep;
    if (!batch.header.always) {
      return epoch <= cut || MutantIs("cut-ignored") ? Answer::kKeep : Answer::kBeyondCut;
    }
    if (!batch.tx || epoch <= cut) return Answer::kKeep;
    const auto found = parts->find(batch.tx->id.value);
    const bool whole = found != parts->end() && found->second.whole();
    return whole || MutantIs("torn-part-kept") ? Answer::kKeep : Answer::kTorn;
  }

 private:
  bool IsVoid(const ScannedBatch& batch) const {
    if (batch.tx) {
      const auto& txs = settled->void_transactions;
      if (std::find(txs.begin(), txs.end(), batch.tx->id) != txs.end()) return true;
    }
    if (batch.header.always) return false;
    return std::any_of(settled->void_epochs.begin(), settled->void_epochs.end(),
                       [&](const EpochRange& r) {
                         return r.first <= batch.header.epoch && batch.header.epoch <= r.last;
                       });
  }
};

// The last place before which everything is kept without a look.
ScanPoint StartPoint(const ShardScan& scan, Epoch cut, const Settled& settled) {
  ScanPoint start;
  if (!settled.void_epochs.empty() || !settled.void_transactions.empty()) return start;
  for (const ScanPoint& point : scan.points) {
    if (point.max_epoch > cut) break;
    start = point;
  }
  return start;
}

// Batches dropped for their epochs, summed up as one finding.
class DroppedEpochs {
 public:
  void Add(const std::string& file, const ScannedBatch& batch) {
    const Epoch epoch = batch.header.epoch;
    if (batches_++ == 0) {
      finding_.file = file;
      finding_.offset = batch.offset;
      first_ = last_ = epoch;
    }
    records_ += batch.header.records;
    first_ = std::min(first_, epoch);
    last_ = std::max(last_, epoch);
  }
  void Tell(RecoveryCase found, std::vector<Finding>* findings) {
    if (records_ == 0) return;  // marks alone are no loss
    finding_.found = found;
    finding_.detail = StrCat("epochs ", first_.value, " to ", last_.value, ": ", batches_,
                             " batches, ", records_, " records");
    findings->push_back(finding_);
  }

 private:
  Finding finding_;
  uint64_t batches_ = 0, records_ = 0;
  Epoch first_, last_;
};

// Builds one shard's part of the plan from the answers to its batches.
class ShardPlanner {
 public:
  // `asked`: what is dropped is what the caller does not want, and no finding.
  ShardPlanner(const ShardScan& scan, const ScanPoint& start, bool asked)
      : scan_(scan), asked_(asked) {
    plan_.shard = scan.shard;
    for (uint32_t i = 0; i <= start.file && i < scan.files.size(); ++i) {
      const uint64_t to = i < start.file ? scan.files[i].valid_to : start.offset;
      if (to > kFileHeaderSize) Keep(i, kFileHeaderSize, to);
    }
    plan_.kept_batches = start.batches;
    plan_.kept_records = start.records;
    plan_.kept_bytes = start.bytes;
  }

  void Take(uint32_t file, const ScannedBatch& batch, Verdict::Answer answer) {
    if (answer == Verdict::Answer::kKeep) {
      Keep(file, batch.offset, batch.end());
      ++plan_.kept_batches;
      plan_.kept_records += batch.header.records;
      plan_.kept_bytes += batch.size();
      return;
    }
    if (answer == Verdict::Answer::kVoid) return;  // told when it was dropped
    ++plan_.dropped_batches;
    plan_.dropped_records += batch.header.records;
    plan_.dropped_bytes += batch.size();
    if (answer == Verdict::Answer::kBeyondCut) {
      beyond_cut_.Add(scan_.files[file].name, batch);
    } else if (answer == Verdict::Answer::kBeyondLimit) {
      beyond_limit_.Add(scan_.files[file].name, batch);
    } else {
      torn_.push_back(Finding{
          RecoveryCase::kTransactionTorn, scan_.files[file].name, batch.offset,
          StrCat("transaction ", batch.tx->id.value, ", ", batch.header.records, " records")});
    }
  }

  ShardPlan Finish(std::vector<Finding>* findings) {
    CutTail();
    for (Finding& finding : torn_) findings->push_back(std::move(finding));
    beyond_cut_.Tell(RecoveryCase::kBeyondCut, findings);
    if (!asked_) beyond_limit_.Tell(RecoveryCase::kBeyondDamage, findings);
    return std::move(plan_);
  }

 private:
  void Keep(uint32_t file, uint64_t from, uint64_t to) {
    const std::string& name = scan_.files[file].name;
    if (!plan_.ranges.empty() && plan_.ranges.back().file == name &&
        plan_.ranges.back().to == from) {
      plan_.ranges.back().to = to;
    } else {
      plan_.ranges.push_back(LogRange{name, from, to});
    }
    last_file_ = file;
    last_to_ = to;
  }

  // The log goes on behind the last batch that is kept. Files after that one are emptied, not
  // removed: the manifest names them, and an empty file takes no place in the sequence of
  // positions.
  void CutTail() {
    const auto& files = scan_.files;
    uint64_t to = last_to_;
    if (to == 0 && files[0].has_header) to = kFileHeaderSize;
    plan_.append_lsn = to == 0 ? scan_.start : LsnAt(files[last_file_].header.start, to);
    // Nothing was appended since the last start wrote its manifest: it may not have come further.
    const bool again = scan_.kept_before == plan_.append_lsn;
    for (size_t i = last_file_; i < files.size(); ++i) {
      const uint64_t size = i == last_file_ ? to : 0;
      const bool longer = files[i].size != size;
      if (longer || again) plan_.truncations.push_back({files[i].name, size, !longer});
    }
    plan_.append_file = files.back().name;
    plan_.append_offset = last_file_ + 1 == files.size() ? to : 0;
    NoteUnproven(files[last_file_], to);
  }

  // Only the last file with content can hold any. Of one that has no batch yet, or only some that
  // nothing proves durable, not even the header line is.
  void NoteUnproven(const ScannedFile& file, uint64_t to) {
    uint64_t from = 0;
    if (scan_.durable > file.header.start) {
      from = kFileHeaderSize + scan_.durable.value - file.header.start.value;
    }
    if (from < to) plan_.unproven = UnprovenEnd{file.name, from, to, file.header.start};
  }

  const ShardScan& scan_;
  const bool asked_;
  ShardPlan plan_;
  uint32_t last_file_ = 0;
  uint64_t last_to_ = 0;
  DroppedEpochs beyond_cut_, beyond_limit_;
  std::vector<Finding> torn_;
};

absl::Status CheckBases(FileSystem& fs, const std::string& directory, const Manifest& manifest) {
  for (const ShardFiles& files : manifest.shards) {
    if (!files.base) continue;
    absl::StatusOr<FileInfo> info = fs.Stat(JoinPath(directory, files.base->name));
    if (absl::IsNotFound(info.status()))
      return Refuse(RecoveryCase::kBaseMissing, files.base->name, 0);
    if (!info.ok()) return info.status();
    if (info->size != files.base->size) {
      return Refuse(RecoveryCase::kBaseWrongSize, files.base->name, 0,
                    StrCat(info->size, " instead of ", files.base->size));
    }
  }
  return absl::OkStatus();
}

const ShardScan& LeastComplete(const std::vector<ShardScan>& scans) {
  return *std::min_element(scans.begin(), scans.end(), [](const ShardScan& a, const ShardScan& b) {
    return a.complete < b.complete;
  });
}

// What salvage may keep: the last epoch that is whole on every damaged shard.
Epoch SalvageLimit(const std::vector<ShardScan>& scans) {
  Epoch limit(UINT64_MAX);
  for (const ShardScan& scan : scans) {
    if (scan.damaged) limit = std::min(limit, scan.marked);
  }
  return limit;
}

// The largest epoch that every shard has completed. Refused when some shard proves that more had
// been durable everywhere.
absl::StatusOr<Epoch> FindCut(const std::vector<ShardScan>& scans) {
  const ShardScan& least = LeastComplete(scans);
  for (const ShardScan& scan : scans) {
    if (scan.promised > least.complete) {
      const ScannedFile& file = least.files.back();
      return Refuse(RecoveryCase::kDurableLost, file.name, file.valid_to,
                    StrCat("epoch ", least.complete.value, " instead of ", scan.promised.value));
    }
  }
  return least.complete;
}

// Transactions beyond the cut that some shard logged under `always`.
absl::StatusOr<PartsByTx> CollectParts(FileSystem& fs, const std::string& directory,
                                       const std::vector<ShardScan>& scans, Epoch cut) {
  PartsByTx parts;
  for (const ShardScan& scan : scans) {
    if (scan.max_tx.value == 0 || scan.max_epoch <= cut) continue;
    absl::Status status = ForEachBatch(fs, directory, scan, StartPoint(scan, cut, {}),
                                       [&](uint32_t, const ScannedBatch& batch) {
                                         if (!batch.tx || batch.header.epoch <= cut) return;
                                         parts[batch.tx->id.value].Add(*batch.tx, scan.shard);
                                       });
    if (!status.ok()) return status;
  }
  return parts;
}

// What goes into the manifest, so that the next recovery answers alike.
Settled Settle(const Settled& before, Epoch cut, Epoch resume, const PartsByTx& parts,
               bool beyond_cut) {
  Settled settled = before;
  settled.epoch = resume;
  if (beyond_cut) {
    settled.void_epochs.push_back(EpochRange{Epoch(cut.value + 1), Epoch(resume.value - 1)});
  }
  for (const auto& [tx, found] : parts) {
    if (!found.whole()) settled.void_transactions.emplace_back(tx);
  }
  std::sort(settled.void_transactions.begin(), settled.void_transactions.end());
  return settled;
}

}  // namespace

absl::StatusOr<RecoveryPlan> PlanRecovery(FileSystem& fs, const std::string& directory,
                                          const Manifest& manifest,
                                          const std::vector<ShardScan>& scans,
                                          const RecoveryOptions& options) {
  if (scans.empty() || scans.size() != manifest.shards.size()) {
    return absl::InvalidArgumentError("one scan per shard is needed");
  }
  if (absl::Status s = CheckBases(fs, directory, manifest); !s.ok()) return s;
  Epoch limit = options.until;
  if (options.salvage) limit = std::min(limit, SalvageLimit(scans));
  absl::StatusOr<Epoch> cut = FindCut(scans);
  if (!cut.ok() && options.salvage) {  // durable once, but lost on one shard: lost on all
    cut = LeastComplete(scans).complete;
    limit = std::min(limit, *cut);
  }
  if (!cut.ok()) return cut.status();
  if (limit.value < UINT64_MAX && Epoch(limit.value + 1) < manifest.base_epoch) {
    return absl::OutOfRangeError(StrCat("the bases hold everything up to epoch ",
                                        manifest.base_epoch.value - 1,
                                        "; what was before can only come from an older backup"));
  }
  absl::StatusOr<PartsByTx> parts = CollectParts(fs, directory, scans, *cut);
  if (!parts.ok()) return parts.status();

  RecoveryPlan plan;
  plan.cut = std::min(*cut, limit);
  plan.for_copy = options.salvage || options.until != Epoch(UINT64_MAX);
  plan.next_tx = manifest.next_tx;
  Epoch last = std::max(manifest.settled.epoch, manifest.base_epoch);
  bool beyond_cut = false;
  const Verdict verdict{*cut, limit, &manifest.settled, &*parts};
  for (const ShardScan& scan : scans) {
    last = std::max(last, scan.max_epoch);
    plan.next_tx = std::max(plan.next_tx, TxId(scan.max_tx.value + 1));
    plan.findings.insert(plan.findings.end(), scan.findings.begin(), scan.findings.end());
    const ScanPoint start = StartPoint(scan, plan.cut, manifest.settled);
    ShardPlanner planner(scan, start, /*asked=*/limit == options.until);
    absl::Status status =
        ForEachBatch(fs, directory, scan, start, [&](uint32_t file, const ScannedBatch& batch) {
          const Verdict::Answer answer = verdict.Of(batch);
          beyond_cut |= answer == Verdict::Answer::kBeyondCut && batch.header.records > 0;
          planner.Take(file, batch, answer);
        });
    if (!status.ok()) return status;
    plan.shards.push_back(planner.Finish(&plan.findings));
  }
  plan.resume_epoch = Epoch(last.value + 1);
  plan.settled = Settle(manifest.settled, *cut, plan.resume_epoch, *parts, beyond_cut);
  return plan;
}

absl::StatusOr<RecoveryPlan> RecoverLogs(FileSystem& fs, const std::string& directory,
                                         const Manifest& manifest, const RecoveryOptions& options) {
  std::vector<ShardScan> scans;
  for (uint32_t i = 0; i < manifest.shards.size(); ++i) {
    absl::StatusOr<ShardScan> scan =
        ScanShardLog(fs, directory, manifest, ShardId(static_cast<uint16_t>(i)), options);
    if (!scan.ok()) return scan.status();
    scans.push_back(*std::move(scan));
  }
  return PlanRecovery(fs, directory, manifest, scans, options);
}

std::string RecoveryPlan::Summary() const {
  ShardPlan sum;
  for (const ShardPlan& shard : shards) {
    sum.kept_batches += shard.kept_batches;
    sum.kept_records += shard.kept_records;
    sum.kept_bytes += shard.kept_bytes;
    sum.dropped_records += shard.dropped_records;
    sum.dropped_bytes += shard.dropped_bytes;
  }
  return StrCat("log: ", sum.kept_records, " records in ", sum.kept_batches, " batches (",
                sum.kept_bytes, " bytes) to load, ", sum.dropped_records, " records (",
                sum.dropped_bytes, " bytes) dropped, cut at epoch ", cut.value);
}

}  // namespace basalt
