// Runs, for the connections of one shard, everything that is more than one command on one shard:
// commands with keys on several shards, EXEC, WATCH, blocking commands, scripts that need all
// shards, work about the whole server.
//
// A transaction starts when its connection has nothing else under way, so that its place in the
// connection's order is kept. Then the cheapest way that fits (core/tx/tx_plan.h):
//   one shard      kRunHere: one hop, or none, and no locks
//   fan-out        keys are locked on every shard, then every shard runs its part (core/tx/tx.h)
//   park           all shards concerned stand still and this thread runs everything
//   (core/tx/parked_run.h); all that are ready
//                  when the park is granted share it
// Nothing waits for ever: a fan-out waits only for smaller numbers, one refused kRefusalsMax times
// goes by park, parks come in order of asking and let no fan-out start before them.
//
// In three files: what comes in and goes out (tx_coordinator.cc), fan-outs (_fan_out.cc), parks and
// blocked commands (_park.cc).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/shard/park.h"
#include "core/shard/shard.h"
#include "core/tx/blocked_clients.h"
#include "core/tx/durability_waits.h"
#include "core/tx/ready_keys.h"
#include "core/tx/transaction.h"
#include "core/tx/tx.h"
#include "core/tx/tx_mailer.h"
#include "core/tx/tx_participant.h"

namespace basalt {

class TxCoordinator final : public Coordinator,
                            private TxParticipant::Answers,
                            private BlockedClients::Owner {
 public:
  explicit TxCoordinator(Shard* shard);
  ~TxCoordinator() override;

  // One command over several shards, or about all of them. Unless it is the beginning of a Gather,
  // the client is paused until it has run.
  void AddCommand(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  // The next command of a client whose multi-shard command, the last it sent, has not started yet:
  // the two become one transaction, in which they stand side by side. So a pipeline of MGETs takes
  // two hops, not two for each. False: it has to wait.
  bool Gather(Client* client, const CommandSpec* spec, Args args, std::string_view raw);
  // Nothing more comes along; the client is paused.
  void EndGathering(Tx* tx);
  // EXEC of the client's open transaction.
  void AddExec(Client* client);
  void AddWatch(Client* client, Args args);
  // Forgets the client's watched keys; `reply` (may be "") is its answer afterwards. A connection
  // that is gone passes null.
  void AddUnwatch(Client* client, std::vector<Transaction::Watched> watched,
                  std::string_view reply);
  // Server work (a snapshot, a rewrite) with every shard parked, in a park of its own.
  void AddTask(std::function<void()> task);
  // The client's connection is gone: it waits for nothing any more.
  void Forget(Client* client);

  bool Step() override;
  void Handle(const Message& message) override;
  void HandleWhileBusy(const Message& message) override;
  void StepWhileBusy() override;
  bool busy() const override;
  bool awaits_answers() const override { return !under_way_.empty(); }
  int64_t MicrosToDeadline() const override;
  void AwaitDurable(Client* client, const DurabilityWait& wait) override;
  void Escalate(Client* client, const CommandSpec* spec, Args args, std::string_view raw) override;
  void ServeReadyKeys() override { ready_keys_.Serve(); }
  // The same for another shard's coordinator, in a park.
  void ServeReadyKeysParked() { ready_keys_.Serve(/*parked=*/true); }
  void OnParkFlushed(bool durable) override { ready_keys_.ParkFlushed(durable); }
  void ServeReadyKeyParked(ReadyKey key) { ready_keys_.ServeParked(std::move(key)); }
  bool Unblock(Client* client, bool with_error) override;

 private:
  static constexpr uint32_t kRefusalsMax = 8;
  // What one transaction gathers at most: it holds its keys for as long as all of that runs.
  static constexpr size_t kGatherMax = 64;
  static constexpr size_t kGatherBytesMax = 64 << 10;

  std::unique_ptr<Tx> NewTx(Tx::Kind kind, Client* client);
  void Add(std::unique_ptr<Tx> tx);
  bool Ready(const Tx& tx) const;
  bool WantsPark(const Tx& tx) const { return tx.planned && tx.park && Ready(tx); }
  bool StartWaiting();
  void Start(std::unique_ptr<Tx> tx);
  std::unique_ptr<Tx> Take(Tx* tx);

  // --- fan-out
  void Send(ShardPart* part, TxItem::What what);
  void SendAll(Tx* tx, TxItem::What what);
  void Answer(ShardPart* part, TxItem::What what) override;  // a part on this shard
  bool TakeOwnAnswers();
  void OnAnswer(ShardPart* part, TxItem::What what);
  void OnItem(TxItem& item);
  void OnBusy(Tx* tx, ShardPart* part);
  void FinishBusy(Tx& tx);
  void BackOff(Tx* tx);
  void OnAllGranted(Tx* tx);
  void OnAllDone(Tx* tx);
  void OnAllReleased(Tx* tx);
  bool WatchedChanged(const Tx& tx) const;
  bool Durable(const ShardPart& part) const;
  std::string ReplyOf(const Tx& tx);
  bool FinishFanOut(Tx* tx);
  bool GiveUpFlushing(Tx* tx);
  void FinishWatch(Tx& tx);
  // Answers the client and lets it go on. The reply leaves when `gate` is durable.
  void Finish(Tx& tx, std::string_view reply, Gate gate);

  // --- park
  bool StepPark();
  void RefuseBusyParks();
  void AnnouncePark();
  void RunPark();
  void RunTask();

  // --- blocked commands
  void Block(Tx& tx);
  void TryAgain(std::shared_ptr<BlockedCommand> blocked) override;
  void Deliver(Client* client, std::string_view reply, Gate gate) override;
  void Tell(ShardId shard, TxItem::What what, std::shared_ptr<BlockedCommand> blocked) override;
  void OnBlockedItem(TxItem& item);

  Shard& shard_;
  World& world_;
  TxMailer mailer_;
  TxParticipant participant_;
  BlockedClients blocked_;
  DurabilityWaits durability_;
  ReadyKeys ready_keys_;
  std::deque<std::unique_ptr<Tx>> waiting_;
  std::vector<std::unique_ptr<Tx>> under_way_;
  std::vector<Tx*> flushing_;        // of those under way
  std::vector<TxItem> late_;         // came while a script kept this shard busy
  std::vector<TxItem> own_answers_;  // of parts on this shard, and what this shard tells itself
  std::deque<std::function<void()>> tasks_;

  enum class ParkState : uint8_t { kNone, kInLine, kAnnounced } park_state_ = ParkState::kNone;
  Park::Ticket ticket_ = 0;
  bool park_for_task_ = false;
};

}  // namespace basalt
