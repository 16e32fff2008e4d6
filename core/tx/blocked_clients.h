// The clients of one shard that wait in a blocking command, and until when. Owner: the shard's
// thread, or who it is lent to while it is parked.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "core/shard/shard.h"
#include "core/tx/blocked_command.h"
#include "core/tx/tx.h"

namespace basalt {

class BlockedClients {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The client's command has its answer: it may go on.
    virtual void Deliver(Client* client, std::string_view reply, Gate gate) = 0;
    // Runs a blocked command again, as a whole.
    virtual void TryAgain(std::shared_ptr<BlockedCommand> blocked) = 0;
    // Tells another shard, or this one, something about it.
    virtual void Tell(ShardId shard, TxItem::What what,
                      std::shared_ptr<BlockedCommand> blocked) = 0;
  };

  BlockedClients(Shard* shard, Owner* owner) : shard_(*shard), owner_(*owner) {}

  // The command stands in its lines; from now on the client waits.
  void Add(std::shared_ptr<BlockedCommand> blocked);
  size_t size() const { return waiting_.size(); }

  // It was served (somewhere), and its client is told.
  void OnServed(const std::shared_ptr<BlockedCommand>& blocked);
  // Another try, which had to be asked for, has ended without anything to give: it goes on waiting.
  bool Waits(const BlockedCommand& blocked) const;
  // The client's connection is gone.
  void Abandon(Client* client);
  // CLIENT UNBLOCK. False: the client does not wait. With every shard parked.
  bool Unblock(Client* client, bool with_error);
  // Ends the waits whose time is up. True when there were any.
  bool Expire(int64_t now_ms);
  int64_t MicrosToDeadline(int64_t now_us) const;

 private:
  struct Wait {
    std::shared_ptr<BlockedCommand> blocked;
    int64_t until_ms;        // 0: for ever
    bool abandoned = false;  // as soon as nobody is serving it
  };

  // Ends the wait, with a reply (or none) to its client, unless somebody is about to serve it.
  bool End(Client* client, std::string_view reply);
  void Remove(Client* client);

  Shard& shard_;
  Owner& owner_;
  absl::flat_hash_map<Client*, Wait> waiting_;
  absl::btree_set<std::pair<int64_t, Client*>> deadlines_;
};

}  // namespace basalt
