// The shard's stages that run commands: route, serve, collect, execute, and what waits for a key.
#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/hash.h"
#include "core/base/mutant.h"
#include "core/base/strings.h"
#include "core/shard/client.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"
#include "core/store/read_ahead.h"

namespace basalt {
namespace {

// One that is larger gets no more answers: it is kept until the last of them has left.
constexpr size_t kOwnRepliesMax = 1 << 20;

// Hash of the first key among `count` words; 0 when there is none.
template <class WordAt>
uint64_t FirstKeyHash(const CommandSpec& spec, uint32_t count, WordAt&& word_at) {
  if (spec.keys.first <= 0 || static_cast<uint32_t>(spec.keys.first) >= count) return 0;
  return HashKey(word_at(static_cast<uint32_t>(spec.keys.first)));
}

}  // namespace

// --- route

void Shard::RunHere(const CommandSpec* spec, Client* client, Args args, std::string_view raw,
                    bool alone) {
  // While keys are held the command may have to wait, and needs a place in the line.
  bool direct = client->replies.empty() && !locks_.any_held();
  queue_.push_back({.spec = spec,
                    .client = client,
                    .first_word = static_cast<uint32_t>(queue_words_.size()),
                    .word_count = static_cast<uint32_t>(args.size()),
                    .raw = raw,
                    .ticket = direct ? kDirect : client->replies.Reserve(),
                    .db = client->db,
                    .resp = static_cast<uint8_t>(client->resp),
                    .alone = alone,
                    .members = 0});
  queue_words_.insert(queue_words_.end(), args.begin(), args.end());
  ++client->queued_local;
}

void Shard::SendTo(ShardId to, const CommandSpec* spec, Client* client, Args args,
                   std::string_view raw, bool alone) {
  HopBatch& batch = OpenBatch(to);
  batch.Add(spec, client, client->replies.Reserve(), client->db, client->resp, args, raw).alone =
      alone;
  ++client->in_flight;
  ++hops_in_flight_;
  ++stats_.hops_sent;
}

HopBatch& Shard::BeginBatch(ShardId to) {
  outgoing_dirty_.push_back(to.value);
  return *(outgoing_[to.value].open = NewBatch(to));
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
    bool sent =
        out.in_flight < kBatchesInFlightMax &&
        world_.mail().Send(ShardId(to),
                           {.kind = Message::Kind::kRequests, .from = id_, .pointer = out.open},
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

// --- serve: commands of other shards' connections

void Shard::Serve(HopBatch* batch) {
  const size_t n = batch->commands.size();
  ReadAhead ahead;
  const auto key_of = [&](size_t i) -> ReadAhead::Key {
    const HopCommand& c = batch->commands[i];
    const auto word_at = [&](uint32_t at) { return batch->WordAt(c.first_word + at); };
    return {&keyspace_.db(c.db), FirstKeyHash(*c.spec, c.word_count, word_at)};
  };
  batch->results.resize(n);
  CommandContext context(SettingFor(nullptr), &batch->replies, 2);
  StartCalls();
  for (uint32_t i = 0; i < n; i += 1 + batch->commands[i].members) {
    ahead.Before(i, n, key_of);
    const bool in_line = !deferred_.empty() && deferred_.Has(batch->commands[i].client);
    if (!in_line && ServeOne(batch, i, context)) continue;
    deferred_.Add(batch, i);
    ++stats_.commands_deferred;
    ++batch->deferred;
  }
  stats_.hops_served += n;
  if (batch->deferred == 0) SendBack(batch);
}

// False when the command has to wait for a key.
bool Shard::ServeOne(HopBatch* batch, uint32_t index, CommandContext& context) {
  const HopCommand& c = batch->commands[index];
  const Args args = batch->WordsOf(c, &scratch_words_);
  std::span<const Member> members;
  if (__builtin_expect(c.members > 0, 0)) members = MembersInBatch(*batch, index);
  if (MustWait(*c.spec, args, members)) return false;
  const size_t begin = batch->replies.size();
  context.reply = Reply(&batch->replies, c.resp);
  context.set_db(c.db);
  context.ClearGate();
  RunOne(*c.spec, args, batch->RawOf(c), members, context, c.resp, c.client);
  if (context.escalated()) batch->replies.resize(begin);
  batch->results[index] = {begin, batch->replies.size(), context.gate(), context.escalated()};
  if (context.gate() != 0) told_undurable_.Add(batch->from);
  if (__builtin_expect(MayShowHeldParts(*c.spec), 0)) {
    ++batch->deferred;
    held_replies_.Add({batch, index, nullptr, 0, {}, {}});
  }
  ServeReadyKeys();
  return true;
}

void Shard::SendBack(HopBatch* batch) {
  Message answer{.kind = Message::Kind::kReplies, .from = id_, .pointer = batch};
  BASALT_CHECK(world_.mail().Send(
      batch->from, answer));  // batches in flight are fewer than a mailbox has places
}

// --- collect: answers to commands of own connections

void Shard::Collect(HopBatch* batch) {
  --outgoing_[batch->to.value].in_flight;
  hops_in_flight_ -= static_cast<uint32_t>(batch->commands.size());
  batch->unreleased = 1;  // keeps it while we look at it
  for (size_t i = 0; i < batch->commands.size(); i += 1 + batch->commands[i].members) {
    const HopCommand& c = batch->commands[i];
    const HopResult& r = batch->results[i];
    --c.client->in_flight;
    if (__builtin_expect(c.alone, 0)) c.client->paused = false;
    if (c.client->closed) {
    } else if (r.escalated) {
      std::vector<std::string_view> words;
      c.client->replies.Unreserve();  // nothing came behind it: its connection was paused
      coordinator_->Escalate(c.client, c.spec, batch->WordsOf(c, &words), batch->RawOf(c));
    } else {
      ++batch->unreleased;
      c.client->replies.Answer(c.ticket, batch, r.begin, r.end, {batch->to, r.gate});
    }
    frontend_->Dirty(c.client);
  }
  Release(batch);
}

// Where answers to own commands that stand behind others in their lines are written.
HopBatch* Shard::OwnReplies() {
  if (own_replies_ != nullptr && own_replies_->replies.size() > kOwnRepliesMax) CloseOwnReplies();
  if (own_replies_ == nullptr) {
    own_replies_ = NewBatch(id_);
    own_replies_->unreleased = 1;  // keeps it while it is open
  }
  return own_replies_;
}

void Shard::CloseOwnReplies() {
  if (own_replies_ != nullptr) Release(std::exchange(own_replies_, nullptr));
}

void Shard::Release(HopBatch* batch) {
  if (--batch->unreleased > 0) return;
  batch->Clear();
  free_batches_.push_back(batch);
}

// --- execute: own commands of own connections

bool Shard::Execute() {
  if (queue_.empty()) return false;
  ReadAhead ahead;
  const auto key_of = [&](size_t i) -> ReadAhead::Key {
    const QueuedCommand& c = queue_[i];
    const auto word_at = [&](uint32_t at) { return queue_words_[c.first_word + at]; };
    return {&keyspace_.db(c.db), FirstKeyHash(*c.spec, c.word_count, word_at)};
  };
  CommandContext context(SettingFor(nullptr), nullptr, 2);
  StartCalls();
  while (queue_next_ < queue_.size()) {
    ahead.Before(queue_next_, queue_.size(), key_of);
    const QueuedCommand& c = queue_[queue_next_++];
    if (__builtin_expect(c.client == nullptr, 0)) continue;  // refused while a script was busy
    const Args args{queue_words_.data() + c.first_word, c.word_count};
    OwnCommand own{c.spec, c.client, args, c.raw, c.ticket, c.db, c.resp, c.alone};
    if (__builtin_expect(c.members > 0, 0)) own.members = MembersInQueue(c.members);
    if (__builtin_expect(locks_.any_held() || !deferred_.empty(), 0) &&
        (MustWait(*c.spec, args, own.members) || deferred_.Has(c.client))) {
      Defer(own);
      continue;
    }
    ExecuteOne(own, context);
  }
  queue_.clear();
  queue_next_ = 0;
  queue_words_.clear();
  return true;
}

void Shard::ExecuteOne(const OwnCommand& c, CommandContext& context) {
  HopBatch* line = c.ticket == kDirect ? nullptr : OwnReplies();
  std::string* out = line == nullptr ? &c.client->out : &line->replies;
  size_t begin = out->size();
  context.reply = Reply(out, c.resp);
  context.set_db(c.db);
  context.ClearGate();
  running_client_ = c.client;
  RunOne(*c.spec, c.args, c.raw, c.members, context, c.resp, c.client);
  running_client_ = nullptr;
  --c.client->queued_local;  // only now: while a script runs, its words must stay where they are
                             // (ReceiveWhileBusy)
  if (__builtin_expect(c.alone, 0)) c.client->paused = false;
  if (c.client->closed) {
    // Ran all the same: it had arrived before the connection went.
  } else if (__builtin_expect(context.escalated(), 0)) {
    out->resize(begin);
    if (c.ticket != kDirect)
      c.client->replies.Unreserve();  // nothing came behind it: its connection was paused
    coordinator_->Escalate(c.client, c.spec, c.args, c.raw);
  } else if (__builtin_expect(MayShowHeldParts(*c.spec), 0)) {
    ++c.client->queued_local;
    held_replies_.Add({nullptr, 0, c.client, c.ticket, out->substr(begin), {id_, context.gate()}});
    out->resize(begin);
  } else if (line != nullptr) {
    ++line->unreleased;
    c.client->replies.Answer(c.ticket, line, begin, out->size(), {id_, context.gate()});
  } else if (uint64_t gate = context.gate(); gate != 0) {
    RingDeque<Client::Hold>& holds = c.client->holds;
    if (holds.empty() || holds.back().batch < gate) holds.push_back({begin, gate});
  }
  frontend_->Dirty(c.client);
  ServeReadyKeys();
}

// Runs a command, or EXEC's transaction, with everything at hand.
void Shard::RunOne(const CommandSpec& spec, Args args, std::string_view raw,
                   std::span<const Member> members, CommandContext& context, int resp,
                   const Client* client) {
  if (__builtin_expect(MustRefuse(spec, members), 0)) {
    context.Begin(spec, args, raw);
    return context.reply.Error(RefusalWhileFrozen());
  }
  if (__builtin_expect(!members.empty(), 0)) return RunMembers(members, context, resp, client);
  context.Begin(spec, args, raw);
  context.Run();
  CountCall(context, client);
}

// --- statistics

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

// Kinds are the first words of error replies; scripts can make up any number of those, of which
// only so many are told apart.
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
  slow_cycles_ = us < 0 ? ~uint64_t{0}
                        : static_cast<uint64_t>(static_cast<double>(us) * world_.CyclesPerMicro());
  while (stats_.slow.size() > static_cast<size_t>(config.slowlog_max_len)) stats_.slow.pop_back();
}

void Shard::NoteSlow(const CommandContext& context, const Client* client, uint64_t cycles) {
  constexpr size_t kWordsMax = 32, kWordBytesMax = 128;
  const size_t entries_max = static_cast<size_t>(world_.config().slowlog_max_len);
  if (context.spec->Has(kSkipSlowlog) || entries_max == 0) return;
  SlowCommand slow{
      .id = world_.NextSlowId(),
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
    if (word.size() > kWordBytesMax)
      StrAppend(&slow.words.back(), "... (", word.size() - kWordBytesMax, " more bytes)");
  }
  if (client != nullptr) {
    slow.peer = client->peer;
    if (client->home == id_) slow.name = client->name;  // of others it may be changing right now
  }
  stats_.slow.push_front(std::move(slow));
  if (stats_.slow.size() > entries_max) stats_.slow.pop_back();
}

}  // namespace basalt
