#include "core/tx/tx_coordinator.h"

#include <algorithm>
#include <utility>

#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/world.h"
#include "core/tx/tx_plan.h"

namespace basalt {

TxCoordinator::TxCoordinator(Shard* shard)
    : shard_(*shard),
      world_(shard->world()),
      mailer_(&world_.mail(), shard->id(), world_.shard_count()),
      participant_(shard, this),
      blocked_(shard, this),
      durability_(shard),
      ready_keys_(shard, this) {}

TxCoordinator::~TxCoordinator() = default;

// --- what comes in

std::unique_ptr<Tx> TxCoordinator::NewTx(Tx::Kind kind, Client* client) {
  auto tx = std::make_unique<Tx>();
  tx->kind = kind;
  tx->client = client;
  tx->home = shard_.id();
  if (client != nullptr) {
    tx->db = client->db;
    tx->resp = client->resp;
  }
  return tx;
}

void TxCoordinator::Add(std::unique_ptr<Tx> tx) {
  if (tx->client != nullptr) {
    tx->client->paused = true;
    ++tx->client->in_flight;  // keeps the client's memory until the transaction is done
  }
  waiting_.push_back(std::move(tx));
}

bool TxCoordinator::Gather(Client* client, const CommandSpec* spec, Args args,
                           std::string_view raw) {
  Tx& tx = *client->gathering;
  if (tx.commands.size() >= kGatherMax || tx.gathered_bytes >= kGatherBytesMax ||
      tx.db != client->db || tx.resp != client->resp || !FitsFanOut(*spec, args, world_)) {
    return false;
  }
  tx.commands.emplace_back(spec, args, raw);
  tx.gathered_bytes += tx.commands.back().raw().size();
  return true;
}

void TxCoordinator::EndGathering(Tx* tx) {
  if (tx->client == nullptr || tx->client->gathering != tx) return;
  tx->client->gathering = nullptr;
  tx->client->paused = true;
}

void TxCoordinator::AddCommand(Client* client, const CommandSpec* spec, Args args,
                               std::string_view raw) {
  const bool blocking = spec->where == Where::kBlocking;
  auto tx = NewTx(blocking ? Tx::Kind::kBlocking : Tx::Kind::kCommand, client);
  if (blocking) {
    tx->blocked = std::make_shared<BlockedCommand>(StoredCommand(spec, args, raw), client,
                                                   shard_.id(), world_.NextTx().value);
  }
  tx->commands.emplace_back(spec, args, raw);
  tx->gathered_bytes = tx->commands.back().raw().size();
  const bool gathers =
      !blocking && client->reply_mode == Client::ReplyMode::kOn && FitsFanOut(*spec, args, world_);
  if (gathers) client->gathering = tx.get();
  Add(std::move(tx));
  if (gathers) client->paused = false;
}

void TxCoordinator::Escalate(Client* client, const CommandSpec* spec, Args args,
                             std::string_view raw) {
  auto tx = NewTx(Tx::Kind::kCommand, client);
  tx->commands.emplace_back(spec, args, raw);
  PlanTx(*tx, world_);
  tx->park = true;
  tx->shards = ShardSet::FirstN(world_.shard_count());
  Add(std::move(tx));
}

void TxCoordinator::AddExec(Client* client) {
  Transaction& open = Transaction::Of(*client);
  std::vector<Transaction::Watched> watched = std::move(open.watched);
  if (open.aborted) {
    client->transaction.reset();
    return AddUnwatch(client, std::move(watched), StrCat("-", errors::kExecAbort, "\r\n"));
  }
  auto tx = NewTx(Tx::Kind::kExec, client);
  tx->commands = std::move(open.commands);
  tx->watched = std::move(watched);
  client->transaction.reset();
  Add(std::move(tx));
}

void TxCoordinator::AddWatch(Client* client, Args args) {
  auto tx = NewTx(Tx::Kind::kWatch, client);
  const Transaction& open = Transaction::Of(*client);
  for (std::string_view key : args.From(1)) {
    auto same = [&](const Transaction::Watched& w) { return w.db == client->db && w.key == key; };
    if (std::any_of(open.watched.begin(), open.watched.end(), same)) continue;
    if (std::any_of(tx->watched.begin(), tx->watched.end(), same)) continue;
    tx->watched.push_back({client->db, std::string(key), 0});
  }
  tx->reply = "+OK\r\n";
  Add(std::move(tx));
}

void TxCoordinator::AddUnwatch(Client* client, std::vector<Transaction::Watched> watched,
                               std::string_view reply) {
  auto tx = NewTx(Tx::Kind::kUnwatch, client);
  tx->watched = std::move(watched);
  tx->reply = reply;
  Add(std::move(tx));
}

void TxCoordinator::AddTask(std::function<void()> task) { tasks_.push_back(std::move(task)); }

// --- the tick's stage

bool TxCoordinator::Step() {
  bool worked = blocked_.Expire(shard_.keyspace().now_ms);
  worked |= durability_.Step(
      [&](Client* client, std::string_view reply) { Deliver(client, reply, Gate{}); });
  if (!late_.empty()) {
    std::vector<TxItem> late = std::exchange(late_, {});
    for (TxItem& item : late) OnItem(item);
    worked = true;
  }
  if (!waiting_.empty()) worked |= StartWaiting();
  worked |= participant_.Step();
  worked |= TakeOwnAnswers();
  if (!flushing_.empty()) {
    worked |= std::erase_if(flushing_,
                            [&](Tx* tx) { return FinishFanOut(tx) || GiveUpFlushing(tx); }) > 0;
  }
  if (park_state_ != ParkState::kNone || !waiting_.empty() || !tasks_.empty()) worked |= StepPark();
  if (world_.stopping.load(std::memory_order_relaxed)) return true;  // nothing more is run
  ready_keys_.Serve();
  worked |= TakeOwnAnswers();
  return mailer_.Flush() || worked;
}

bool TxCoordinator::busy() const {
  // A park's turn, and its end, wake nobody; a full mailbox does not say when there is room again.
  return park_state_ != ParkState::kNone || !tasks_.empty() || !mailer_.empty() ||
         !own_answers_.empty() || !late_.empty() ||
         (!waiting_.empty() && world_.park().announced()) || ready_keys_.holding();
}

// Its own place among the client's commands under way is one; nothing else of the client's may be.
bool TxCoordinator::Ready(const Tx& tx) const {
  const Client* client = tx.client;
  return client == nullptr ||
         (client->in_flight == 1 && client->queued_local == 0 && client->replies.AllAnswered());
}

bool TxCoordinator::StartWaiting() {
  bool any = false;
  for (size_t i = 0; i < waiting_.size();) {
    Tx& tx = *waiting_[i];
    if (!tx.planned && Ready(tx)) {
      EndGathering(&tx);
      PlanTx(tx, world_);
    }
    // While a park has been announced, fan-outs wait.
    if (!tx.planned || tx.park || !Ready(tx) ||
        !(tx.at_once() || world_.park().EnterFanOut(shard_.id()))) {
      ++i;
      continue;
    }
    std::unique_ptr<Tx> ready = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(i));
    Start(std::move(ready));
    any = true;
  }
  return any;
}

void TxCoordinator::Start(std::unique_ptr<Tx> owned) {
  Tx* tx = owned.get();
  tx->place = under_way_.size();
  under_way_.push_back(std::move(owned));
  if (tx->at_once()) {
    tx->state = Tx::State::kRunning;
    return SendAll(tx, TxItem::What::kRunHere);
  }
  tx->state = Tx::State::kLocking;
  ++shard_.stats().fan_outs;
  tx->number = world_.NextTx();
  for (auto& part : tx->parts) part->state = ShardPart::State::kAsked;
  SendAll(tx, TxItem::What::kLock);
}

std::unique_ptr<Tx> TxCoordinator::Take(Tx* tx) {
  if (!tx->at_once()) world_.park().LeaveFanOut(shard_.id());
  const size_t place = tx->place;
  std::unique_ptr<Tx> owned = std::move(under_way_[place]);
  if (place + 1 < under_way_.size()) {
    under_way_[place] = std::move(under_way_.back());
    under_way_[place]->place = place;
  }
  under_way_.pop_back();
  return owned;
}

// --- messages

void TxCoordinator::Send(ShardPart* part, TxItem::What what) {
  if (part->shard == shard_.id()) return participant_.Take(what, part);
  mailer_.Add(part->shard, {what, part, nullptr});
}

void TxCoordinator::SendAll(Tx* tx, TxItem::What what) {
  tx->awaited = static_cast<uint32_t>(tx->parts.size());
  for (auto& part : tx->parts) Send(part.get(), what);
}

void TxCoordinator::Handle(const Message& message) {
  std::unique_ptr<TxMail> mail(static_cast<TxMail*>(message.pointer));
  for (TxItem& item : mail->items) OnItem(item);
  mailer_.Recycle(std::move(mail));
}

void TxCoordinator::OnItem(TxItem& item) {
  switch (item.what) {
    case TxItem::What::kLock:
    case TxItem::What::kRun:
    case TxItem::What::kRunHere:
    case TxItem::What::kRelease:
      return participant_.Take(item.what, item.part);
    case TxItem::What::kGranted:
    case TxItem::What::kRefused:
    case TxItem::What::kBusy:
    case TxItem::What::kDone:
    case TxItem::What::kReleased:
      return OnAnswer(item.part, item.what);
    case TxItem::What::kServed:
    case TxItem::What::kTryAgain:
    case TxItem::What::kForget:
      return OnBlockedItem(item);
  }
}

// --- while a script keeps this shard busy

void TxCoordinator::HandleWhileBusy(const Message& message) {
  std::unique_ptr<TxMail> mail(static_cast<TxMail*>(message.pointer));
  for (TxItem& item : mail->items) {
    const bool asks = item.what == TxItem::What::kLock || item.what == TxItem::What::kRunHere;
    const bool watches = asks && (item.part->tx->kind == Tx::Kind::kWatch ||
                                  item.part->tx->kind == Tx::Kind::kUnwatch);
    if (asks && !watches) {
      Answer(item.part, TxItem::What::kBusy);
    } else {
      late_.push_back(std::move(item));
    }
  }
  mailer_.Recycle(std::move(mail));
}

void TxCoordinator::StepWhileBusy() {
  RefuseBusyParks();
  mailer_.Flush();
}

void TxCoordinator::OnBusy(Tx* tx, ShardPart* part) {
  tx->refusal = part->refusal.empty() ? world_.BusyErrorOfAny() : std::string_view(part->refusal);
  if (tx->at_once()) {
    FinishBusy(*tx);
    Take(tx);
  } else if (tx->state == Tx::State::kLocking) {
    // Busy, it did not even queue up.
    if (part->refusal.empty()) part->state = ShardPart::State::kOut;
    BackOff(tx);
  }
}

// In Redis a transaction is gone with this error; so are its watches.
void TxCoordinator::FinishBusy(Tx& tx) {
  std::string text;
  for (size_t i = 0; i < (tx.kind == Tx::Kind::kExec ? 1 : tx.commands.size()); ++i)
    Reply(&text, tx.resp).Error(tx.refusal);
  Finish(tx, text, Gate{});
}

// From within the participant: what follows from it comes when that has ended.
void TxCoordinator::Answer(ShardPart* part, TxItem::What what) {
  if (part->tx->home == shard_.id()) {
    own_answers_.push_back({what, part, nullptr});
  } else {
    mailer_.Add(part->tx->home, {what, part, nullptr});
  }
}

bool TxCoordinator::TakeOwnAnswers() {
  const bool any = !own_answers_.empty();
  while (!own_answers_.empty()) {
    std::vector<TxItem> answers = std::exchange(own_answers_, {});
    for (TxItem& item : answers) {
      item.part != nullptr ? OnAnswer(item.part, item.what) : OnBlockedItem(item);
    }
  }
  return any;
}

void TxCoordinator::OnAnswer(ShardPart* part, TxItem::What what) {
  Tx* tx = part->tx;
  switch (what) {
    case TxItem::What::kGranted:
      if (tx->state != Tx::State::kLocking) return;  // it is being taken back
      part->state = ShardPart::State::kGranted;
      if (--tx->awaited == 0) OnAllGranted(tx);
      return;
    case TxItem::What::kRefused:
      if (tx->state != Tx::State::kLocking) return;
      part->state = ShardPart::State::kOut;
      return BackOff(tx);
    case TxItem::What::kBusy:
      return OnBusy(tx, part);
    case TxItem::What::kDone:
      if (--tx->awaited == 0) OnAllDone(tx);
      return;
    default:  // kReleased
      part->state = ShardPart::State::kOut;
      if (--tx->awaited == 0) OnAllReleased(tx);
      return;
  }
}

}  // namespace basalt
