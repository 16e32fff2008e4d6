// What a connection is to the commands: its session (database, protocol, name ...) and its replies
// in order. Owner: the shard that serves the connection. net/conn derives the connection with its
// socket from it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/ring_deque.h"
#include "core/shard/reply_queue.h"

namespace basalt {

struct Tx;

class Client {
 public:
  // What a transaction (core/tx) keeps with the client between commands.
  class Extension {
   public:
    virtual ~Extension() = default;
  };

  virtual ~Client() = default;

  // --- session
  ClientId id;
  ShardId home;
  DbIndex db;
  int resp = 2;
  std::string name;
  std::string lib_name, lib_ver;
  std::string peer, local;  // "127.0.0.1:50000"
  int64_t connected_at_ms = 0;
  int64_t last_command_at_ms = 0;
  const char* last_command = "NULL";
  bool no_evict = false;
  bool authenticated = false;
  bool no_touch = false;
  // CLIENT REPLY. While it is not kOn, what commands write behind `muted_from` in `out` is dropped.
  enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipping } reply_mode = ReplyMode::kOn;
  size_t muted_from = 0;
  std::unique_ptr<Extension> transaction;  // null outside MULTI and WATCH

  // RESET: the session is that of a new connection, but for its identity.
  void ResetSession(bool needs_password) {
    db = DbIndex();
    resp = 2;
    name.clear();
    no_evict = no_touch = false;
    authenticated = !needs_password;
    reply_mode = ReplyMode::kOn;
  }

  // --- replies
  std::string out;     // in order, ready to be sent
  ReplyQueue replies;  // what cannot be written to `out` yet
  uint32_t queued_local =
      0;  // own commands of this tick that are still to run; their replies come before `replies`
  // Part of `out` must wait for the home shard's log: bytes from `offset` on leave once `batch` is
  // durable.
  struct Hold {
    size_t offset;
    uint64_t batch;
  };
  RingDeque<Hold> holds;

  // --- state of dispatch
  bool paused = false;      // a multi-shard command is in flight: nothing more is dispatched
  Tx* gathering = nullptr;  // a multi-shard command that has not started yet and takes those behind
                            // it along (core/tx)
  bool blocked = false;     // waits in a blocking command
  bool close_after_reply = false;
  bool closed = false;     // the connection is gone; the object lives until its last hop is back
  uint32_t in_flight = 0;  // commands sent to other shards and not yet back
  uint64_t commands = 0;
  // Where its commands on keys go: the last so many in a row to this shard.
  ShardId drift_to;
  uint32_t drift = 0;
  void NoteDrift(ShardId shard) {
    drift = shard == drift_to ? drift + 1 : 0;
    drift_to = shard;
  }

  // What only its socket knows; for CLIENT LIST.
  struct Usage {
    int fd = -1;
    int64_t last_input_ms = 0;
    size_t input_bytes = 0, input_room = 0;  // received and not yet run; room left in that buffer
    size_t output_bytes = 0;                 // written and not yet sent
    size_t memory = 0;
  };
  virtual Usage usage() const { return {}; }

  // Replies written from here on go nowhere. Only while Idle.
  void Mute(ReplyMode mode) {
    reply_mode = mode;
    muted_from = out.size();
  }
  void DropMuted() {
    if (out.size() > muted_from) out.resize(muted_from);
    for (size_t i = 0; i < holds.size(); ++i)
      holds[i].offset = std::min(holds[i].offset, muted_from);
  }

  bool Idle() const { return replies.empty() && queued_local == 0 && in_flight == 0; }
};

}  // namespace basalt
