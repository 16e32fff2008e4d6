// Runs, for the connections of one shard, everything that concerns several shards at once: commands with keys on several
// shards, commands about the whole server, EXEC, WATCH.
//
// A job starts when its connection has no command in flight, so that its place in the connection's order is kept. A job whose
// keys all live here runs at once; the others wait for the park, and all that are ready when it is granted run in it,
// one after the other: many clients share one standstill.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/shard/park.h"
#include "core/shard/shard.h"
#include "core/tx/transaction.h"

namespace basalt {

class TxCoordinator final : public Coordinator {
 public:
  explicit TxCoordinator(Shard* shard) : shard_(*shard) {}

  // One command over the shards of `set`. The client is paused until it has run.
  void AddCommand(Client* client, const CommandSpec* spec, Args args, std::string_view raw, const ShardSet& set);
  // EXEC of the client's open transaction.
  void AddExec(Client* client, const CommandSpec* spec);
  void AddWatch(Client* client, const CommandSpec* spec, Args args);
  // Forgets the client's watched keys; `reply` (may be "") is its answer afterwards. `client` stays null-safe: a connection that
  // is gone passes null.
  void AddUnwatch(Client* client, std::vector<Transaction::Watched> watched, std::string_view reply);

  // Server work (a snapshot, a rewrite) with every shard parked, in a park of its own.
  void AddTask(std::function<void()> task);

  bool Step() override;
  bool busy() const override { return !jobs_.empty() || !tasks_.empty(); }

 private:
  enum class Kind { kCommand, kExec, kWatch, kUnwatch };
  struct Job {
    Kind kind;
    Client* client;
    ShardSet set;
    std::vector<StoredCommand> commands;
    std::vector<Transaction::Watched> watched;
    std::string reply;
    bool aborted = false;
  };

  bool Ready(const Job& job) const;
  void Add(Job job);
  void RunAlone(Job& job);
  void Run(Job& job, bool parked);
  void RunExec(Job& job, bool parked);
  void RunWatch(Job& job);
  void Unwatch(const std::vector<Transaction::Watched>& watched);
  bool WatchedChanged(const Job& job);
  void RunCommands(Job& job, bool parked);
  void Finish(Job& job);
  void AddKeys(const StoredCommand& command, DbIndex* db, ShardSet* set);
  bool Local(const ShardSet& set) const;

  Shard& shard_;
  std::deque<Job> jobs_;
  std::deque<std::function<void()>> tasks_;
  bool asked_ = false;        // holds a place in the park's line
  Park::Ticket ticket_ = 0;
  std::vector<uint32_t> key_positions_;
};

}  // namespace basalt
