// Serves blocked commands from keys that have just been filled, in the order of their arrival. Runs
// on the shard of the keys right after the command, transaction or script that filled them; or on a
// park's coordinator. Owner: the shard's thread.
#pragma once

#include <memory>
#include <vector>

#include "core/shard/shard.h"
#include "core/tx/blocked_clients.h"

namespace basalt {

class ReadyKeys {
 public:
  ReadyKeys(Shard* shard, BlockedClients::Owner* owner) : shard_(*shard), owner_(*owner) {}

  // In a park: commands that need several shards are served as well, if all of those stand still.
  void Serve(bool parked = false);
  // One key, in a park.
  void ServeParked(ReadyKey key);
  // Under `always` those who were served in a park are told only now. Not durable: their answers
  // must not be revealed.
  void ParkFlushed(bool durable);
  // Some keys are to be looked at again.
  bool holding() const { return !held_.empty(); }

 private:
  void ServeKey(ReadyKey key, bool parked);
  // False when nothing was there for it after all.
  bool ServeOne(BlockedCommand& blocked, const ReadyKey& key);

  Shard& shard_;
  BlockedClients::Owner& owner_;
  std::vector<ReadyKey> held_;  // a transaction holds these keys; looked at again in the next call
  std::vector<std::shared_ptr<BlockedCommand>> served_parked_;  // of this park
  bool serving_ = false;
};

}  // namespace basalt
