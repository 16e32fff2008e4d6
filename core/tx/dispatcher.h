// Decides where each command of this shard's connections runs: here, on another shard, or over
// several (core/tx). Owner: the shard's thread. One per shard.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/shard/client.h"
#include "core/shard/command_spec.h"
#include "core/tx/transaction.h"
#include "core/tx/tx_coordinator.h"

namespace basalt {

class Dispatcher {
 public:
  explicit Dispatcher(Shard* shard);

  enum class Outcome {
    kGoOn,   // done or under way; the next command may follow
    kPause,  // under way; nothing of this client may follow until it is no longer paused
    kRetry,  // not accepted, too much is under way: submit the same command again in a later tick
  };
  // `args` and `raw` are as RequestParser gives them: views valid until the tick ends, but those of
  // inline commands.
  Outcome Submit(Client* client, Args args, std::string_view raw) {
    if (__builtin_expect(client->reply_mode <= Client::ReplyMode::kOff, 1))
      return Route(client, args, raw);
    return RouteSkipping(client, args, raw);
  }

  // Ends what the client has open (MULTI, WATCH): its connection is gone or RESET was given.
  void Forget(Client* client);
  // Once per tick, before anything is submitted: memory of what ran in the last one may go.
  void BeginTick() {
    kept_.clear();
    kept_transactions_.clear();
  }

 private:
  // Commands of one connection that may be under way at once.
  static constexpr size_t kPendingMax = 1024;

  Outcome Route(Client* client, Args args, std::string_view raw);
  // The same after CLIENT REPLY SKIP: one command runs alone, without a reply.
  Outcome RouteSkipping(Client* client, Args args, std::string_view raw);
  bool Paused(const CommandSpec& spec, const Client& client);
  void RefuseUnknown(Client* client, Args args);
  template <class F>
  void AnswerNow(Client* client, F&& write);
  void Refuse(Client* client, const CommandSpec* spec, std::string_view error);
  std::string RefusalOf(const Client& client, const CommandSpec& spec, Args args);
  Outcome Queue(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  Outcome RunHome(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  Outcome RunTransactionVerb(Client* client, const CommandSpec* spec, Args args);
  Outcome RouteByKeys(Client* client, const CommandSpec* spec, Args args, std::string_view raw,
                      bool alone = false);
  Outcome RouteScript(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  bool ShutsDownAtOnce(const CommandSpec& spec, Args args);
  Outcome RouteWhileBusy(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  Outcome RouteGathering(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  Outcome RunExec(Client* client, const CommandSpec* spec, Transaction* tx);
  // The shard on which all of these commands live, if there is one.
  std::optional<ShardId> HomeOf(const std::vector<StoredCommand>& commands);
  std::optional<ShardId> HomeOf(const CommandSpec& spec, Args args);
  Outcome RunOn(ShardId shard, Client* client, const CommandSpec* spec, Args args,
                std::string_view raw, bool alone = false);

  Shard& shard_;
  World& world_;
  TxCoordinator& coordinator_;
  std::vector<uint32_t> key_positions_;
  std::deque<StoredCommand> kept_;                            // inline commands
  std::deque<std::vector<StoredCommand>> kept_transactions_;  // of EXECs on this shard
};

// The rows of MULTI, EXEC, DISCARD, WATCH, UNWATCH, RESET and QUIT; the dispatcher runs them
// itself.
std::span<const CommandSpec> TransactionCommands();

// The shard that a SCAN cursor points into, and the cursor's position there. Cursor 0 begins at
// shard 0.
struct ScanCursor {
  ShardId shard;
  uint64_t position;  // below 2^40

  static ScanCursor Unpack(uint64_t cursor) {
    return {ShardId(static_cast<uint16_t>(cursor & 0xff)), cursor >> 8};
  }
  uint64_t Pack() const { return position << 8 | shard.value; }
};

}  // namespace basalt
