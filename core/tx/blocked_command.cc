#include "core/tx/blocked_command.h"

#include <algorithm>
#include <utility>

#include "core/shard/client.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {

BlockedCommand::BlockedCommand(StoredCommand blocked_command, Client* waiting_client,
                               ShardId home_shard, uint64_t arrival)
    : command(std::move(blocked_command)),
      client(waiting_client),
      home(home_shard),
      db(waiting_client->db),
      resp(waiting_client->resp),
      number(arrival) {}

void BlockedCommand::Want(const CommandContext::BlockRequest& request, const World& world) {
  // The request's keys are words of a command; take our own.
  std::vector<uint32_t> all;
  FindKeys(*command.spec, command.args(), &all);
  for (uint32_t i : all) {
    const std::string_view key = command.args()[i];
    auto is_key = [&](std::string_view other) { return other == key; };
    if (std::none_of(request.keys.begin(), request.keys.end(), is_key)) continue;
    if (std::none_of(keys.begin(), keys.end(), is_key)) keys.push_back(key);
  }
  type = request.type;
  timeout_ms = request.timeout_ms;
  needs_others = request.keys.size() < all.size() && ShardsConcerned(world).Count() > 1;
}

ShardSet BlockedCommand::ShardsOfKeys(const World& world) const {
  ShardSet shards;
  for (std::string_view key : keys) shards.Add(world.OwnerOf(key));
  return shards;
}

ShardSet BlockedCommand::ShardsConcerned(const World& world) const {
  std::vector<uint32_t> all;
  FindKeys(*command.spec, command.args(), &all);
  ShardSet shards;
  for (uint32_t i : all) shards.Add(world.OwnerOf(command.args()[i]));
  return shards;
}

void BlockedCommand::WaitAt(Shard& shard) {
  for (std::string_view key : keys) {
    if (shard.world().OwnerOf(key) != shard.id()) continue;
    shard.keyspace().blocked_keys().Add(db, key, {number, type, shared_from_this()});
  }
}

void BlockedCommand::LeaveLine(Shard& shard) {
  for (std::string_view key : keys) {
    if (shard.world().OwnerOf(key) == shard.id())
      shard.keyspace().blocked_keys().Remove(db, key, type, number);
  }
}

}  // namespace basalt
