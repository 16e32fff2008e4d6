// The shard's side of the log: the commit stage, epochs, parked sections, the end.
#include <algorithm>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/base/status.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

constexpr int64_t kEpochMicros =
    3000;  // an epoch with writes in it is closed about this long after its first

}  // namespace

// A coordinator may have been granted its park just before it saw that the world stops: it waits
// for everybody to stand, so nobody goes before all have left their loops. Only then is nothing
// more recorded anywhere, and the log can be flushed to its end.
void Shard::Leave() {
  world_.departed.fetch_add(1, std::memory_order_acq_rel);
  while (world_.departed.load(std::memory_order_acquire) < world_.shard_count()) {
    DrainMailbox();
    for (const Message& message : inbox_) {
      if (message.kind == Message::Kind::kPark) Stand(message.value);
    }
    inbox_.clear();
    if (WaitHook* hook = world_.wait_hook()) {
      hook->WaitUntil(
          [this] { return world_.departed == world_.shard_count() || world_.mail().AnyFor(id_); });
    } else {
      std::this_thread::yield();
    }
  }
  // Nobody writes any more: the last epoch is complete, on every shard alike.
  SealJournal(world_.CurrentEpoch(), TxStamp{});
  log_->CloseEpoch(world_.CurrentEpoch());
  if (!MutantIs("leave-unflushed")) FlushLogNow();
}

void Shard::Stand(uint64_t round) {
  ++stats_.parks_stood;
  stages_.Passed(Stage::kServe);
  int64_t from = world_.clock().MonotonicMicros();
  world_.park().Stand(
      round, [this] { FlushLogNow(); }, [this] { LookAround(); });
  stats_.parked_us += world_.clock().MonotonicMicros() - from;
  stages_.Passed(Stage::kPark);
}

void Shard::FlushLogNow() {
  // A failure is the log's trouble, which refuses the writes that follow; the gates that wait for
  // it stay shut.
  if (absl::Status s = log_->FlushNow(); !s.ok())
    LogWarning("Shard ", id_.value, ": ", MessageOf(s));
  world_.PublishDurable(id_, log_->durable_batch());
  PublishTrouble();
}

void Shard::PublishTrouble() {
  LogTrouble trouble = log_->trouble();
  // A write that runs meanwhile could carry what is frozen into other keys.
  if (__builtin_expect(!frozen_.empty(), 0) && !trouble.any())
    trouble = {LogTrouble::Kind::kBehind, 0, id_};
  if (trouble == trouble_published_) return;
  trouble_published_ = trouble;
  world_.PublishLogTrouble(id_, trouble);
}

void Shard::PublishDurable() {
  if (const Epoch epoch = log_->durable_epoch(); epoch != durable_epoch_published_) {
    durable_epoch_published_ = epoch;
    world_.PublishDurableEpoch(id_, epoch);
  }
  uint64_t durable = log_->durable_batch();
  if (durable == durable_published_) return;
  durable_published_ = durable;
  world_.PublishDurable(id_, durable);
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    ShardId shard(static_cast<uint16_t>(i));
    // A full mailbox needs no message: its owner is awake and looks at its held replies in every
    // tick.
    if (told_undurable_.Has(shard)) {
      world_.mail().Send(shard, {.kind = Message::Kind::kDurable, .from = id_, .value = durable},
                         Mailboxes::kControlReserve);
    }
  }
  if (durable + 1 >= log_->open_batch()) told_undurable_ = ShardSet{};
}

// --- parked sections

bool Shard::RunParked(absl::FunctionRef<void()> section, bool reveals) {
  ++stats_.parks_run;
  stages_.Passed(Stage::kCoordinate);
  BASALT_PROBE2(park__begin, id_.value, world_.park().set().Count());
  int64_t from_us = world_.clock().MonotonicMicros();
  world_.park().Gather(world_.mail(), id_, [this] { LookAround(); });
  // The commit of a multi-shard transaction: one epoch, read while all of its shards stand still.
  // What they had recorded in this tick before is dated the same, so that no log goes back in time.
  Epoch epoch = world_.CurrentEpoch();
  // So is the time: others have begun their ticks later than this one, and go on with them. Dated
  // by this tick, a command there could show a key that somebody has seen expired.
  if (!MutantIs("park-in-the-past")) keyspace_.SetTime(world_.clock());
  const ShardSet& set = world_.park().set();
  std::vector<Shard*> shards;
  std::vector<uint64_t> batches_before;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    Shard& shard = world_.shard(i);
    if (!set.Has(shard.id())) continue;
    shards.push_back(&shard);
    shard.tick_epoch_ = epoch;
    shard.keyspace_.SetTimeMicros(keyspace_.now_us);
    shard.SealJournal(epoch, TxStamp{});
    batches_before.push_back(shard.log_->open_batch());
  }
  const bool was_always = world_.always();
  section();
  const bool begun_always = !was_always && world_.always();
  bool durable = !begun_always || BeginAlways(shards);
  epoch = world_.CurrentEpoch();  // the section may have begun a new one
  const TxStamp tx = SealSection(shards, epoch, was_always || world_.always());
  // Also when the section has ended `always`: replies still wait for what was recorded under it,
  // and under `no` nobody would sync it.
  const bool ended_always = was_always && !world_.always();
  if (was_always || begun_always) {
    if (durable) durable = MakeParkDurable(shards, batches_before, tx, reveals || ended_always);
    for (Shard* shard : shards) shard->coordinator_->OnParkFlushed(durable);
  }
  const bool forked = std::exchange(world_.forked_in_park, false);
  world_.park().Release();
  BASALT_PROBE1(park__end, id_.value);
  stages_.Passed(Stage::kPark);
  if (forked)
    world_.snapshot_stall_us.store(world_.clock().MonotonicMicros() - from_us,
                                   std::memory_order_relaxed);
  return durable;
}

// Every shard that wrote has a part. Under `always` so has, an empty one, each that holds something
// not yet durable: what was written may come from there, and no epoch ties the two logs together.
//
//   shard 0   RPUSH a 1   (under way to the disk)
//   shard 1               COPY a b: b is durable | the power goes: b holds what a has lost
//
// With its part behind the RPUSH, recovery drops the COPY with it; and if shard 0's log fails, b
// stays frozen as long as a may still be lost.
TxStamp Shard::SealSection(const std::vector<Shard*>& shards, Epoch epoch, bool always) {
  auto wrote = [](Shard* shard) { return !shard->keyspace_.journal().empty(); };
  const bool any = std::any_of(shards.begin(), shards.end(), wrote);
  std::vector<Shard*> parts;
  for (Shard* shard : shards) {
    const bool source = any && always && !shard->AllDurable() && !MutantIs("source-untied");
    if (wrote(shard) || source) parts.push_back(shard);
  }
  TxStamp tx{};
  tx.parts = static_cast<uint32_t>(parts.size());
  if (tx.parts > 1) tx.id = world_.NextTx();
  for (Shard* shard : parts) {
    if (wrote(shard) && shard->close_epoch_ < epoch) shard->close_epoch_ = epoch;
    shard->SealJournal(epoch, tx);
  }
  for (Shard* shard : shards) shard->tick_epoch_ = epoch;
  return tx;
}

// The section has changed the policy to `always`, and maybe something else has run in it since. No
// record may be sealed under `always` anywhere before the mark of the change is durable everywhere:
// it would say that it is. False: it cannot be made durable, and the policy is again what it was.
bool Shard::BeginAlways(const std::vector<Shard*>& shards) {
  if (!MutantIs("mark-unsynced")) world_.park().Sync([this] { FlushLogNow(); });
  const bool durable =
      std::all_of(shards.begin(), shards.end(), [](Shard* shard) { return shard->AllDurable(); });
  world_.host().OnAlwaysBegun(durable || MutantIs("mark-unsynced"));
  return durable || MutantIs("mark-unsynced");
}

bool Shard::AllDurable() const { return log_->durable_batch() + 1 >= log_->open_batch(); }

// Under `always`, with everybody still standing. What only looks at the server (INFO) does not wait
// for the disk.
bool Shard::MakeParkDurable(const std::vector<Shard*>& shards,
                            const std::vector<uint64_t>& batches_before, TxStamp tx, bool reveals) {
  auto all_durable = [](Shard* shard) { return shard->AllDurable(); };
  bool sync = false, frozen = false;
  for (size_t i = 0; i < shards.size(); ++i) {
    sync |=
        shards[i]->log_->open_batch() != batches_before[i] || (reveals && !all_durable(shards[i]));
    frozen |= shards[i]->keyspace_.dirty_keys().any_frozen();
  }
  if (MutantIs("park-unsynced")) return true;
  if (sync) world_.park().Sync([this] { FlushLogNow(); });
  if (std::all_of(shards.begin(), shards.end(), all_durable)) return !frozen;
  if (tx.parts <= 1) return false;
  // A power cut may take a part, and then recovery drops them all: what stands on healthy shards
  // must wait, too.
  auto until = std::make_shared<std::vector<Gate>>();
  for (Shard* shard : shards) until->push_back({shard->id_, shard->log_->open_batch() - 1});
  for (size_t i = 0; i < shards.size(); ++i) {
    const uint64_t batch = shards[i]->log_->open_batch() - 1;
    if (batch >= batches_before[i])
      shards[i]->Freeze(shards[i]->keyspace_.dirty_keys().CellsWrittenAt(Lsn(batch)), until);
  }
  return false;
}

void Shard::Freeze(std::vector<uint32_t> cells, std::shared_ptr<const std::vector<Gate>> until) {
  for (uint32_t cell : cells) keyspace_.dirty_keys().Freeze(cell);
  frozen_.push_back({std::move(cells), std::move(until)});
}

void Shard::Thaw() {
  std::erase_if(frozen_, [&](const Frozen& frozen) {
    const auto& until = *frozen.until;
    if (!std::all_of(until.begin(), until.end(),
                     [&](const Gate& gate) { return world_.Durable(gate); }))
      return false;
    for (uint32_t cell : frozen.cells) keyspace_.dirty_keys().Thaw(cell);
    return true;
  });
}

// --- commit, idle

// The newest epoch that may be called complete when `epoch` is the first that may not anyway.
Epoch Shard::CompleteBelow(Epoch epoch) const {
  return MutantIs("epoch-floor-ignored") ? Epoch(epoch.value - 1) : promised_.CompleteBelow(epoch);
}

// The open batch is closed with what the journal holds, of `epoch`.
void Shard::SealJournal(Epoch epoch, TxStamp tx) { log_->Seal(epoch, CompleteBelow(epoch), tx); }

void Shard::SealTick() {
  NoteEpochToClose();
  SealJournal(tick_epoch_, TxStamp{});
}

void Shard::SealPart(Epoch epoch, TxStamp tx) {
  NoteEpochToClose();
  SealJournal(epoch, tx);
}

// There may be records of this tick's epoch: somebody has to say later that it is complete.
void Shard::NoteEpochToClose() {
  if (close_epoch_ >= tick_epoch_) return;
  if (close_epoch_.value == 0) epoch_started_us_ = mono_us_;
  close_epoch_ = tick_epoch_;
}

void Shard::CommitStage() {
  if (!keyspace_.journal().empty()) NoteEpochToClose();
  log_->Commit(tick_epoch_, CompleteBelow(tick_epoch_));
  PublishTrouble();
  if (close_epoch_.value != 0) CloseEpochs();
  if (__builtin_expect(sync_epoch_.value != 0, 0)) {
    // Also when the mark is in the log already: it may not have been written yet.
    log_->RequestSync();
    if (log_->durable_epoch() >= sync_epoch_) sync_epoch_ = Epoch();
  }
}

Epoch Shard::SyncAllSoon(Epoch again) {
  const Epoch epoch = again.value != 0 ? again : world_.CurrentEpoch();
  world_.AdvanceEpoch(epoch);
  close_epoch_ = std::max(close_epoch_, epoch);
  sync_epoch_ = std::max(sync_epoch_, epoch);
  TellOthers(Message::Kind::kSyncEpoch,
             epoch);  // one whose mailbox is full is asked again (core/tx/durability_waits.h)
  return epoch;
}

void Shard::CloseEpochs() {
  if (tick_epoch_ > close_epoch_) {
    // Whatever this shard records from here on has a later epoch: all of close_epoch_ stands in its
    // log. Unless a transaction was promised a place in it.
    const Epoch complete = CompleteBelow(tick_epoch_);
    if (complete < close_epoch_) return;
    log_->CloseEpoch(complete);
    close_epoch_ = Epoch();
    return;
  }
  if (mono_us_ - epoch_started_us_ < kEpochMicros) return;
  if (!world_.AdvanceEpoch(close_epoch_)) return;
  // One whose mailbox is full marks the epoch with one of its next batches: it is at work.
  TellOthers(Message::Kind::kCloseEpoch, close_epoch_);
}

// Those whose mailboxes have room.
void Shard::TellOthers(Message::Kind kind, Epoch epoch) {
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    if (i == id_.value) continue;
    world_.mail().Send(ShardId(static_cast<uint16_t>(i)),
                       {.kind = kind, .from = id_, .value = epoch.value},
                       Mailboxes::kControlReserve);
  }
}

}  // namespace basalt
