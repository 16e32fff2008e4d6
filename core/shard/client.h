// What a connection is to the commands: its session (database, protocol, name ...) and its replies in order.
// Owner: the shard that serves the connection. net/conn derives the connection with its socket from it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/ring_deque.h"
#include "core/shard/reply_queue.h"

namespace basalt {

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
  enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext } reply_mode = ReplyMode::kOn;
  std::unique_ptr<Extension> transaction;  // null outside MULTI and WATCH

  // --- replies
  std::string out;           // in order, ready to be sent
  ReplyQueue replies;        // what cannot be written to `out` yet
  uint32_t queued_local = 0; // own commands of this tick that are still to run; their replies come before `replies`
  // Part of `out` must wait for the home shard's log: bytes from `offset` on leave once `batch` is durable.
  struct Hold {
    size_t offset;
    uint64_t batch;
  };
  RingDeque<Hold> holds;

  // --- state of dispatch
  bool paused = false;         // a multi-shard command is in flight: nothing more is dispatched
  bool close_after_reply = false;
  bool closed = false;         // the connection is gone; the object lives until its last hop is back
  uint32_t in_flight = 0;      // commands sent to other shards and not yet back
  uint64_t commands = 0;

  bool Idle() const { return replies.empty() && queued_local == 0 && in_flight == 0; }
};

}  // namespace basalt
