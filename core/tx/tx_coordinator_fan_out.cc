// Fan-outs of TxCoordinator: keys are granted on every shard, every shard runs its part, and where
// the log asks for it the keys stay held until all parts are durable.
#include <algorithm>
#include <utility>

#include "core/base/mutant.h"
#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/world.h"
#include "core/tx/tx_coordinator.h"
#include "core/tx/tx_plan.h"

namespace basalt {

// Refused by one: the others let their keys go, or stop waiting for them. With a new number the
// transaction tries again.
void TxCoordinator::BackOff(Tx* tx) {
  tx->state = Tx::State::kBackingOff;
  ++shard_.stats().fan_out_refusals;
  tx->awaited = 0;
  for (auto& part : tx->parts) tx->awaited += part->state != ShardPart::State::kOut;
  if (tx->awaited == 0) return OnAllReleased(tx);
  for (auto& part : tx->parts) {
    if (part->state != ShardPart::State::kOut) Send(part.get(), TxItem::What::kRelease);
  }
}

void TxCoordinator::OnAllReleased(Tx* tx) {
  std::unique_ptr<Tx> owned = Take(tx);
  if (tx->state != Tx::State::kBackingOff) return;  // it has answered long since
  if (!tx->refusal.empty()) return FinishBusy(*tx);
  tx->state = Tx::State::kWaiting;
  if (++tx->refusals >= kRefusalsMax) tx->park = true;
  waiting_.push_front(std::move(owned));
}

bool TxCoordinator::WatchedChanged(const Tx& tx) const {
  return std::any_of(tx.parts.begin(), tx.parts.end(), [&](const auto& part) {
    return part->watched_changed || part->watched_until_ms < shard_.keyspace().now_ms;
  });
}

// The moment of a fan-out: all its keys are held, on all shards. Its epoch and time are this
// tick's, which began after every part was granted, so they are not before those of anything that
// the transaction can see.
void TxCoordinator::OnAllGranted(Tx* tx) {
  if (tx->kind == Tx::Kind::kExec && WatchedChanged(*tx)) {
    tx->failed = tx->hold = true;
    tx->state = Tx::State::kFlushing;
    if (!FinishFanOut(tx)) flushing_.push_back(tx);
    return;
  }
  tx->state = Tx::State::kRunning;
  tx->epoch = shard_.tick_epoch();
  tx->now_us = shard_.keyspace().now_us;
  for (auto& part : tx->parts) tx->writers += part->writes;
  tx->hold = world_.always() && tx->writers > 1 && !MutantIs("hold-dropped");
  SendAll(tx, TxItem::What::kRun);
}

bool TxCoordinator::Durable(const ShardPart& part) const {
  const uint64_t durable =
      part.shard == shard_.id() ? shard_.log().durable_batch() : world_.DurableBatch(part.shard);
  return durable >= part.gate;
}

void TxCoordinator::OnAllDone(Tx* tx) {
  switch (tx->kind) {
    case Tx::Kind::kUnwatch:
      Finish(*tx, tx->reply, Gate{});
      Take(tx);
      return;
    case Tx::Kind::kWatch:
      FinishWatch(*tx);
      Take(tx);
      return;
    case Tx::Kind::kBlocking:
      if (tx->parts[0]->blocked) {
        Block(*tx);
        Take(tx);
        return;
      }
      break;
    case Tx::Kind::kExec:
      tx->failed = tx->one_shard() && tx->parts[0]->watched_changed;
      break;
    case Tx::Kind::kCommand:
      break;
  }
  if (tx->one_shard()) {
    const ShardPart& part = *tx->parts[0];
    Finish(*tx, ReplyOf(*tx), {part.shard, part.gate});
    Take(tx);
    return;
  }
  tx->state = Tx::State::kFlushing;
  if (!FinishFanOut(tx)) flushing_.push_back(tx);
}

std::string TxCoordinator::ReplyOf(const Tx& tx) {
  if (!tx.failed) return MergeReplies(tx, world_);
  std::string text;
  Reply(&text, tx.resp).NullArray();
  return text;
}

// A fan-out answers when all that its parts saw and wrote is durable; at once, unless the fsync
// policy is always.
bool TxCoordinator::FinishFanOut(Tx* tx) {
  if (!std::all_of(tx->parts.begin(), tx->parts.end(),
                   [&](const auto& part) { return Durable(*part); }))
    return false;
  Finish(*tx, ReplyOf(*tx), Gate{});
  if (tx->hold) {
    tx->state = Tx::State::kReleasing;
    SendAll(tx, TxItem::What::kRelease);
  } else {
    Take(tx);
  }
  return true;
}

// What a log has failed to make durable may never be: the client learns nothing, as if the power
// had gone, and the keys are let go.
bool TxCoordinator::GiveUpFlushing(Tx* tx) {
  const bool in_vain = std::any_of(tx->parts.begin(), tx->parts.end(), [&](const auto& part) {
    return !Durable(*part) && world_.MayNeverOpen({part->shard, part->gate});
  });
  if (!in_vain) return false;
  if (tx->client != nullptr && !tx->client->closed) shard_.frontend().Drop(tx->client);
  Finish(*tx, "", Gate{});
  if (!tx->hold) {
    Take(tx);
    return true;
  }
  auto until = std::make_shared<std::vector<Gate>>();
  // One that has seen something frozen depends on that, but must not be frozen for ever.
  for (auto& part : tx->parts)
    until->push_back({part->shard, part->gate == kNeverDurable ? part->batch : part->gate});
  tx->frozen_until = std::move(until);
  tx->state = Tx::State::kReleasing;
  SendAll(tx, TxItem::What::kRelease);
  return true;
}

void TxCoordinator::FinishWatch(Tx& tx) {
  std::vector<Transaction::Watched> watched;
  for (auto& part : tx.parts) {
    for (Transaction::Watched& w : part->watched) watched.push_back(std::move(w));
  }
  if (tx.client->closed) {
    AddUnwatch(nullptr, std::move(watched), "");
  } else {
    Transaction& open = Transaction::Of(*tx.client);
    for (Transaction::Watched& w : watched) open.watched.push_back(std::move(w));
  }
  Finish(tx, tx.reply, Gate{});
}

void TxCoordinator::Finish(Tx& tx, std::string_view reply, Gate gate) {
  // The watches of an EXEC end with it.
  if (tx.kind == Tx::Kind::kExec && !tx.watched.empty())
    AddUnwatch(nullptr, std::move(tx.watched), "");
  if (tx.client != nullptr) Deliver(std::exchange(tx.client, nullptr), reply, gate);
}

void TxCoordinator::Deliver(Client* client, std::string_view reply, Gate gate) {
  --client->in_flight;
  client->paused = false;
  if (!client->closed && !reply.empty()) {
    if (gate.batch == 0 && client->replies.empty()) {
      client->out += reply;
    } else {
      client->replies.Answer(client->replies.Reserve(), reply, gate);
    }
  }
  shard_.frontend().Dirty(client);
}

}  // namespace basalt
