// Parks of TxCoordinator: whose turn it is, and what runs then; and commands that wait for their
// keys, for which a park may have to try again.
#include <algorithm>
#include <utility>

#include "core/base/mutant.h"
#include "core/resp/errors.h"
#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/world.h"
#include "core/tx/parked_run.h"
#include "core/tx/tx_coordinator.h"

namespace basalt {

namespace {

// Whether its reply tells of data, and not just of the server.
bool Reveals(const Tx& tx) {
  if (tx.kind != Tx::Kind::kCommand) return true;
  return std::any_of(tx.commands.begin(), tx.commands.end(), [](const StoredCommand& c) {
    return c.spec->where == Where::kScript ||
           (c.spec->flags & (kWrite | kReadonly | kMayReplicate)) != 0;
  });
}

// Of the shards that stand.
bool AnyRefusesWrites(World& world) {
  for (uint32_t i = 0; i < world.shard_count(); ++i) {
    Shard& shard = world.shard(i);
    if (world.park().set().Has(shard.id()) && shard.refuses_writes()) return true;
  }
  return false;
}

}  // namespace

// --- park

// A park would have to wait for the script: whoever wants one of a shard that is busy is told so.
void TxCoordinator::RefuseBusyParks() {
  if (world_.busy_shards.load(std::memory_order_relaxed) == 0) return;
  std::vector<std::unique_ptr<Tx>> refused;
  for (auto& tx : waiting_) {
    if (!WantsPark(*tx) || tx->client == nullptr) continue;
    tx->refusal = world_.BusyError(tx->shards);
    if (!tx->refusal.empty()) refused.push_back(std::move(tx));
  }
  std::erase(waiting_, nullptr);
  // Only now: what follows from it (the watches of an EXEC end) begins to wait in its turn.
  for (auto& tx : refused) FinishBusy(*tx);
}

bool TxCoordinator::StepPark() {
  Park& park = world_.park();
  RefuseBusyParks();
  if (park_state_ == ParkState::kNone) {
    if (tasks_.empty() &&
        std::none_of(waiting_.begin(), waiting_.end(), [&](auto& tx) { return WantsPark(*tx); })) {
      return false;
    }
    ticket_ = park.Ask();
    park_state_ = ParkState::kInLine;
  }
  if (park_state_ == ParkState::kInLine) {
    if (!park.Granted(ticket_)) return false;
    AnnouncePark();
  }
  if (!park.AllQuiet() && !MutantIs("park-unquiet")) return false;
  park_state_ = ParkState::kNone;
  park_for_task_ ? RunTask() : RunPark();
  return true;
}

void TxCoordinator::AnnouncePark() {
  ShardSet set;
  set.Add(shard_.id());
  // A task is about a cut in time: no command may run in its park, before or after it.
  park_for_task_ = !tasks_.empty();
  if (park_for_task_) set = ShardSet::FirstN(world_.shard_count());
  for (auto& tx : waiting_) {
    if (WantsPark(*tx)) set.Add(tx->shards);
  }
  park_state_ = ParkState::kAnnounced;
  world_.park().Announce(set);
}

void TxCoordinator::RunTask() {
  std::function<void()> task = std::move(tasks_.front());
  tasks_.pop_front();
  shard_.RunParked(task, /*reveals=*/false);
}

void TxCoordinator::RunPark() {
  struct Run {
    std::unique_ptr<Tx> tx;
    std::string reply;
    bool blocked = false;
  };
  std::vector<Run> runs;
  for (auto& tx : waiting_) {
    if (WantsPark(*tx) && world_.park().set().Covers(tx->shards))
      runs.push_back({std::move(tx), {}});
  }
  std::erase(waiting_, nullptr);
  const bool reveals =
      std::any_of(runs.begin(), runs.end(), [](const Run& run) { return Reveals(*run.tx); });
  auto section = [&] {
    for (Run& run : runs) {
      if (world_.stopping) break;  // SHUTDOWN was among them, and may have taken its snapshot
      if (run.tx->Writes() && AnyRefusesWrites(world_)) {
        Reply(&run.reply, run.tx->resp).Error(shard_.RefusalWhileFrozen());
        continue;
      }
      run.reply = RunParkedTx(shard_, *run.tx, &run.blocked);
      if (!world_.stopping) ServeReadyKeysOfAll(world_);
    }
  };
  const bool durable = shard_.RunParked(section, reveals);
  for (Run& run : runs) {
    Tx& tx = *run.tx;
    if (!durable && !run.blocked && Reveals(tx)) {
      // A log has failed: nobody may hear of what may not last. The connections end as if the power
      // had gone.
      Client* client = tx.client != nullptr    ? tx.client
                       : tx.blocked != nullptr ? tx.blocked->client
                                               : nullptr;
      if (client != nullptr && !client->closed) shard_.frontend().Drop(client);
    }
    if (tx.kind == Tx::Kind::kBlocking && tx.commands.empty()) {
      if (tx.blocked->state() == BlockedCommand::State::kServed) blocked_.OnServed(tx.blocked);
    } else if (run.blocked) {
      Block(tx);
    } else {
      if (!durable && !tx.unless_durable.empty()) {
        run.reply.clear();
        Reply(&run.reply, tx.resp).Error(tx.unless_durable);
      }
      Finish(tx, run.reply, Gate{});
    }
  }
}

// --- blocked commands

void TxCoordinator::Forget(Client* client) {
  std::string reply;
  if (durability_.Remove(client, &reply)) return Deliver(client, "", Gate{});
  blocked_.Abandon(client);
}

int64_t TxCoordinator::MicrosToDeadline() const {
  const int64_t now_us = shard_.keyspace().now_us;
  return std::min(blocked_.MicrosToDeadline(now_us), durability_.MicrosToDeadline(now_us));
}

void TxCoordinator::AwaitDurable(Client* client, const DurabilityWait& wait) {
  client->paused = true;
  ++client->in_flight;
  durability_.Add(client, wait);
}

bool TxCoordinator::Unblock(Client* client, bool with_error) {
  std::string reply;
  if (!durability_.Remove(client, &reply)) return blocked_.Unblock(client, with_error);
  if (with_error) {
    reply.clear();
    Reply(&reply, client->resp).Error(errors::kUnblocked);
  }
  Deliver(client, reply, Gate{});
  return true;
}

void TxCoordinator::Block(Tx& tx) {
  Client* client = std::exchange(tx.client, nullptr);
  blocked_.Add(tx.blocked);
  if (client->closed) blocked_.Abandon(client);
}

void TxCoordinator::TryAgain(std::shared_ptr<BlockedCommand> blocked) {
  if (!blocked_.Waits(*blocked)) return;
  auto tx = NewTx(Tx::Kind::kBlocking, nullptr);
  tx->db = blocked->db;
  tx->resp = blocked->resp;
  tx->planned = tx->park = true;
  tx->shards = blocked->ShardsConcerned(world_);
  tx->blocked = std::move(blocked);
  waiting_.push_back(std::move(tx));
}

void TxCoordinator::Tell(ShardId shard, TxItem::What what,
                         std::shared_ptr<BlockedCommand> blocked) {
  if (shard == shard_.id()) {
    own_answers_.push_back({what, nullptr, std::move(blocked)});
  } else {
    mailer_.Add(shard, {what, nullptr, std::move(blocked)});
  }
}

void TxCoordinator::OnBlockedItem(TxItem& item) {
  BlockedCommand& blocked = *item.blocked;
  switch (item.what) {
    case TxItem::What::kServed:
      return blocked_.OnServed(item.blocked);
    case TxItem::What::kTryAgain:
      return TryAgain(std::move(item.blocked));
    default:  // kForget
      blocked.LeaveLine(shard_);
      // Those behind it may have waited for its other try.
      if (!blocked.needs_others || !std::exchange(blocked.asked, false)) return;
      for (std::string_view key : blocked.keys) {
        if (world_.OwnerOf(key) == shard_.id())
          shard_.keyspace().blocked_keys().NoteAdded(blocked.db, key, blocked.type);
      }
      ready_keys_.Serve();
  }
}

}  // namespace basalt
