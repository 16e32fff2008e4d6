#include "core/tx/tx_coordinator.h"

#include <algorithm>
#include <utility>

#include "core/base/mutant.h"
#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/world.h"
#include "core/tx/parked_run.h"
#include "core/tx/tx_plan.h"

namespace basalt {

namespace {

// Whether its reply tells of data, and not just of the server.
bool Reveals(const Tx& tx) {
  if (tx.kind != Tx::Kind::kCommand) return true;
  return std::any_of(tx.commands.begin(), tx.commands.end(), [](const StoredCommand& c) {
    return c.spec->where == Where::kScript || (c.spec->flags & (kWrite | kReadonly | kMayReplicate)) != 0;
  });
}

}  // namespace

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

bool TxCoordinator::Gather(Client* client, const CommandSpec* spec, Args args, std::string_view raw) {
  Tx& tx = *client->gathering;
  if (tx.commands.size() >= kGatherMax || tx.gathered_bytes >= kGatherBytesMax || tx.db != client->db ||
      tx.resp != client->resp || !FitsFanOut(*spec, args, world_)) {
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

void TxCoordinator::AddCommand(Client* client, const CommandSpec* spec, Args args, std::string_view raw) {
  const bool blocking = spec->where == Where::kBlocking;
  auto tx = NewTx(blocking ? Tx::Kind::kBlocking : Tx::Kind::kCommand, client);
  if (blocking) {
    tx->blocked = std::make_shared<BlockedCommand>(StoredCommand(spec, args, raw), client, shard_.id(), world_.NextTx().value);
  }
  tx->commands.emplace_back(spec, args, raw);
  tx->gathered_bytes = tx->commands.back().raw().size();
  const bool gathers = !blocking && client->reply_mode == Client::ReplyMode::kOn && FitsFanOut(*spec, args, world_);
  if (gathers) client->gathering = tx.get();
  Add(std::move(tx));
  if (gathers) client->paused = false;
}

void TxCoordinator::Escalate(Client* client, const CommandSpec* spec, Args args, std::string_view raw) {
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

void TxCoordinator::AddUnwatch(Client* client, std::vector<Transaction::Watched> watched, std::string_view reply) {
  auto tx = NewTx(Tx::Kind::kUnwatch, client);
  tx->watched = std::move(watched);
  tx->reply = reply;
  Add(std::move(tx));
}

void TxCoordinator::AddTask(std::function<void()> task) { tasks_.push_back(std::move(task)); }

// --- the tick's stage

bool TxCoordinator::Step() {
  bool worked = blocked_.Expire(shard_.keyspace().now_ms);
  worked |= durability_.Step([&](Client* client, std::string_view reply) { Deliver(client, reply, Gate{}); });
  if (!late_.empty()) {
    std::vector<TxItem> late = std::exchange(late_, {});
    for (TxItem& item : late) OnItem(item);
    worked = true;
  }
  if (!waiting_.empty()) worked |= StartWaiting();
  worked |= participant_.Step();
  worked |= TakeOwnAnswers();
  if (!flushing_.empty()) {
    worked |= std::erase_if(flushing_, [&](Tx* tx) { return FinishFanOut(tx) || GiveUpFlushing(tx); }) > 0;
  }
  if (park_state_ != ParkState::kNone || !waiting_.empty() || !tasks_.empty()) worked |= StepPark();
  ready_keys_.Serve();
  worked |= TakeOwnAnswers();
  return mailer_.Flush() || worked;
}

bool TxCoordinator::busy() const {
  // A park's turn, and its end, wake nobody; a full mailbox does not say when there is room again.
  return park_state_ != ParkState::kNone || !tasks_.empty() || !mailer_.empty() || !own_answers_.empty() || !late_.empty() ||
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
    if (!tx.planned || tx.park || !Ready(tx) || !(tx.at_once() || world_.park().EnterFanOut(shard_.id()))) {
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
    const bool watches = asks && (item.part->tx->kind == Tx::Kind::kWatch || item.part->tx->kind == Tx::Kind::kUnwatch);
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
  tx->busy = world_.BusyErrorOfAny();
  if (tx->at_once()) {
    FinishBusy(*tx);
    Take(tx);
  } else if (tx->state == Tx::State::kLocking) {
    part->state = ShardPart::State::kOut;
    BackOff(tx);
  }
}

// In Redis a transaction is gone with this error; so are its watches.
void TxCoordinator::FinishBusy(Tx& tx) {
  std::string text;
  for (size_t i = 0; i < (tx.kind == Tx::Kind::kExec ? 1 : tx.commands.size()); ++i) Reply(&text, tx.resp).Error(tx.busy);
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

// --- fan-out

// Refused by one: the others let their keys go, or stop waiting for them. With a new number the transaction tries again.
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
  if (!tx->busy.empty()) return FinishBusy(*tx);
  tx->state = Tx::State::kWaiting;
  if (++tx->refusals >= kRefusalsMax) tx->park = true;
  waiting_.push_front(std::move(owned));
}

bool TxCoordinator::WatchedChanged(const Tx& tx) const {
  return std::any_of(tx.parts.begin(), tx.parts.end(), [&](const auto& part) {
    return part->watched_changed || part->watched_until_ms < shard_.keyspace().now_ms;
  });
}

// The moment of a fan-out: all its keys are held, on all shards. Its epoch and time are this tick's, which began after every part
// was granted, so they are not before those of anything that the transaction can see.
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
  const uint64_t durable = part.shard == shard_.id() ? shard_.log().durable_batch() : world_.DurableBatch(part.shard);
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

// A fan-out answers when all that its parts saw and wrote is durable; at once, unless the fsync policy is always.
bool TxCoordinator::FinishFanOut(Tx* tx) {
  if (!std::all_of(tx->parts.begin(), tx->parts.end(), [&](const auto& part) { return Durable(*part); })) return false;
  Finish(*tx, ReplyOf(*tx), Gate{});
  if (tx->hold) {
    tx->state = Tx::State::kReleasing;
    SendAll(tx, TxItem::What::kRelease);
  } else {
    Take(tx);
  }
  return true;
}

// What a log has failed to make durable may never be: the client learns nothing, as if the power had gone, and the keys are let go.
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
  for (auto& part : tx->parts) until->push_back({part->shard, part->gate == kNeverDurable ? part->batch : part->gate});
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
  if (tx.kind == Tx::Kind::kExec && !tx.watched.empty()) AddUnwatch(nullptr, std::move(tx.watched), "");
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

// --- park

// A park would have to wait for the script: whoever wants one of a shard that is busy is told so.
void TxCoordinator::RefuseBusyParks() {
  if (world_.busy_shards.load(std::memory_order_relaxed) == 0) return;
  std::vector<std::unique_ptr<Tx>> refused;
  for (auto& tx : waiting_) {
    if (!WantsPark(*tx) || tx->client == nullptr) continue;
    tx->busy = world_.BusyError(tx->shards);
    if (!tx->busy.empty()) refused.push_back(std::move(tx));
  }
  std::erase(waiting_, nullptr);
  // Only now: what follows from it (the watches of an EXEC end) begins to wait in its turn.
  for (auto& tx : refused) FinishBusy(*tx);
}

bool TxCoordinator::StepPark() {
  Park& park = world_.park();
  RefuseBusyParks();
  if (park_state_ == ParkState::kNone) {
    if (tasks_.empty() && std::none_of(waiting_.begin(), waiting_.end(), [&](auto& tx) { return WantsPark(*tx); })) {
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
    if (WantsPark(*tx) && world_.park().set().Covers(tx->shards)) runs.push_back({std::move(tx), {}});
  }
  std::erase(waiting_, nullptr);
  const bool reveals = std::any_of(runs.begin(), runs.end(), [](const Run& run) { return Reveals(*run.tx); });
  auto section = [&] {
    for (Run& run : runs) {
      run.reply = RunParkedTx(shard_, *run.tx, &run.blocked);
      ServeReadyKeysOfAll(world_);
    }
  };
  const bool durable = shard_.RunParked(section, reveals);
  for (Run& run : runs) {
    Tx& tx = *run.tx;
    if (!durable && !run.blocked && Reveals(tx)) {
      // A log has failed: nobody may hear of what may not last. The connections end as if the power had gone.
      Client* client = tx.client != nullptr ? tx.client : tx.blocked != nullptr ? tx.blocked->client : nullptr;
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

void TxCoordinator::Tell(ShardId shard, TxItem::What what, std::shared_ptr<BlockedCommand> blocked) {
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
        if (world_.OwnerOf(key) == shard_.id()) shard_.keyspace().blocked_keys().NoteAdded(blocked.db, key, blocked.type);
      }
      ready_keys_.Serve();
  }
}

}  // namespace basalt
