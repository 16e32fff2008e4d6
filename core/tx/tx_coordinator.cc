#include "core/tx/tx_coordinator.h"

#include "core/base/numbers.h"
#include "core/resp/errors.h"
#include "core/shard/client.h"
#include "core/shard/world.h"

namespace basalt {

void TxCoordinator::Add(Job job) {
  if (job.client != nullptr) {
    job.client->paused = true;
    ++job.client->in_flight;  // keeps the client's memory until the job is done
  }
  jobs_.push_back(std::move(job));
}

void TxCoordinator::AddTask(std::function<void()> task) { tasks_.push_back(std::move(task)); }

// Its own place among the client's commands in flight is one; nothing else of the client's may be under way.
bool TxCoordinator::Ready(const Job& job) const {
  const Client* client = job.client;
  return client == nullptr || (client->in_flight == 1 && client->queued_local == 0 && client->replies.empty());
}

void TxCoordinator::AddCommand(Client* client, const CommandSpec* spec, Args args, std::string_view raw,
                               const ShardSet& set) {
  Job job{.kind = Kind::kCommand, .client = client, .set = set};
  job.commands.emplace_back(spec, args, raw);
  Add(std::move(job));
}

void TxCoordinator::AddExec(Client* client, const CommandSpec*) {
  Transaction& tx = Transaction::Of(*client);
  Job job{.kind = Kind::kExec,
          .client = client,
          .commands = std::move(tx.commands),
          .watched = std::move(tx.watched),
          .aborted = tx.aborted};
  client->transaction.reset();
  DbIndex db = client->db;
  if (!job.aborted) {
    for (const StoredCommand& command : job.commands) AddKeys(command, &db, &job.set);
  }
  for (const Transaction::Watched& w : job.watched) job.set.Add(shard_.world().OwnerOf(w.key));
  Add(std::move(job));
}

void TxCoordinator::AddWatch(Client* client, const CommandSpec* spec, Args args) {
  Job job{.kind = Kind::kWatch, .client = client};
  for (size_t i = 1; i < args.size(); ++i) job.set.Add(shard_.world().OwnerOf(args[i]));
  job.commands.emplace_back(spec, args, std::string_view());
  Add(std::move(job));
}

void TxCoordinator::AddUnwatch(Client* client, std::vector<Transaction::Watched> watched, std::string_view reply) {
  Job job{.kind = Kind::kUnwatch, .client = client, .watched = std::move(watched), .reply = std::string(reply)};
  for (const Transaction::Watched& w : job.watched) job.set.Add(shard_.world().OwnerOf(w.key));
  Add(std::move(job));
}

// The shards that a queued command will touch when it runs.
void TxCoordinator::AddKeys(const StoredCommand& command, DbIndex*, ShardSet* set) {
  World& world = shard_.world();
  switch (command.spec->where) {
    case Where::kHome:
    case Where::kHomeInTurn:
    case Where::kTransaction:
      return;
    case Where::kAllShards:
      return set->Add(ShardSet::FirstN(world.shard_count()));
    case Where::kCursor:
      return set->Add(ShardSet::FirstN(world.shard_count()));
    case Where::kKeys:
      if (!FindKeys(*command.spec, command.args(), &key_positions_)) return;
      for (uint32_t i : key_positions_) set->Add(world.OwnerOf(command.args()[i]));
      return;
  }
}

bool TxCoordinator::Local(const ShardSet& set) const {
  ShardSet self;
  self.Add(shard_.id());
  for (size_t i = 0; i < std::size(set.word); ++i) {
    if (set.word[i] & ~self.word[i]) return false;
  }
  return true;
}

bool TxCoordinator::Step() {
  if (!busy()) return false;
  bool worked = false;
  bool parks_wanted = !tasks_.empty();
  for (size_t i = 0; i < jobs_.size();) {
    Job& job = jobs_[i];
    bool ready = Ready(job);
    if (ready && Local(job.set)) {
      RunAlone(job);
      jobs_.erase(jobs_.begin() + static_cast<ptrdiff_t>(i));
      worked = true;
      continue;
    }
    parks_wanted |= ready;
    ++i;
  }
  if (!parks_wanted) return worked;
  Park& park = shard_.world().park();
  if (!asked_) {
    ticket_ = park.Ask();
    asked_ = true;
  }
  if (!park.Granted(ticket_)) return worked;
  asked_ = false;
  if (!tasks_.empty()) {
    // A task is about a cut in time: no command may run in its park, before or after it.
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    shard_.RunParked(ShardSet::FirstN(shard_.world().shard_count()), task);
    return true;
  }
  std::deque<Job> ready;
  std::deque<Job> rest;
  ShardSet all;
  all.Add(shard_.id());
  for (Job& job : jobs_) {
    bool now = Ready(job);
    if (now) all.Add(job.set);
    (now ? ready : rest).push_back(std::move(job));
  }
  jobs_ = std::move(rest);
  shard_.RunParked(all, [&] {
    for (Job& job : ready) Run(job, /*parked=*/true);
  });
  for (Job& job : ready) Finish(job);
  return true;
}

void TxCoordinator::RunAlone(Job& job) {
  Client* client = job.client;
  size_t begin = client != nullptr ? client->out.size() : 0;
  Run(job, /*parked=*/false);
  // Everything it could have seen or written is in this shard's log.
  if (client != nullptr && shard_.world().always()) {
    uint64_t newest = shard_.log().open_batch() - (shard_.keyspace().journal().empty() ? 1 : 0);
    bool held = !client->holds.empty() && client->holds.back().batch >= newest;
    if (newest > shard_.log().durable_batch() && !held) client->holds.push_back({begin, newest});
  }
  Finish(job);
}

void TxCoordinator::Finish(Job& job) {
  if (job.client == nullptr) return;
  --job.client->in_flight;
  job.client->paused = false;
  shard_.frontend().Dirty(job.client);
}

void TxCoordinator::Run(Job& job, bool parked) {
  switch (job.kind) {
    case Kind::kCommand:
      return RunCommands(job, parked);
    case Kind::kExec:
      return RunExec(job, parked);
    case Kind::kWatch:
      return RunWatch(job);
    case Kind::kUnwatch:
      Unwatch(job.watched);
      if (job.client != nullptr) job.client->out += job.reply;
      return;
  }
}

void TxCoordinator::RunCommands(Job& job, bool parked) {
  Client* client = job.client;
  CommandContext context({.local = &shard_.keyspace(),
                          .world = &shard_.world(),
                          .parked_world = parked,
                          .shard = &shard_,
                          .client = client},
                         &client->out, client->resp);
  shard_.StartCalls();
  for (const StoredCommand& command : job.commands) {
    context.reply = Reply(&client->out, client->resp);
    context.set_db(client->db);
    context.Begin(*command.spec, command.args(), command.raw());
    context.Run();
    shard_.CountCall(context, client);
  }
}

void TxCoordinator::RunExec(Job& job, bool parked) {
  Client* client = job.client;
  Reply reply(&client->out, client->resp);
  bool changed = WatchedChanged(job);
  Unwatch(job.watched);
  if (job.aborted) return reply.Error(errors::kExecAbort);
  if (changed) return reply.NullArray();
  reply.Array(job.commands.size());
  World& world = shard_.world();
  uint32_t shards = parked ? world.shard_count() : 1;
  auto keyspace = [&](uint32_t i) -> Keyspace& {
    return parked ? world.shard(i).keyspace() : shard_.keyspace();
  };
  // In each log the transaction's effects are one group.
  for (uint32_t i = 0; i < shards; ++i) {
    if (!parked || job.set.Has(world.shard(i).id())) keyspace(i).journal().BeginGroup();
  }
  RunCommands(job, parked);
  for (uint32_t i = 0; i < shards; ++i) {
    if (!parked || job.set.Has(world.shard(i).id())) keyspace(i).journal().EndGroup();
  }
}

void TxCoordinator::RunWatch(Job& job) {
  Client* client = job.client;
  Transaction& tx = Transaction::Of(*client);
  World& world = shard_.world();
  Args args = job.commands.front().args();
  for (std::string_view key : args.From(1)) {
    bool known = false;
    for (const Transaction::Watched& w : tx.watched) known |= w.db == client->db && w.key == key;
    if (known) continue;
    Keyspace& keyspace = world.shard(world.OwnerOf(key)).keyspace();
    keyspace.db(client->db).FindNoTouch(key);  // a key that has expired already is watched as missing
    tx.watched.push_back({client->db, std::string(key), keyspace.watches().Watch(client->db, key)});
  }
  Reply(&client->out, client->resp).Ok();
}

bool TxCoordinator::WatchedChanged(const Job& job) {
  World& world = shard_.world();
  for (const Transaction::Watched& w : job.watched) {
    Keyspace& keyspace = world.shard(world.OwnerOf(w.key)).keyspace();
    keyspace.db(w.db).FindNoTouch(w.key);  // expires it, which its watchers notice
    if (keyspace.watches().Version(w.db, w.key) != w.version) return true;
  }
  return false;
}

void TxCoordinator::Unwatch(const std::vector<Transaction::Watched>& watched) {
  World& world = shard_.world();
  for (const Transaction::Watched& w : watched) {
    world.shard(world.OwnerOf(w.key)).keyspace().watches().Unwatch(w.db, w.key);
  }
}

}  // namespace basalt
