// What keeps a shard's log from taking more records, small enough to be published to all shards in
// one word, and the faults of a disk that tests ask for.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace basalt {

struct LogTrouble {
  enum class Kind : uint8_t {
    kNone,
    kBehind,  // the disk does not keep up: too much waits to be written
    kWrite,   // a write failed; it is tried again
    kSync,    // an fsync failed: what the file holds can no longer be told; a new log has to begin
              // from a fresh base
  };
  Kind kind = Kind::kNone;
  uint16_t error = 0;  // errno
  ShardId shard;

  bool any() const { return kind != Kind::kNone; }
  // What was recorded may never become durable. Behind, it will.
  bool failed() const { return kind >= Kind::kWrite; }
  bool operator==(const LogTrouble&) const = default;

  uint64_t Pack() const {
    return uint64_t{static_cast<uint8_t>(kind)} << 32 | uint64_t{error} << 16 | shard.value;
  }
  static LogTrouble Unpack(uint64_t v) {
    return {static_cast<Kind>(v >> 32), static_cast<uint16_t>(v >> 16),
            ShardId(static_cast<uint16_t>(v))};
  }
  // The error reply to a write that is refused because of it.
  std::string Refusal() const;
};

// DEBUG LOG-FAULT: what the disk does to the next requests of a shard's log.
struct LogFault {
  enum class Op : uint8_t { kWrite, kSync };
  Op op = Op::kWrite;
  int error = 0;         // they fail so, and a write leaves nothing behind; 0: they succeed
  int64_t delay_ms = 0;  // and are over only then
  int64_t times = 0;     // how many of them; -1: until told otherwise; 0: none
};

}  // namespace basalt
