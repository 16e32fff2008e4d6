// A blocking command that found nothing and waits for its keys: what the shards of those keys and
// the shard of its connection share.
//
// Registered in BlockedKeys of each shard that owns one of the keys, under the number that says
// when it came. It is served by one of them, exactly once: who wants to end the wait (a shard with
// something to give, the connection's shard when the time is up or the client is gone) must first
// move `state` on from kWaiting. Where a serve would concern other shards (BLMOVE to another
// shard's list), the source's shard only asks the connection's shard to try the whole command
// again, in a park.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/shard/command_context.h"
#include "core/shard/park.h"
#include "core/shard/reply_queue.h"
#include "core/shard/stored_command.h"
#include "core/store/blocked_keys.h"

namespace basalt {

class Client;

class BlockedCommand final : public Waiter, public std::enable_shared_from_this<BlockedCommand> {
 public:
  BlockedCommand(StoredCommand blocked_command, Client* waiting_client, ShardId home_shard,
                 uint64_t arrival);

  const StoredCommand command;
  Client* const client;  // the home shard's; others use the address only
  const ShardId home;
  const DbIndex db;
  const int resp;
  const uint64_t number;  // of arrival, over all shards

  // Set by who registers it, before anybody else can see it.
  std::vector<std::string_view> keys;  // that it waits for; words of the command
  ValueType type = ValueType::kList;
  int64_t timeout_ms = 0;     // 0: for ever
  bool needs_others = false;  // to serve it takes more than the shard of the key

  enum class State : uint8_t {
    kWaiting,
    kServing,  // somebody tries; ends in kServed, or back in kWaiting
    kServed,   // `reply` and `gate` are there
    kEnded,    // by its own shard: no longer wanted
  };
  bool Claim(State to) {
    State waiting = State::kWaiting;
    return state_.compare_exchange_strong(waiting, to, std::memory_order_acq_rel);
  }
  // Of who has claimed it with kServing.
  void GiveUp() { state_.store(State::kWaiting, std::memory_order_release); }
  void Serve(std::string text, Gate depends_on) {
    reply = std::move(text);
    gate = depends_on;
    state_.store(State::kServed, std::memory_order_release);
  }
  State state() const { return state_.load(std::memory_order_acquire); }

  std::string reply;
  Gate gate;
  // With `needs_others`: the shard of the one key that it waits for has asked for another try, and
  // serves nobody behind until that is over. That shard's, or a park's.
  bool asked = false;

  // Notes what it waits for, from the request that its handler made.
  void Want(const CommandContext::BlockRequest& request, const World& world);
  // Of the keys that it waits for.
  ShardSet ShardsOfKeys(const World& world) const;
  // Of all keys that it names.
  ShardSet ShardsConcerned(const World& world) const;
  // Stands in line for those of its keys that `shard` owns, or leaves the line. The shard's thread,
  // or a park's coordinator.
  void WaitAt(Shard& shard);
  void LeaveLine(Shard& shard);

 private:
  std::atomic<State> state_{State::kWaiting};
};

}  // namespace basalt
