// A transaction in flight: what a client asked for at once, taken apart by shard. The client's
// shard coordinates it.
//
//   coordinator                            each shard concerned (TxParticipant)
//   kLock  -->                             the keys queue up (KeyLocks)
//          <--  kGranted | kRefused
//   all granted: epoch and time are read
//   kRun   -->                             runs its steps, lets the keys go (unless `hold`)
//          <--  kDone
//   with `hold` (fsync policy always), once every part is durable:
//   kRelease -->                           lets the keys go
//          <--  kReleased
//
// Refused by one: kRelease to all others, and a new number once they have answered. With one shard
// alone there is nothing to lock: kRunHere does all at once, between two commands.
//
// A Tx and its parts belong to the coordinator. A part is lent to its shard from the message that
// concerns it until the answer; what both sides read meanwhile (commands, epoch, time) does not
// change. Mailboxes order the hand-overs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/shard/key_locks.h"
#include "core/shard/park.h"
#include "core/shard/reply_queue.h"
#include "core/shard/stored_command.h"
#include "core/tx/transaction.h"

namespace basalt {

class BlockedCommand;
class Client;
struct Tx;

// One command, or a shard's share of one, to be run by a part.
struct TxStep {
  uint32_t command;     // index in Tx::commands
  uint32_t first_word;  // of ShardPart::words; used when word_count > 0, else the words are the
                        // command's own
  uint32_t word_count;
  DbIndex db;
};

struct ShardPart : LockRequest {
  Tx* tx = nullptr;
  ShardId shard;
  std::vector<TxStep> steps;
  std::vector<std::string_view> words;  // of steps that are shares; views into the tx's commands
  std::vector<Transaction::Watched>
      watched;  // keys of this shard: to be watched, compared or let go
  bool writes = false;

  // --- the shard's
  std::string replies;
  std::vector<uint32_t> ends;    // where each step's reply ends
  uint64_t batch = 0;            // of its own, when it has one
  uint64_t gate = 0;             // batch of the shard's log that what was seen and done depends on
  uint64_t held = 0;             // its number, once it has run and keeps its keys (HeldReplies)
  Epoch promise;                 // of a part that writes, while it is granted (Shard::PromiseEpoch)
  int64_t watched_until_ms = 0;  // when the first of the watched keys expires
  bool watched_changed = false;
  std::string refusal;   // the shard takes no writes: the error to answer
  bool blocked = false;  // the command found nothing and waits for its keys

  // --- the coordinator's
  enum class State : uint8_t { kOut, kAsked, kGranted, kReleasing } state = State::kOut;
};

struct Tx {
  enum class Kind : uint8_t {
    kCommand,
    kExec,
    kWatch,
    kUnwatch,
    kBlocking,
  };
  enum class State : uint8_t {
    kWaiting,  // for its connection's turn
    kLocking,
    kBackingOff,  // was refused; parts are being taken back
    kRunning,
    kFlushing,   // waits for logs
    kReleasing,  // has answered; parts hold keys until they hear
  };

  Kind kind;
  State state = State::kWaiting;
  Client* client = nullptr;  // null: nobody waits for it
  ShardId home;              // the coordinating shard
  DbIndex db;                // the client's, when it asked
  int resp = 2;
  std::vector<StoredCommand> commands;
  std::vector<Transaction::Watched> watched;
  std::string reply;                        // of kWatch and kUnwatch
  std::shared_ptr<BlockedCommand> blocked;  // of kBlocking

  ShardSet shards;       // that it concerns
  bool planned = false;  // `shards`, `park` and `parts` are filled
  bool park = false;     // the commands cannot be taken apart, or it was refused too often
  std::vector<std::unique_ptr<ShardPart>> parts;
  TxId number;
  Epoch epoch;
  int64_t now_us = 0;    // Unix time of the whole transaction
  uint32_t writers = 0;  // parts that write
  uint32_t awaited = 0;  // answers
  uint32_t refusals = 0;
  bool failed = false;              // an EXEC whose watched keys have changed: nil
  std::string_view unless_durable;  // the error to answer when a park's flush has failed
  std::string refusal;              // a shard cannot run it just now: the error to answer
  bool hold = false;                // parts keep their keys after the run
  std::shared_ptr<const std::vector<Gate>>
      frozen_until;           // set when a log failed: parts freeze what they wrote as they let go
  size_t gathered_bytes = 0;  // of the commands
  size_t place = 0;           // in the coordinator's list of those under way
  bool one_shard() const { return parts.size() == 1; }
  bool Writes() const { return AnyHas(commands, kWrite); }
  // Nothing to lock: each part does all it has to do at once.
  bool at_once() const { return one_shard() || kind == Kind::kWatch || kind == Kind::kUnwatch; }
};

// What shards tell each other about transactions in one tick.
struct TxItem {
  enum class What : uint8_t {
    // to a part's shard
    kLock,
    kRun,
    kRunHere,
    kRelease,
    // back
    kGranted,
    kRefused,
    kBusy,  // instead of kGranted or kDone: a script keeps the shard busy, or `refusal` says what;
            // nothing was done
    kDone,
    kReleased,
    // about a blocked command (core/tx/blocked_command.h)
    kServed,
    kTryAgain,
    kForget,
  };
  What what;
  ShardPart* part = nullptr;
  std::shared_ptr<BlockedCommand> blocked;
};

struct TxMail {
  ShardId from;
  std::vector<TxItem> items;
};

}  // namespace basalt
