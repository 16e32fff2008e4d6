// One connection: a Client with its socket, its unparsed input and the bytes being sent.
// Owner: the shard that serves it. It is destroyed only when the kernel and every other shard have
// let go of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/resp/request_parser.h"
#include "core/shard/client.h"

namespace basalt {

class Connection final : public Client {
 public:
  int fd = -1;
  uint32_t slot = 0;  // place in the shard's table; part of the Token
  uint32_t generation = 0;

  RequestParser parser;
  std::string_view chunk;      // this tick's only input, still in its receive buffer; or empty
  std::string query;           // input that must outlive its receive buffer
  size_t query_pos = 0;        // parsed up to here
  bool incomplete = false;     // what stands behind that is the beginning of a command
  size_t kept_room = 0;        // of large buffers that stay though they are empty
  std::string protocol_error;  // the last reply, once everything before it has been answered

  std::string sending;  // handed to the kernel
  size_t sent = 0;
  bool send_in_flight = false;

  bool may_move = false;  // came through a port that all shards share
  bool moving = false;    // to `moves_to`, as soon as nothing of it is under way
  ShardId moves_to;
  int64_t stays_until_ms = 0;  // not to be moved again before

  bool receiving = false;     // a multishot receive is armed
  bool cancelling = false;    // ... and being taken back
  bool end_of_input = false;  // the peer will send nothing more
  bool held = false;          // in the list of those that wait for the log
  bool lingers = false;       // in the list of those whose output waits for more
  // Replies of this size are expected, so that a burst of commands does not make more output than
  // may wait.
  size_t reply_estimate = 64 << 10;
  size_t out_before = 0;  // of `out`, when the tick began to add to it
  uint64_t commands_before = 0;
  bool dirty = false;   // in the reply stage's list
  bool active = false;  // in the receive stage's list
  int64_t last_input_ms = 0;

  size_t UnparsedBytes() const { return query.size() - query_pos; }
  // Input that could be run now, as far as it is for the input to say.
  bool HasInput() const { return UnparsedBytes() > 0 && !incomplete; }
  size_t UnsentBytes() const { return out.size() + sending.size() - sent; }
  Usage usage() const override {
    return {.fd = fd,
            .last_input_ms = last_input_ms,
            .input_bytes = UnparsedBytes(),
            .input_room = query.capacity() - query.size(),
            .output_bytes = UnsentBytes(),
            .memory = sizeof(*this) + query.capacity() + out.capacity() + sending.capacity()};
  }
  // Nobody but the table refers to it any more.
  bool Quiet() const { return !send_in_flight && !receiving && Idle(); }
};

}  // namespace basalt
