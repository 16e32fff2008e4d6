#include "core/tx/parked_run.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/resp/errors.h"
#include "core/shard/client.h"
#include "core/shard/world.h"
#include "core/tx/blocked_command.h"
#include "core/tx/tx_coordinator.h"

namespace basalt {
namespace {

class ParkedRun {
 public:
  ParkedRun(Shard& shard, Tx& tx) : shard_(shard), world_(shard.world()), tx_(tx) {}

  std::string Run(bool* blocked) {
    switch (tx_.kind) {
      case Tx::Kind::kExec:
        Exec();
        break;
      case Tx::Kind::kBlocking:
        *blocked = !TryBlocking();
        break;
      default:
        Commands();
    }
    for (auto& [shard, key] : ready_)
      static_cast<TxCoordinator&>(shard->coordinator()).ServeReadyKeyParked(std::move(key));
    return std::move(out_);
  }

 private:
  Keyspace& OwnerOf(std::string_view key) { return world_.shard(world_.OwnerOf(key)).keyspace(); }
  int resp() const { return tx_.client != nullptr ? tx_.client->resp : tx_.resp; }

  void Exec() {
    Reply reply(&out_, resp());
    if (WatchedChanged()) return reply.NullArray();
    reply.Array(tx_.commands.size());
    // In each log the transaction's effects are one group.
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      if (tx_.shards.Has(world_.shard(i).id())) world_.shard(i).keyspace().journal().BeginGroup();
    }
    Commands();
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      if (tx_.shards.Has(world_.shard(i).id())) world_.shard(i).keyspace().journal().EndGroup();
    }
  }

  bool WatchedChanged() {
    for (const Transaction::Watched& w : tx_.watched) {
      Keyspace& keyspace = OwnerOf(w.key);
      keyspace.db(w.db).FindNoTouch(w.key);  // expires it, which its watchers notice
      if (keyspace.watches().Version(w.db, w.key) != w.version) return true;
    }
    return false;
  }

  CommandContext Context(bool may_block) {
    return CommandContext({.local = &shard_.keyspace(),
                           .world = &world_,
                           .parked_world = true,
                           .shard = &shard_,
                           .client = tx_.client,
                           .may_block = may_block},
                          &out_, resp());
  }

  void RunOne(CommandContext& context, const StoredCommand& command) {
    context.reply = Reply(&out_, resp());
    context.set_db(tx_.client != nullptr ? tx_.client->db : tx_.db);
    context.Begin(*command.spec, command.args(), command.raw());
    context.Run();
    if (!context.unless_durable().empty()) tx_.unless_durable = context.unless_durable();
    shard_.CountCall(context, tx_.client);
    TakeReadyKeys();
  }

  // Which keys have been filled, over all shards in one order.
  void TakeReadyKeys() {
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      if (!world_.park().set().Has(world_.shard(i).id())) continue;  // it runs: not even a glance
      BlockedKeys& lines = world_.shard(i).keyspace().blocked_keys();
      while (std::optional<ReadyKey> key = lines.TakeReady())
        ready_.emplace_back(&world_.shard(i), *std::move(key));
    }
  }

  void Commands() {
    CommandContext context = Context(/*may_block=*/false);
    context.AdmitWrites(tx_.kind == Tx::Kind::kExec && tx_.Writes());
    shard_.StartCalls();
    for (const StoredCommand& command : tx_.commands) RunOne(context, command);
  }

  // False when there was nothing to take.
  bool TryBlocking() {
    BlockedCommand& blocked = *tx_.blocked;
    const bool again = tx_.commands.empty();
    // While it stood in line something else may have ended its wait.
    if (again && !blocked.Claim(BlockedCommand::State::kServing)) return false;
    CommandContext context = Context(/*may_block=*/true);
    shard_.StartCalls();
    RunOne(context, again ? blocked.command : tx_.commands.front());
    if (again) {
      // Those behind it have waited for this.
      blocked.asked = false;
      for (std::string_view key : blocked.keys)
        OwnerOf(key).blocked_keys().NoteAdded(blocked.db, key, blocked.type);
    }
    if (!context.block_request().has_value()) {
      if (!again) return true;
      blocked.Serve(std::move(out_), Gate{});
      ForEachLine([&](Shard& shard) { blocked.LeaveLine(shard); });
      return true;
    }
    if (again) {
      blocked.GiveUp();
    } else {
      blocked.Want(*context.block_request(), world_);
      ForEachLine([&](Shard& shard) { blocked.WaitAt(shard); });
    }
    return false;
  }

  template <class F>
  void ForEachLine(F&& f) {
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      if (tx_.shards.Has(world_.shard(i).id())) f(world_.shard(i));
    }
  }

  Shard& shard_;
  World& world_;
  Tx& tx_;
  std::string out_;
  std::vector<std::pair<Shard*, ReadyKey>> ready_;
};

}  // namespace

std::string RunParkedTx(Shard& shard, Tx& tx, bool* blocked) {
  *blocked = false;
  return ParkedRun(shard, tx).Run(blocked);
}

void ServeReadyKeysOfAll(World& world) {
  // Moving between lists may fill keys of other shards.
  for (bool any = true; any;) {
    any = false;
    for (uint32_t i = 0; i < world.shard_count(); ++i) {
      Shard& shard = world.shard(i);
      if (!world.park().set().Has(shard.id()) || !shard.keyspace().blocked_keys().any_ready())
        continue;
      static_cast<TxCoordinator&>(shard.coordinator()).ServeReadyKeysParked();
      any = true;
    }
  }
}

}  // namespace basalt
