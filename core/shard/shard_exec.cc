// The shard's commands and replies that wait for a key, and EXEC: several commands that run as one.
#include <algorithm>
#include <utility>

#include "core/base/hash.h"
#include "core/base/mutant.h"
#include "core/shard/client.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {

// --- commands that wait for keys which a transaction over several shards holds

bool Shard::KeysHeld(const CommandSpec& spec, Args args) {
  if (spec.keys.first == 0 && spec.keys.finder == nullptr) return false;
  if (!FindKeys(spec, args, &key_positions_)) return false;  // the handler will say what is wrong
  if (MutantIs("deferred-ignored")) return false;
  const bool write = !spec.Has(kReadonly);
  return std::any_of(key_positions_.begin(), key_positions_.end(),
                     [&](uint32_t i) { return locks_.Blocks(HashKey(args[i]), write); });
}

bool Shard::AnyKeysHeld(std::span<const Member> members) {
  return std::any_of(members.begin(), members.end(),
                     [&](const Member& m) { return KeysHeld(*m.spec, m.args); });
}

bool Shard::MustRefuse(const CommandSpec& spec, std::span<const Member> members) const {
  if (__builtin_expect(!refuses_writes(), 1)) return false;
  return spec.Has(kWrite) || AnyHas(members, kWrite);
}

std::string Shard::RefusalWhileFrozen() const {
  const std::string refusal = world_.WriteRefusal();
  return refusal.empty() ? LogTrouble{LogTrouble::Kind::kBehind, 0, id_}.Refusal() : refusal;
}

void Shard::Defer(const OwnCommand& c) {
  ++stats_.commands_deferred;
  DeferredOwn own{
      StoredCommand(c.spec, c.args, c.raw), c.client, c.ticket, c.db, c.resp, c.alone, {}};
  own.members.reserve(c.members.size());
  for (const Member& m : c.members) own.members.emplace_back(m.spec, m.args, m.raw);
  deferred_.Add(std::move(own));
}

bool Shard::RetryDeferred() {
  bool any = false;
  CommandContext context(SettingFor(nullptr), nullptr, 2);
  StartCalls();
  deferred_.Retry([&](DeferredCommands::Item& item) {
    if (item.batch != nullptr) {
      if (!ServeOne(item.batch, item.index, context)) return false;
      if (--item.batch->deferred == 0) SendBack(item.batch);
      return any = true;
    }
    DeferredOwn& own = *item.own;
    const StoredCommand& command = own.command;
    const std::span<const Member> members = MembersOf(own);
    if (MustWait(*command.spec, command.args(), members)) return false;
    ExecuteOne({command.spec, own.client, command.args(), command.raw(), own.ticket, own.db,
                own.resp, own.alone, members},
               context);
    return any = true;
  });
  return any;
}

// --- replies that may show parts of transactions which are not durable everywhere

bool Shard::ReleaseHeldReplies() {
  // A part may be over because a log has failed: what it wrote is frozen, and was seen all the
  // same.
  const bool never = keyspace_.dirty_keys().any_frozen();
  return held_replies_.Release([this, never](HeldReplies::Item& item) {
    if (item.batch != nullptr) {
      if (never) item.batch->results[item.index].gate = kNeverDurable;
      if (--item.batch->deferred == 0) SendBack(item.batch);
      return;
    }
    --item.client->queued_local;
    if (never) item.gate.batch = kNeverDurable;
    // It has a ticket: keys were held when it came.
    if (!item.client->closed) item.client->replies.Answer(item.ticket, item.reply, item.gate);
    frontend_->Dirty(item.client);
  });
}

// --- EXEC of commands that all live on one shard

void Shard::RunExecHere(const CommandSpec* spec, Client* client,
                        const std::vector<StoredCommand>& commands) {
  RunHere(spec, client, {}, {});
  queue_.back().members = static_cast<uint32_t>(commands.size());
  for (const StoredCommand& c : commands) {
    queue_.push_back({.spec = c.spec,
                      .client = client,
                      .first_word = static_cast<uint32_t>(queue_words_.size()),
                      .word_count = static_cast<uint32_t>(c.args().size()),
                      .raw = c.raw(),
                      .ticket = kDirect,
                      .db = client->db,
                      .resp = static_cast<uint8_t>(client->resp),
                      .alone = false,
                      .members = 0});
    queue_words_.insert(queue_words_.end(), c.args().begin(), c.args().end());
  }
}

void Shard::SendExecTo(ShardId to, const CommandSpec* spec, Client* client,
                       const std::vector<StoredCommand>& commands) {
  SendTo(to, spec, client, {}, {});
  HopBatch& batch = OpenBatch(to);
  batch.commands.back().members = static_cast<uint32_t>(commands.size());
  for (const StoredCommand& c : commands) {
    batch.Add(c.spec, client, /*ticket=*/0, client->db, client->resp, c.args(), c.raw());
  }
  hops_in_flight_ += static_cast<uint32_t>(commands.size());
}

std::span<const Shard::Member> Shard::MembersInQueue(uint32_t count) {
  members_.clear();
  for (; count > 0; --count) {
    const QueuedCommand& c = queue_[queue_next_++];
    members_.push_back({c.spec, {&queue_words_[c.first_word], c.word_count}, c.raw});
  }
  return members_;
}

std::span<const Shard::Member> Shard::MembersInBatch(const HopBatch& batch, uint32_t index) {
  const std::span members =
      std::span(batch.commands).subspan(index + 1, batch.commands[index].members);
  // Their words stand in a row.
  const uint32_t first = members.front().first_word;
  const uint32_t end = members.back().first_word + members.back().word_count;
  const Args words = batch.Words(first, end - first, &scratch_words_);
  members_.clear();
  for (const HopCommand& c : members) {
    const Args own{words.begin() + (c.first_word - first), c.word_count};
    members_.push_back({c.spec, own, batch.RawOf(c)});
  }
  return members_;
}

std::span<const Shard::Member> Shard::MembersOf(const DeferredOwn& own) {
  members_.clear();
  for (const StoredCommand& c : own.members) members_.push_back({c.spec, c.args(), c.raw()});
  return members_;
}

// In the log they are one group: recovery takes all or none.
void Shard::RunMembers(std::span<const Member> members, CommandContext& context, int resp,
                       const Client* client) {
  Journal& journal = keyspace_.journal();
  std::string* out = context.reply.buffer();
  context.reply.Array(members.size());
  journal.BeginGroup();
  context.AdmitWrites(AnyHas(members, kWrite));
  for (const Member& m : members) {
    context.reply = Reply(out, resp);
    context.Begin(*m.spec, m.args, m.raw);
    context.Run();
    CountCall(context, client);
  }
  context.AdmitWrites(false);
  journal.EndGroup();
}

}  // namespace basalt
