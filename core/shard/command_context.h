// One execution of one command, on the thread that owns the keyspace it works on - or, in world
// mode, that borrows all of them while their shards are parked. Handlers are ordinary
// single-threaded code; this object decides where a key lives, which effects the log gets, and
// which log batches the reply depends on.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/resp/reply.h"
#include "core/shard/command_spec.h"
#include "core/shard/extension.h"
#include "core/store/keyspace.h"

namespace basalt {

class Client;
class Shard;
class World;

class CommandContext {
 public:
  // What differs between the ways to run a command.
  struct Setting {
    Keyspace* local =
        nullptr;             // the slice to work on; in world mode the slice of the running thread
    World* world = nullptr;  // the server; null only in tests and tools that have none
    bool parked_world = false;  // world mode: every key of every shard may be touched
    Shard* shard = nullptr;     // the running thread's shard; null in tests and during recovery
    Client* client =
        nullptr;  // set for kHome and kAllShards commands and those in a transaction run at home
    bool replay = false;                     // effects come from the log: they are not logged again
    bool in_script = false;                  // called by a script
    const CommandTable* commands = nullptr;  // what scripts may call, and ...
    Extension* scripts =
        nullptr;             // ... the engine that runs them (core/script), where there is no world
    bool may_block = false;  // a blocking command may wait for its keys; otherwise it answers as if
                             // its time were up
    const std::string_view* only_key =
        nullptr;  // a blocked command is tried again for this key alone
  };

  CommandContext(const Setting& setting, std::string* out, int resp)
      : reply(out, resp), setting_(setting) {}

  Args args;             // args[0] is the name
  std::string_view raw;  // the request as RESP text, or empty
  const CommandSpec* spec = nullptr;
  Reply reply;

  int64_t now_ms() const { return setting_.local->now_ms; }
  DbIndex db_index() const { return db_; }
  void set_db(DbIndex db) { db_ = db; }
  bool in_replay() const { return setting_.replay; }
  bool parked_world() const { return setting_.parked_world; }
  // Null on a hop and in replay: only kHome and kAllShards handlers may rely on it.
  Client* client() const { return setting_.client; }
  Shard* shard() const { return setting_.shard; }
  World* world() const { return setting_.world; }
  bool in_script() const { return setting_.in_script; }
  // All commands, and the script engine of the running thread (null when there is none).
  const CommandTable& commands() const;
  Extension* scripts() const;

  // --- where keys live
  Keyspace& KeyspaceOf(std::string_view key) {
    return setting_.parked_world ? ParkedKeyspaceOf(key) : *setting_.local;
  }
  Db& DbOf(std::string_view key) { return KeyspaceOf(key).db(db_); }
  Db& DbOf(std::string_view key, DbIndex other) { return KeyspaceOf(key).db(other); }
  // The slice of the running thread: random numbers, statistics.
  Keyspace& local() { return *setting_.local; }
  // Every slice this command may touch: one, or all in world mode.
  template <class F>
  void ForEachKeyspace(F&& f) {
    if (!setting_.parked_world) return f(*setting_.local);
    for (size_t i = 0, n = ParkedKeyspaces(); i < n; ++i) f(ParkedKeyspace(i));
  }
  // The key's entry or null, in database db_index().
  Entry* Find(std::string_view key) { return DbOf(key).Find(key); }

  // Whether the key's slice is at hand: it is this shard's, or everything is parked. Only scripts
  // reach for keys that nobody has checked; every other command comes to where its keys are.
  bool CanReach(std::string_view key) const;

  // --- scripts
  // The same place in the world for a command that a script calls, replying to `out`.
  CommandContext Nested(std::string* out, int resp) const;
  // What a nested command depended on, this one does, too.
  void Adopt(const CommandContext& nested) { gate_ = std::max(gate_, nested.gate_); }
  // Runs this command again with every shard parked; whatever it did has been undone, and its reply
  // is dropped. Not in world mode.
  void Escalate() { escalated_ = true; }
  bool escalated() const { return escalated_; }

  // Set for commands of an EXEC that writes: it was let through as a whole, and whatever has
  // happened to the log since, a script among them is not refused while the others are run.
  void AdmitWrites(bool on) { writes_admitted_ = on; }
  bool writes_admitted() const { return writes_admitted_; }

  // --- blocking
  // Whether a blocking command may take from `key`: when it is tried again, only from the key that
  // has become ready.
  bool MayServe(std::string_view key) const {
    return setting_.only_key == nullptr || *setting_.only_key == key;
  }
  bool tried_again() const { return setting_.only_key != nullptr; }
  // There is nothing to take: the client waits for one of `keys` to hold a value of `type`, for
  // `timeout_ms` (0: for ever), and nothing is replied. False when it may not wait: then the
  // command replies what it does when its time is up.
  struct BlockRequest {
    ValueType type;
    Args keys;  // among the command's words
    int64_t timeout_ms;
  };
  [[nodiscard]] bool Block(ValueType type, Args keys, int64_t timeout_ms) {
    if (setting_.may_block) block_ = BlockRequest{type, keys, timeout_ms};
    return setting_.may_block;
  }
  bool may_block() const { return setting_.may_block; }
  const std::optional<BlockRequest>& block_request() const { return block_; }

  // In a park under `always`: what the command did counts only once it is durable; else the reply
  // is this error (a constant).
  void ErrorUnlessDurable(std::string_view error) { unless_durable_ = error; }
  std::string_view unless_durable() const { return unless_durable_; }

  // --- effects
  // `key` was modified or deleted: counts `n` changes towards the save points, fails the
  // transactions that watch it, and has the command logged. Once per key that changed; again is
  // harmless.
  void Changed(std::string_view key, int n = 1) { Changed(key, db_, n); }
  void Changed(std::string_view key, DbIndex db, int n);
  // The log gets these words instead of the command as it came; several calls make several records,
  // in order.
  void LogInstead(std::initializer_list<std::string_view> words) {
    LogInstead(Args{words.begin(), words.size()});
  }
  void LogInstead(Args words);
  // The command touched everything (FLUSHALL, SWAPDB): every shard's log gets it as it came.
  void ChangedEverything(int64_t n);

  // --- called by the executor around the handler
  // Readies the object for the next command; the reply buffer stays.
  void Begin(const CommandSpec& command, Args words, std::string_view raw_text);
  // Runs the handler and logs what it did.
  void Run();
  // The batch of the local log that the reply depends on; 0 when it depends on nothing that is not
  // yet durable.
  uint64_t gate() const { return gate_; }
  void ClearGate() { gate_ = 0; }
  bool changed() const { return changed_; }

 private:
  enum class LogMode : uint8_t { kVerbatim, kInstead };

  Keyspace& ParkedKeyspaceOf(std::string_view key);
  Keyspace& ParkedKeyspace(size_t i);
  size_t ParkedKeyspaces() const;
  void NoteReads();
  void FinishLog();
  void LogParkedEffects();

  const Setting setting_;
  DbIndex db_;
  LogMode log_mode_ = LogMode::kVerbatim;
  bool changed_ = false;
  bool changed_everything_ = false;
  bool escalated_ = false;
  bool writes_admitted_ = false;
  std::string_view unless_durable_;
  std::optional<BlockRequest> block_;
  uint64_t gate_ = 0;
  std::vector<std::pair<DbIndex, std::string>>
      parked_effects_;  // world mode: keys whose final state is to be logged
};

}  // namespace basalt
