#include "persistence/aof/recovery_cases.h"

#include "core/base/check.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

using enum RecoveryCase;
using enum RecoveryDecision;

// In the order of the enum, one row per case.
constexpr RecoveryRow kTable[] = {
    {kNothingThere, kStartEmpty, "nothing-there", "no log yet; starting with an empty one"},
    {kClean, kLoad, "clean", "the log is whole"},
    {kManifestMissing, kRefuse, "manifest-missing",
     "log files but no manifest; put the manifest back, or move the files away to start empty"},
    {kManifestDamaged, kRefuse, "manifest-damaged", "cannot use the manifest"},
    {kManifestOfRedis, kConvert, "manifest-of-redis",
     "written by redis-server; loading it, then writing a log of our own"},
    {kBaseMissing, kRefuse, "base-missing", "the base file is missing"},
    {kBaseWrongSize, kRefuse, "base-wrong-size",
     "the base file has not the size that the manifest says"},
    {kFileMissing, kRefuse, "file-missing", "the manifest names this file, but it is missing"},
    {kFileOfAnother, kRefuse, "file-of-another",
     "this file belongs to another shard, place or log"},
    {kFileTooNew, kRefuse, "file-too-new", "written by a newer version"},
    {kHeaderTorn, kCutTail, "header-torn",
     "the file was just begun and never synced; nothing in it counts"},
    {kHeaderRotten, kRefuse, "header-rotten",
     "the first line is damaged, but synced batches follow it"},
    {kTailTorn, kCutTail, "tail-torn", "the log ends in an unfinished batch, which is cut off"},
    {kTailTornStrict, kRefuse, "tail-torn-strict",
     "the log ends in an unfinished batch; set aof-load-truncated to yes to cut it off"},
    {kMiddleRotten, kRefuse, "middle-rotten",
     "damage in a part that had been synced; what follows it is whole"},
    {kFileCutShort, kRefuse, "file-cut-short",
     "the file ends before the place where the next one begins"},
    {kEndMissing, kRefuse, "end-missing",
     "the log ends before the place where it ended, durable, at the last start"},
    {kDurableLost, kRefuse, "durable-lost",
     "the log ends before a point that was synced on every shard"},
    {kBeyondCut, kDrop, "beyond-cut", "dropped, as not every shard had finished these epochs"},
    {kBeyondDamage, kDrop, "beyond-damage",
     "dropped, as what the damaged shard lost may belong to these epochs"},
    {kTransactionTorn, kDrop, "transaction-torn",
     "dropped, as other parts of this transaction are missing"},
    {kForeignTailTorn, kCutTail, "foreign-tail-torn",
     "the file ends inside a command, which is left out"},
    {kForeignTailStrict, kRefuse, "foreign-tail-strict",
     "the file ends inside a command; set aof-load-truncated to yes to leave it out"},
    {kForeignMultiOpen, kCutTail, "foreign-multi-open",
     "the file ends inside a MULTI, which is left out"},
    {kForeignRotten, kRefuse, "foreign-rotten", "this is no command"},
};

static_assert(std::size(kTable) == static_cast<size_t>(kCount));
constexpr bool RowsStandInOrder() {
  for (size_t i = 0; i < std::size(kTable); ++i) {
    if (kTable[i].found != static_cast<RecoveryCase>(i)) return false;
  }
  return true;
}
static_assert(RowsStandInOrder());

}  // namespace

std::span<const RecoveryRow> RecoveryTable() { return kTable; }

const RecoveryRow& RowFor(RecoveryCase found) {
  BASALT_CHECK(found < kCount);
  return kTable[static_cast<size_t>(found)];
}

std::string Describe(RecoveryCase found, std::string_view file, uint64_t offset,
                     std::string_view detail) {
  std::string text;
  if (!file.empty()) StrAppend(&text, file, " at byte ", offset, ": ");
  StrAppend(&text, RowFor(found).message);
  if (!detail.empty()) StrAppend(&text, " (", detail, ")");
  return text;
}

}  // namespace basalt
