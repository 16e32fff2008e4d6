#include "core/tx/blocked_clients.h"

#include <algorithm>
#include <vector>

#include "core/resp/errors.h"
#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/world.h"

namespace basalt {

void BlockedClients::Add(std::shared_ptr<BlockedCommand> blocked) {
  Client* client = blocked->client;
  const int64_t now_ms = shard_.keyspace().now_ms;
  const int64_t until_ms = blocked->timeout_ms == 0 ? 0
                           : blocked->timeout_ms > INT64_MAX / 1000 - now_ms
                               ? 0  // longer than any clock runs
                               : now_ms + blocked->timeout_ms;
  if (until_ms != 0) deadlines_.insert({until_ms, client});
  if (blocked->ShardsOfKeys(shard_.world()).Count() > 1) ++shard_.world().wide_waiters;
  waiting_[client] = {std::move(blocked), until_ms};
  client->blocked = true;
  shard_.stats().blocked_clients = waiting_.size();
  shard_.frontend().Dirty(client);  // its peer may have hung up meanwhile
}

void BlockedClients::Remove(Client* client) {
  auto it = waiting_.find(client);
  std::shared_ptr<BlockedCommand> blocked = std::move(it->second.blocked);
  if (it->second.until_ms != 0) deadlines_.erase({it->second.until_ms, client});
  waiting_.erase(it);
  client->blocked = false;
  shard_.stats().blocked_clients = waiting_.size();
  // It stands in line on other shards, perhaps.
  World& world = shard_.world();
  const ShardSet shards = blocked->ShardsOfKeys(world);
  if (shards.Count() > 1) --world.wide_waiters;
  for (uint32_t i = 0; i < world.shard_count(); ++i) {
    ShardId shard(static_cast<uint16_t>(i));
    if (shards.Has(shard)) owner_.Tell(shard, TxItem::What::kForget, blocked);
  }
}

void BlockedClients::OnServed(const std::shared_ptr<BlockedCommand>& blocked) {
  Client* client = blocked->client;
  if (!Waits(*blocked)) return;
  Remove(client);
  owner_.Deliver(client, blocked->reply, blocked->gate);
}

bool BlockedClients::Waits(const BlockedCommand& blocked) const {
  auto it = waiting_.find(blocked.client);
  return it != waiting_.end() && it->second.blocked.get() == &blocked;
}

bool BlockedClients::End(Client* client, std::string_view reply) {
  if (!waiting_.find(client)->second.blocked->Claim(BlockedCommand::State::kEnded)) return false;
  Remove(client);
  owner_.Deliver(client, reply, Gate{});
  return true;
}

void BlockedClients::Abandon(Client* client) {
  auto it = waiting_.find(client);
  if (it == waiting_.end() || End(client, "")) return;
  // Somebody is serving it just now: either that succeeds, or the next look ends it.
  it->second.abandoned = true;
  if (it->second.until_ms != 0) deadlines_.erase({it->second.until_ms, client});
  it->second.until_ms = 1;
  deadlines_.insert({1, client});
}

bool BlockedClients::Unblock(Client* client, bool with_error) {
  if (!waiting_.contains(client)) return false;
  std::string text;
  Reply reply(&text, client->resp);
  with_error ? reply.Error(errors::kUnblocked) : reply.NullArray();
  return End(client, text);
}

bool BlockedClients::Expire(int64_t now_ms) {
  if (deadlines_.empty() || deadlines_.begin()->first > now_ms) return false;
  std::vector<Client*> due;
  for (auto it = deadlines_.begin(); it != deadlines_.end() && it->first <= now_ms; ++it)
    due.push_back(it->second);
  for (Client* client : due) {
    std::string text;
    if (!waiting_.find(client)->second.abandoned) Reply(&text, client->resp).NullArray();
    End(client, text);
  }
  return true;
}

int64_t BlockedClients::MicrosToDeadline(int64_t now_us) const {
  if (deadlines_.empty()) return INT64_MAX;
  return std::max<int64_t>(1, deadlines_.begin()->first * 1000 - now_us);
}

}  // namespace basalt
