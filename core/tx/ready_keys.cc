#include "core/tx/ready_keys.h"

#include <memory>
#include <optional>
#include <utility>

#include "core/base/hash.h"
#include "core/base/mutant.h"
#include "core/shard/world.h"
#include "core/tx/blocked_command.h"

namespace basalt {

void ReadyKeys::Serve(bool parked) {
  BlockedKeys& lines = shard_.keyspace().blocked_keys();
  if (serving_ || (!lines.any_ready() && held_.empty())) return;
  serving_ = true;  // what is served may fill further keys: they come up in this loop
  for (ReadyKey& key : std::exchange(held_, {})) ServeKey(std::move(key), parked);
  while (std::optional<ReadyKey> key = lines.TakeReady()) ServeKey(*std::move(key), parked);
  serving_ = false;
}

void ReadyKeys::ServeParked(ReadyKey key) {
  serving_ = true;
  ServeKey(std::move(key), /*parked=*/true);
  serving_ = false;
}

void ReadyKeys::ServeKey(ReadyKey key, bool parked) {
  // While a transaction waits for its parts to be durable, nobody may take what it wrote: it serves
  // once it lets go.
  if (shard_.refuses_writes() || shard_.locks().Blocks(HashKey(key.key), /*write=*/true))
    return held_.push_back(std::move(key));
  World& world = shard_.world();
  const BlockedKeys& lines = shard_.keyspace().blocked_keys();
  for (uint64_t after = 0;;) {
    const Entry* e = shard_.keyspace().db(key.db).FindNoTouch(key.key);
    const WaiterRef* ref = lines.Next(key.db, key.key, key.type, after);
    if (ref == nullptr || e == nullptr || !e->is(key.type)) return;
    auto blocked = std::static_pointer_cast<BlockedCommand>(ref->waiter);
    if (blocked->needs_others &&
        !(parked && world.park().set().Covers(blocked->ShardsConcerned(world)))) {
      // Nobody behind overtakes it meanwhile.
      if (!std::exchange(blocked->asked, true))
        owner_.Tell(blocked->home, TxItem::What::kTryAgain, blocked);
      return;
    }
    if (!blocked->Claim(BlockedCommand::State::kServing) && !MutantIs("blocked-served-twice")) {
      if (blocked->state() == BlockedCommand::State::kServing)
        return held_.push_back(std::move(key));
      blocked->LeaveLine(shard_);
      continue;
    }
    if (!ServeOne(*blocked, key)) {
      blocked->GiveUp();
      after = blocked->number;
      continue;
    }
    blocked->LeaveLine(shard_);
    if (parked && world.always()) {
      served_parked_.push_back(std::move(blocked));
    } else {
      owner_.Tell(blocked->home, TxItem::What::kServed, blocked);
    }
  }
}

void ReadyKeys::ParkFlushed(bool durable) {
  for (auto& blocked : std::exchange(served_parked_, {})) {
    // Its own shard's batch may be durable, and recovery drops it all the same for another shard's
    // that is not.
    if (!durable) blocked->gate.batch = kNeverDurable;
    owner_.Tell(blocked->home, TxItem::What::kServed, blocked);
  }
}

bool ReadyKeys::ServeOne(BlockedCommand& blocked, const ReadyKey& key) {
  const std::string_view name = key.key;
  std::string reply;
  CommandContext context({.local = &shard_.keyspace(),
                          .world = &shard_.world(),
                          .parked_world = blocked.needs_others,
                          .shard = &shard_,
                          .may_block = true,
                          .only_key = &name},
                         &reply, blocked.resp);
  context.set_db(blocked.db);
  context.Begin(*blocked.command.spec, blocked.command.args(), blocked.command.raw());
  context.Run();
  if (context.block_request().has_value()) return false;
  if (context.gate() != 0) shard_.TellWhenDurable(blocked.home);
  blocked.Serve(std::move(reply), {shard_.id(), context.gate()});
  return true;
}

}  // namespace basalt
