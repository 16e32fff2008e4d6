#include "core/shard/shard.h"

#include <algorithm>
#include <thread>

#include "core/base/alloc.h"
#include "core/base/check.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/shard/client.h"
#include "core/shard/host.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

constexpr int64_t kEpochMicros = 3000;        // an epoch with writes in it is closed about this long after its first
constexpr int64_t kHousekeepMillis = 100;
constexpr int64_t kMaxSleepMicros = 100'000;
constexpr int64_t kSpinMicros = 20;           // how long to look for another shard's answer before sleeping
constexpr size_t kIdleBudget = 256;           // entries expired or elements freed per tick

uint64_t FirstKeyHash(const CommandSpec& spec, const std::string_view* words, size_t count) {
  if (spec.keys.first <= 0 || static_cast<size_t>(spec.keys.first) >= count) return 0;
  return HashKey(words[spec.keys.first]);
}

}  // namespace

Shard::Shard(World* world, ShardId id) : world_(*world), id_(id), outgoing_(world->shard_count()) {
  size_t commands = world->commands().all().size();
  stats_.calls.resize(commands);
  stats_.cycles.resize(commands);
  stats_.failed.resize(commands);
  stats_.rejected.resize(commands);
}

Shard::~Shard() = default;

absl::Status Shard::Start() {
  absl::StatusOr<std::unique_ptr<Ring>> ring = Ring::Create(RingOptions{});
  if (!ring.ok()) return ring.status();
  ring_ = *std::move(ring);
  ring_->SetSink(Op::kWake, this);
  ring_->PollMultishot(world_.mail().wake_fd(id_), Token{.op = Op::kWake});
  keyspace_.SetTime(world_.clock());
  return frontend_->Start(*this);
}

void Shard::Run() {
  int64_t wait_us = 0;
  while (!world_.stopping.load(std::memory_order_relaxed)) wait_us = WaitTime(Tick(wait_us));
  Leave();
}

// A coordinator may have been granted its park just before it saw that the world stops: it waits for everybody to stand, so nobody
// goes before all have left their loops. Only then is nothing more recorded anywhere, and the log can be flushed to its end.
void Shard::Leave() {
  world_.departed.fetch_add(1, std::memory_order_acq_rel);
  while (world_.departed.load(std::memory_order_acquire) < world_.shard_count()) {
    DrainMailbox();
    for (const Message& message : inbox_) {
      if (message.kind == Message::Kind::kPark) Stand(message.value);
    }
    inbox_.clear();
    std::this_thread::yield();
  }
  // Nobody writes any more: the last epoch is complete, on every shard alike.
  log_->Seal(world_.CurrentEpoch(), TxStamp{});
  log_->CloseEpoch(world_.CurrentEpoch());
  FlushLogNow();
}

bool Shard::Tick(int64_t wait_us) {
  bool asleep = wait_us > 0 && world_.mail().PrepareToSleep(id_);
  bool worked = ring_->SubmitAndReap(asleep ? wait_us : 0) > 0;
  if (asleep) {
    world_.mail().Awake(id_);
    ++stats_.sleeps;
  }
  ++stats_.ticks;
  keyspace_.SetTime(world_.clock());
  mono_us_ = world_.clock().MonotonicMicros();
  worked |= DrainMailbox();
  // All input of this tick has arrived, none of its output has left: the moment that dates everything the tick does.
  tick_epoch_ = world_.CurrentEpoch();
  PublishDurable();
  worked |= frontend_->Receive();
  worked |= SendBatches();
  for (const Message& message : inbox_) Handle(message);
  inbox_.clear();
  worked |= Execute();
  worked |= coordinator_->Step();
  CommitStage();
  worked |= frontend_->Reply();
  worked |= IdleWork();
  return worked;
}

int64_t Shard::WaitTime(bool worked) {
  if (worked) {
    busy_until_us_ = mono_us_ + kSpinMicros;
    return 0;
  }
  if (job_ != nullptr) return 0;
  if (hops_in_flight_ > 0 && mono_us_ < busy_until_us_) return 0;
  // A coordinator in line, or one whose connection still has answers to come, is not woken by anybody.
  if (coordinator_->busy()) return 1;
  int64_t wait = kMaxSleepMicros;
  if (close_epoch_.value != 0) wait = std::min(wait, kEpochMicros);
  return wait;
}

bool Shard::DrainMailbox() {
  return world_.mail().Drain(id_, [this](const Message& m) { inbox_.push_back(m); }) > 0;
}

void Shard::Handle(const Message& message) {
  switch (message.kind) {
    case Message::Kind::kRequests:
      return Serve(static_cast<HopBatch*>(message.pointer));
    case Message::Kind::kReplies:
      return Collect(static_cast<HopBatch*>(message.pointer));
    case Message::Kind::kPark:
      return Stand(message.value);
    case Message::Kind::kConnection:
      return frontend_->Adopt(static_cast<int>(message.value));
    case Message::Kind::kDurable:
      return;  // the reply stage looks at every held reply anyway
    case Message::Kind::kCloseEpoch:
      close_epoch_ = std::max(close_epoch_, Epoch(message.value));
      return;
  }
}

void Shard::Stand(uint64_t round) {
  ++stats_.parks_stood;
  int64_t from = world_.clock().MonotonicMicros();
  world_.park().Stand(round, [this] { FlushLogNow(); });
  stats_.parked_us += world_.clock().MonotonicMicros() - from;
}

void Shard::FlushLogNow() {
  // A failure shows in the log's health, which refuses the writes that follow; the gates that wait for it stay shut.
  if (absl::Status s = log_->FlushNow(); !s.ok()) LogWarning("Shard ", id_.value, ": ", MessageOf(s));
  world_.PublishDurable(id_, log_->durable_batch());
}

void Shard::PublishDurable() {
  uint64_t durable = log_->durable_batch();
  if (durable == durable_published_) return;
  durable_published_ = durable;
  world_.PublishDurable(id_, durable);
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    ShardId shard(static_cast<uint16_t>(i));
    // A full mailbox needs no message: its owner is awake and looks at its held replies in every tick.
    if (told_undurable_.Has(shard)) {
      world_.mail().Send(shard, {.kind = Message::Kind::kDurable, .from = id_, .value = durable},
                         Mailboxes::kControlReserve);
    }
  }
  if (durable + 1 >= log_->open_batch()) told_undurable_ = ShardSet{};
}

// --- route

void Shard::RunHere(const CommandSpec* spec, Client* client, Args args, std::string_view raw) {
  bool direct = client->replies.empty();
  queue_.push_back({.spec = spec,
                    .client = client,
                    .first_word = static_cast<uint32_t>(queue_words_.size()),
                    .word_count = static_cast<uint32_t>(args.size()),
                    .raw = raw,
                    .ticket = direct ? kDirect : client->replies.Reserve(),
                    .hash = 0,
                    .db = client->db,
                    .resp = static_cast<uint8_t>(client->resp)});
  queue_words_.insert(queue_words_.end(), args.begin(), args.end());
  ++client->queued_local;
}

void Shard::SendTo(ShardId to, const CommandSpec* spec, Client* client, Args args, std::string_view raw) {
  Outgoing& out = outgoing_[to.value];
  if (out.open == nullptr) {
    out.open = NewBatch(to);
    outgoing_dirty_.push_back(to.value);
  }
  out.open->Add(spec, client, client->replies.Reserve(), client->db, client->resp, args, raw);
  ++client->in_flight;
  ++hops_in_flight_;
  ++stats_.hops_sent;
}

HopBatch* Shard::NewBatch(ShardId to) {
  if (free_batches_.empty()) {
    batches_.push_back(std::make_unique<HopBatch>());
    free_batches_.push_back(batches_.back().get());
  }
  HopBatch* batch = free_batches_.back();
  free_batches_.pop_back();
  batch->from = id_;
  batch->to = to;
  return batch;
}

bool Shard::SendBatches() {
  if (outgoing_dirty_.empty()) return false;
  size_t kept = 0;
  for (uint16_t to : outgoing_dirty_) {
    Outgoing& out = outgoing_[to];
    bool sent = out.in_flight < kBatchesInFlightMax &&
                world_.mail().Send(ShardId(to), {.kind = Message::Kind::kRequests, .from = id_, .pointer = out.open},
                                   Mailboxes::kControlReserve);
    if (sent) {
      out.open = nullptr;
      ++out.in_flight;
    } else {
      outgoing_dirty_[kept++] = to;
    }
  }
  bool any = kept < outgoing_dirty_.size();
  outgoing_dirty_.resize(kept);
  return any;
}

// --- serve, execute, collect

void Shard::Serve(HopBatch* batch) {
  size_t n = batch->words.size();
  scratch_words_.resize(n);
  for (size_t i = 0; i < n; ++i) {
    scratch_words_[i] = std::string_view(batch->text.data() + batch->words[i].begin, batch->words[i].size);
  }
  for (const HopCommand& c : batch->commands) {
    uint64_t hash = FirstKeyHash(*c.spec, &scratch_words_[c.first_word], c.word_count);
    keyspace_.db(c.db).Prefetch(hash);
  }
  CommandContext context({.local = &keyspace_, .world = &world_, .shard = this}, &batch->replies, 2);
  StartCalls();
  for (const HopCommand& c : batch->commands) {
    uint32_t begin = static_cast<uint32_t>(batch->replies.size());
    context.reply = Reply(&batch->replies, c.resp);
    context.set_db(c.db);
    context.ClearGate();
    context.Begin(*c.spec, {&scratch_words_[c.first_word], c.word_count},
                  std::string_view(batch->text).substr(c.text_begin, c.text_end - c.text_begin));
    context.Run();
    CountCall(context, c.client);
    batch->results.push_back({begin, static_cast<uint32_t>(batch->replies.size()), context.gate()});
    if (context.gate() != 0) told_undurable_.Add(batch->from);
  }
  stats_.hops_served += batch->commands.size();
  Message answer{.kind = Message::Kind::kReplies, .from = id_, .pointer = batch};
  BASALT_CHECK(world_.mail().Send(batch->from, answer));  // batches in flight are fewer than a mailbox has places
}

void Shard::Collect(HopBatch* batch) {
  --outgoing_[batch->to.value].in_flight;
  hops_in_flight_ -= static_cast<uint32_t>(batch->commands.size());
  batch->unreleased = 1;  // keeps it while we look at it
  std::string_view replies = batch->replies;
  for (size_t i = 0; i < batch->commands.size(); ++i) {
    const HopCommand& c = batch->commands[i];
    const HopResult& r = batch->results[i];
    --c.client->in_flight;
    if (!c.client->closed) {
      ++batch->unreleased;
      c.client->replies.Answer(c.ticket, replies.substr(r.begin, r.end - r.begin), {batch->to, r.gate}, batch);
    }
    frontend_->Dirty(c.client);
  }
  Release(batch);
}

void Shard::Release(HopBatch* batch) {
  if (--batch->unreleased > 0) return;
  batch->Clear();
  free_batches_.push_back(batch);
}

bool Shard::Execute() {
  if (queue_.empty()) return false;
  // First every hash and bucket, then every entry, then the commands: the cache misses overlap.
  for (QueuedCommand& c : queue_) {
    c.hash = FirstKeyHash(*c.spec, &queue_words_[c.first_word], c.word_count);
    keyspace_.db(c.db).Prefetch(c.hash);
  }
  if (queue_.size() > 1) {
    for (const QueuedCommand& c : queue_) keyspace_.db(c.db).PrefetchEntry(c.hash);
  }
  CommandContext context({.local = &keyspace_, .world = &world_, .shard = this}, nullptr, 2);
  StartCalls();
  for (const QueuedCommand& c : queue_) ExecuteOne(c, context);
  queue_.clear();
  queue_words_.clear();
  return true;
}

void Shard::ExecuteOne(const QueuedCommand& c, CommandContext& context) {
  --c.client->queued_local;
  std::string stashed;
  std::string* out = c.ticket == kDirect ? &c.client->out : &stashed;
  size_t begin = out->size();
  context.reply = Reply(out, c.resp);
  context.set_db(c.db);
  context.ClearGate();
  context.Begin(*c.spec, {&queue_words_[c.first_word], c.word_count}, c.raw);
  context.Run();
  CountCall(context, c.client);
  if (c.client->closed) {
    // Ran all the same: it had arrived before the connection went.
  } else if (c.ticket != kDirect) {
    c.client->replies.Answer(c.ticket, stashed, {id_, context.gate()});
  } else if (uint64_t gate = context.gate(); gate != 0) {
    RingDeque<Client::Hold>& holds = c.client->holds;
    if (holds.empty() || holds.back().batch < gate) holds.push_back({begin, gate});
  }
  frontend_->Dirty(c.client);
}

void Shard::CountCall(CommandContext& context, const Client* client) {
  const uint64_t now = Cycles();
  const uint64_t took = now - last_cycles_;
  last_cycles_ = now;
  const uint16_t index = context.spec->index;
  ++stats_.commands;
  ++stats_.calls[index];
  stats_.cycles[index] += took;
  if (__builtin_expect(context.reply.errors() > 0, 0)) {
    ++stats_.failed[index];
    std::string_view text(*context.reply.buffer());
    CountError(text.substr(std::min(context.reply.last_error_at() + 1, text.size())));
  }
  if (__builtin_expect(took > slow_cycles_, 0)) NoteSlow(context, client, took);
}

// Kinds are the first words of error replies; scripts can make up any number of those, of which only so many are told apart.
void Shard::CountError(std::string_view text) {
  constexpr size_t kKindsMax = 128;
  ++stats_.errors;
  std::string kind(text.substr(0, text.find_first_of(" \r")));
  if (auto it = stats_.error_kinds.find(kind); it != stats_.error_kinds.end()) {
    ++it->second;
  } else if (stats_.error_kinds.size() < kKindsMax) {
    stats_.error_kinds.emplace(std::move(kind), 1);
  }
}

void Shard::ApplySlowLimits() {
  const Config& config = world_.config();
  const int64_t us = config.slowlog_log_slower_than;
  slow_cycles_ = us < 0 ? ~uint64_t{0} : static_cast<uint64_t>(static_cast<double>(us) * world_.CyclesPerMicro());
  while (stats_.slow.size() > static_cast<size_t>(config.slowlog_max_len)) stats_.slow.pop_back();
}

void Shard::NoteSlow(const CommandContext& context, const Client* client, uint64_t cycles) {
  constexpr size_t kWordsMax = 32, kWordBytesMax = 128;
  const size_t entries_max = static_cast<size_t>(world_.config().slowlog_max_len);
  if (context.spec->Has(kSkipSlowlog) || entries_max == 0) return;
  SlowCommand slow{.id = world_.NextSlowId(),
                   .unix_s = keyspace_.now_ms / 1000,
                   .took_us = static_cast<int64_t>(static_cast<double>(cycles) / world_.CyclesPerMicro())};
  const size_t n = context.args.size();
  for (size_t i = 0; i < std::min(n, kWordsMax); ++i) {
    if (i + 1 == kWordsMax && n > kWordsMax) {
      slow.words.push_back(StrCat("... (", n - kWordsMax + 1, " more arguments)"));
      break;
    }
    std::string_view word = context.args[i];
    slow.words.emplace_back(word.substr(0, kWordBytesMax));
    if (word.size() > kWordBytesMax) StrAppend(&slow.words.back(), "... (", word.size() - kWordBytesMax, " more bytes)");
  }
  if (client != nullptr) {
    slow.peer = client->peer;
    if (client->home == id_) slow.name = client->name;  // of others it may be changing right now
  }
  stats_.slow.push_front(std::move(slow));
  if (stats_.slow.size() > entries_max) stats_.slow.pop_back();
}

// --- parked sections

void Shard::RunParked(const ShardSet& set, absl::FunctionRef<void()> section) {
  ++stats_.parks_run;
  int64_t from_us = world_.clock().MonotonicMicros();
  world_.park().Gather(world_.mail(), id_, set, world_.shard_count());
  // The commit of a multi-shard transaction: one epoch, read while all of its shards stand still. What they had recorded in
  // this tick before is dated the same, so that no log goes back in time.
  Epoch epoch = world_.CurrentEpoch();
  std::vector<Shard*> shards;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    Shard& shard = world_.shard(i);
    if (!set.Has(shard.id())) continue;
    shards.push_back(&shard);
    shard.tick_epoch_ = epoch;
    shard.keyspace_.SetTimeMicros(keyspace_.now_us);
    shard.log_->Seal(epoch, TxStamp{});
  }
  section();
  epoch = world_.CurrentEpoch();  // the section may have begun a new one
  TxStamp tx{};
  for (Shard* shard : shards) tx.parts += !shard->keyspace_.journal().empty();
  if (tx.parts > 1) tx.id = world_.NextTx();
  bool sync = false;
  for (Shard* shard : shards) {
    if (!shard->keyspace_.journal().empty() && shard->close_epoch_ < epoch) shard->close_epoch_ = epoch;
    shard->log_->Seal(epoch, tx.parts > 1 ? tx : TxStamp{});
    sync |= world_.always() && shard->log_->durable_batch() + 1 < shard->log_->open_batch();
    shard->tick_epoch_ = epoch;
  }
  if (sync) world_.park().Sync([this] { FlushLogNow(); });
  world_.park().Release();
  stats_.last_park_us = world_.clock().MonotonicMicros() - from_us;
}

// --- commit, idle

void Shard::CommitStage() {
  if (!keyspace_.journal().empty() && close_epoch_ < tick_epoch_) {
    if (close_epoch_.value == 0) epoch_started_us_ = mono_us_;
    close_epoch_ = tick_epoch_;
  }
  log_->Commit(tick_epoch_);
  if (close_epoch_.value != 0) CloseEpochs();
}

void Shard::CloseEpochs() {
  if (tick_epoch_ > close_epoch_) {
    // Whatever this shard records from here on has a later epoch: all of close_epoch_ stands in its log.
    log_->CloseEpoch(Epoch(tick_epoch_.value - 1));
    close_epoch_ = Epoch();
    return;
  }
  if (mono_us_ - epoch_started_us_ < kEpochMicros) return;
  if (!world_.AdvanceEpoch(close_epoch_)) return;
  for (uint32_t i = 0; i < world_.shard_count(); ++i) {
    // A shard whose mailbox is full marks the epoch with one of its next batches: it is at work.
    if (i == id_.value) continue;
    world_.mail().Send(ShardId(static_cast<uint16_t>(i)),
                       {.kind = Message::Kind::kCloseEpoch, .from = id_, .value = close_epoch_.value},
                       Mailboxes::kControlReserve);
  }
}

bool Shard::IdleWork() {
  bool more = false;
  if (job_ != nullptr && !job_->Step()) job_.reset();
  if (!world_.loading.load(std::memory_order_relaxed)) more = keyspace_.IdleStep(kIdleBudget);
  if (keyspace_.now_ms >= next_housekeep_ms_) {
    next_housekeep_ms_ = keyspace_.now_ms + kHousekeepMillis;
    frontend_->Housekeep(keyspace_.now_ms);
    stats_.memory_bytes = ThreadUsedMemory();
    world_.Publish(id_, keyspace_.dirty, stats_.memory_bytes, log_->bytes_since_rewrite());
    stats_.commands_rate.Sample(stats_.commands, mono_us_);
    stats_.bytes_in_rate.Sample(stats_.bytes_in, mono_us_);
    stats_.bytes_out_rate.Sample(stats_.bytes_out, mono_us_);
    ApplySlowLimits();
    if (id_.value == 0) {
      if (int64_t used = TotalUsedMemory(); used > world_.peak_memory.load()) world_.peak_memory = used;
      world_.host().Cron(*this);
    }
  }
  return more;
}

}  // namespace basalt
