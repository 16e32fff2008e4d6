#include "core/tx/tx_participant.h"

#include <algorithm>
#include <utility>

#include "core/base/hash.h"
#include "core/base/mutant.h"
#include "core/shard/client.h"
#include "core/shard/world.h"
#include "core/store/read_ahead.h"
#include "core/tx/blocked_command.h"

namespace basalt {
namespace {

// While a part runs: one time for the whole transaction, so that a key which expires meanwhile is
// there for all of its parts, or for none; and the keys that are held are held for it.
class AsOf {
 public:
  AsOf(Keyspace& keyspace, int64_t now_us) : keyspace_(keyspace), before_us_(keyspace.now_us) {
    guard_ = keyspace.SetGuard(nullptr);
    keyspace.SetTimeMicros(now_us);
  }
  ~AsOf() {
    keyspace_.SetTimeMicros(before_us_);
    keyspace_.SetGuard(guard_);
  }

 private:
  Keyspace& keyspace_;
  const int64_t before_us_;
  const KeyGuard* guard_;
};

}  // namespace

void TxParticipant::Take(TxItem::What what, ShardPart* part) {
  switch (what) {
    case TxItem::What::kLock:
      asked_.push_back(part);
      return;
    case TxItem::What::kRun:
      return Run(part);
    case TxItem::What::kRunHere:
      if (!waiting_.empty() || !RunHere(part)) waiting_.push_back(part);
      return;
    case TxItem::What::kRelease:
      // It may not have queued up yet, or have been refused: the coordinator gives up when any
      // other shard refuses.
      std::erase(asked_, part);
      if (part->tx->frozen_until != nullptr) Freeze(*part);
      if (part->queued()) LetGo(part);
      shard_.coordinator().ServeReadyKeys();
      return answers_.Answer(part, TxItem::What::kReleased);
    default:
      return;
  }
}

bool TxParticipant::Step() {
  bool worked = false;
  // In turn: one that waits for a key holds up those behind it, which keeps the order of arrival.
  while (!waiting_.empty() && RunHere(waiting_.front())) {
    waiting_.pop_front();
    worked = true;
  }
  shard_.locks().Promote([&](LockRequest* request) {
    worked = true;
    Grant(static_cast<ShardPart*>(request));
  });
  for (ShardPart* part : asked_) {
    worked = true;
    part->number = part->tx->number;
    switch (shard_.locks().Request(part)) {
      case KeyLocks::Outcome::kGranted:
        Grant(part);
        break;
      case KeyLocks::Outcome::kRefused:
        answers_.Answer(part, TxItem::What::kRefused);
        break;
      case KeyLocks::Outcome::kWaiting:
        break;
    }
  }
  asked_.clear();
  return worked;
}

// While keys are frozen, what was waiting for them must not write.
bool TxParticipant::Refuse(ShardPart* part) {
  if (__builtin_expect(!shard_.refuses_writes(), 1) || !part->writes) return false;
  part->refusal = shard_.RefusalWhileFrozen();
  answers_.Answer(part, TxItem::What::kBusy);
  return true;
}

void TxParticipant::Grant(ShardPart* part) {
  if (Refuse(part)) return;
  if (part->writes) part->promise = shard_.PromiseEpoch();
  CompareWatched(part);
  if (MutantIs("early-unlock")) shard_.locks().Release(part);
  answers_.Answer(part, TxItem::What::kGranted);
}

// Takes the part out of the queues, whether or not it had its turn.
void TxParticipant::LetGo(ShardPart* part) {
  if (part->held != 0) shard_.held_replies().PartIsOver(std::exchange(part->held, 0));
  if (part->promise.value != 0) shard_.DropPromise(std::exchange(part->promise, Epoch()));
  if (MutantIs("early-unlock") && !part->queued()) return;
  shard_.locks().Release(part);
}

// A log has failed before all parts were durable: the part's keys are let go, but what it wrote is
// not revealed yet.
void TxParticipant::Freeze(const ShardPart& part) {
  std::vector<uint32_t> cells;
  for (const LockWish& wish : part.wishes) {
    if (wish.exclusive) cells.push_back(DirtyKeys::CellOf(wish.hash));
  }
  shard_.Freeze(std::move(cells), part.tx->frozen_until);
}

void TxParticipant::Run(ShardPart* part) {
  Tx& tx = *part->tx;
  Journal& journal = shard_.keyspace().journal();
  // The part's records carry the transaction's epoch, and under `always` its number: then they are
  // a batch of their own.
  const bool stamped = part->writes && tx.writers > 1 && shard_.world().always();
  const bool own_batch =
      part->writes && journal.enabled() && (stamped || tx.epoch != shard_.tick_epoch());
  if (own_batch) shard_.SealTick();
  {
    AsOf as_of(shard_.keyspace(), tx.now_us);
    RunSteps(part);
  }
  if (own_batch) {
    // What a read-only part of a writing transaction saw is in the log already.
    shard_.SealPart(tx.epoch, stamped ? TxStamp{tx.number, tx.writers} : TxStamp{});
    if (shard_.world().always()) {
      part->batch = shard_.log().open_batch() - 1;
      part->gate = std::max(part->gate, part->batch);
      shard_.TellWhenDurable(tx.home);
    }
  }
  // With `hold`, nobody may see or take what the part wrote before every part of the transaction is
  // durable.
  if (tx.hold) {
    part->held = shard_.held_replies().PartHasRun();
  } else {
    LetGo(part);
    shard_.coordinator().ServeReadyKeys();
  }
  answers_.Answer(part, TxItem::What::kDone);
}

bool TxParticipant::KeysHeld(const ShardPart& part) const {
  const KeyLocks& locks = shard_.locks();
  return locks.any_held() &&
         std::any_of(part.wishes.begin(), part.wishes.end(),
                     [&](const LockWish& wish) { return locks.Blocks(wish.hash, wish.exclusive); });
}

// All of a transaction, which concerns this shard only. False while a key is held by another.
bool TxParticipant::RunHere(ShardPart* part) {
  const Tx& tx = *part->tx;
  if (tx.kind == Tx::Kind::kWatch || tx.kind == Tx::Kind::kUnwatch) {
    Watch(part);
  } else {
    if (KeysHeld(*part)) return false;
    if (Refuse(part)) return true;
    CompareWatched(part);
    if (!part->watched_changed) RunSteps(part);
    shard_.coordinator().ServeReadyKeys();
  }
  answers_.Answer(part, TxItem::What::kDone);
  return true;
}

void TxParticipant::Watch(ShardPart* part) {
  Keyspace& keyspace = shard_.keyspace();
  for (Transaction::Watched& w : part->watched) {
    if (part->tx->kind == Tx::Kind::kUnwatch) {
      keyspace.watches().Unwatch(w.db, w.key);
    } else {
      keyspace.db(w.db).FindNoTouch(w.key);  // a key that has expired already is watched as missing
      w.version = keyspace.watches().Watch(w.db, w.key);
    }
  }
}

void TxParticipant::CompareWatched(ShardPart* part) {
  part->watched_changed = false;
  part->gate = 0;
  part->watched_until_ms = INT64_MAX;
  Keyspace& keyspace = shard_.keyspace();
  for (const Transaction::Watched& w : part->watched) {
    const Entry* e = keyspace.db(w.db).Peek(w.key);
    bool changed = keyspace.watches().Version(w.db, w.key) != w.version;
    if (e != nullptr && e->has_expiry()) {
      part->watched_until_ms = std::min(part->watched_until_ms, e->expire_at_ms());
      changed |= e->ExpiredAt(keyspace.now_ms);
    }
    if (changed && !MutantIs("watch-ignored")) {
      part->watched_changed = true;
      // An EXEC that fails reveals the change, so its nil waits until that is durable.
      const DirtyKeys& dirty = keyspace.dirty_keys();
      if (dirty.enabled()) part->gate = std::max(part->gate, dirty.DependsOn(HashKey(w.key)).value);
    }
  }
  if (part->gate != 0) shard_.TellWhenDurable(part->tx->home);
}

void TxParticipant::RunSteps(ShardPart* part) {
  part->replies.clear();
  part->ends.clear();
  part->gate = part->batch = 0;
  const Db& db = shard_.keyspace().db(part->tx->db);
  ReadAhead ahead;
  for (size_t i = 0; i < part->wishes.size(); ++i) {
    ahead.Before(i, part->wishes.size(), [&](size_t k) {
      return ReadAhead::Key{&db, part->wishes[k].hash};
    });
  }
  Journal& journal = shard_.keyspace().journal();
  const bool group = part->tx->kind == Tx::Kind::kExec;
  if (group) journal.BeginGroup();
  shard_.StartCalls();
  for (const TxStep& step : part->steps) {
    RunStep(part, step);
    part->ends.push_back(static_cast<uint32_t>(part->replies.size()));
  }
  if (group) journal.EndGroup();
}

void TxParticipant::RunStep(ShardPart* part, const TxStep& step) {
  const Tx& tx = *part->tx;
  const StoredCommand& command = tx.commands[step.command];
  // Commands about the connection itself stand in the part of its own shard.
  Client* client = tx.home == shard_.id() ? tx.client : nullptr;
  CommandContext context({.local = &shard_.keyspace(),
                          .world = &shard_.world(),
                          .shard = &shard_,
                          .client = client,
                          .may_block = tx.kind == Tx::Kind::kBlocking},
                         &part->replies, client != nullptr ? client->resp : tx.resp);
  context.set_db(client != nullptr ? client->db : step.db);
  if (command.spec->where == Where::kScript)
    context.AdmitWrites(tx.kind == Tx::Kind::kExec && tx.Writes());
  if (step.word_count > 0) {
    context.Begin(*command.spec, {&part->words[step.first_word], step.word_count}, {});
  } else {
    context.Begin(*command.spec, command.args(), command.raw());
  }
  context.Run();
  shard_.CountCall(context, tx.client);
  part->gate = std::max(part->gate, context.gate());
  if (context.gate() != 0) shard_.TellWhenDurable(tx.home);
  if (context.block_request().has_value()) {
    part->blocked = true;
    tx.blocked->Want(*context.block_request(), shard_.world());
    tx.blocked->WaitAt(shard_);
  }
}

}  // namespace basalt
