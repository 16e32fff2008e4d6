// Commands of one shard that wait for a key which a transaction over several shards holds
// (KeyLocks), in the order they came. Behind a command that waits, all later ones of the same
// connection wait, too, so that each connection's commands keep their order. Owner: the shard's
// thread. Bounded by what connections may have under way.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "core/shard/hop.h"
#include "core/shard/reply_queue.h"
#include "core/shard/stored_command.h"

namespace basalt {

class Client;

// A command of one of the shard's own connections.
struct DeferredOwn {
  StoredCommand command;
  Client* client;
  ReplyQueue::Ticket ticket;
  DbIndex db;
  uint8_t resp;
  bool alone;
  std::vector<StoredCommand> members;  // of EXEC
};

class DeferredCommands {
 public:
  struct Item {
    Client* client;   // of another shard's client only the address counts
    HopBatch* batch;  // null for an own command
    uint32_t index;   // in the batch
    std::unique_ptr<DeferredOwn> own;
  };

  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  bool Has(const Client* client) const { return clients_.contains(client); }

  void Add(HopBatch* batch, uint32_t index) {
    Push({batch->commands[index].client, batch, index, nullptr});
  }
  void Add(DeferredOwn own) {
    Client* client = own.client;
    Push({client, nullptr, 0, std::make_unique<DeferredOwn>(std::move(own))});
  }

  // Calls run(item), in order, for each item that no earlier one of its connection still waits
  // before. It answers whether the item is done; else the item stays.
  template <class F>
  void Retry(F&& run) {
    absl::flat_hash_set<const Client*> waiting;
    std::deque<Item> items = std::move(items_);
    items_.clear();
    for (Item& item : items) {
      if (!waiting.contains(item.client) && run(item)) {
        auto it = clients_.find(item.client);
        if (--it->second == 0) clients_.erase(it);
        continue;
      }
      waiting.insert(item.client);
      items_.push_back(std::move(item));
    }
  }

 private:
  void Push(Item item) {
    ++clients_[item.client];
    items_.push_back(std::move(item));
  }

  std::deque<Item> items_;
  absl::flat_hash_map<const Client*, uint32_t> clients_;  // how many items each has
};

}  // namespace basalt
