// Shard: one thread pinned to one core, with its ring, its slice of the keyspace, its log and its
// connections.
//
// One turn of its loop is a tick (core/DESIGN.md): reap, receive, route, serve, execute,
// coordinate, collect, commit, reply, idle work. Every stage is bounded; nothing in a tick blocks,
// except a park and the sleep of a tick that found nothing to do. All members belong to the shard's
// thread, or to the coordinator while the shard stands parked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/cycles.h"
#include "core/base/ids.h"
#include "core/base/mutant.h"
#include "core/io/ring.h"
#include "core/shard/command_context.h"
#include "core/shard/command_spec.h"
#include "core/shard/deferred.h"
#include "core/shard/epoch_floor.h"
#include "core/shard/extension.h"
#include "core/shard/held_replies.h"
#include "core/shard/hop.h"
#include "core/shard/key_locks.h"
#include "core/shard/load_meter.h"
#include "core/shard/log_sink.h"
#include "core/shard/mailbox.h"
#include "core/shard/park.h"
#include "core/shard/shard_stats.h"
#include "core/shard/stage_meter.h"
#include "core/shard/thread_load.h"
#include "core/shard/world.h"
#include "core/store/keyspace.h"

namespace basalt {

class Client;

// The shard's connections, as the tick sees them. Implemented by net/conn.
class Frontend {
 public:
  virtual ~Frontend() = default;
  virtual absl::Status Start(Shard& shard) = 0;  // on the shard's thread, before its first tick
  virtual bool Receive() = 0;  // receive and route stages; true when there was work
  virtual bool Reply() = 0;    // reply stage
  // Until Reply is to be called again though nothing has happened; INT64_MAX: never.
  virtual int64_t MicrosToDeadline() const = 0;
  // The same two while a script keeps the shard busy in the middle of a tick: connections whose
  // commands the tick has still to run are left alone, for their words stand in receive buffers.
  virtual void ReceiveWhileBusy() = 0;
  virtual void ReplyWhileBusy() = 0;
  virtual void Adopt(int socket) = 0;         // a connection placed here by another shard
  virtual void TakeOver(Client* client) = 0;  // one that another shard has served until now
  virtual void Dirty(
      Client* client) = 0;  // has replies, or may go on: look at it in the reply stage
  virtual void Drop(Client* client) = 0;  // closes the connection at once, unsent replies are lost
  virtual void Housekeep(int64_t now_ms) = 0;  // about ten times a second: timeouts
};

// Runs what concerns several shards. Implemented by core/tx.
class Coordinator {
 public:
  virtual ~Coordinator() = default;
  virtual bool Step() = 0;                          // true when there was work
  virtual void Handle(const Message& message) = 0;  // kTransactions
  virtual bool busy()
      const = 0;  // waits for something that wakes nobody: the shard must not sleep long
  virtual bool awaits_answers() const = 0;  // of other shards: worth a short spin
  virtual int64_t MicrosToDeadline()
      const = 0;  // until something is to be done; INT64_MAX: nothing
  // The same as Handle and Step while a script keeps the shard busy: new requests are told so, the
  // rest is kept for later.
  virtual void HandleWhileBusy(const Message& message) = 0;
  virtual void StepWhileBusy() = 0;
  // A script of the client's has found that it needs every shard parked; nothing of it has
  // happened.
  virtual void Escalate(Client* client, const CommandSpec* spec, Args args,
                        std::string_view raw) = 0;
  // A command on this shard has put something into keys that blocked clients wait for.
  virtual void ServeReadyKeys() = 0;
  // WAIT and WAITAOF: the client waits, at most `timeout_ms` (0: for ever), until that holds.
  struct DurabilityWait {
    bool local = false;  // its writes are durable, on every shard
    bool replies_local =
        false;             // WAITAOF: whether they are is the first of two numbers in the reply
    int64_t replicas = 0;  // and so many replicas have them, of which there are none
    int64_t timeout_ms = 0;
  };
  virtual void AwaitDurable(Client* client, const DurabilityWait& wait) = 0;
  // In a park under `always`, after its flush: whether all that the section did and could see is
  // durable.
  virtual void OnParkFlushed(bool durable) = 0;
  // CLIENT UNBLOCK, with every shard parked. False: the client does not wait.
  virtual bool Unblock(Client* client, bool with_error) = 0;
};

// Work that a tick does in slices until it is done: loading the data set.
class BackgroundJob {
 public:
  virtual ~BackgroundJob() = default;
  virtual bool Step() = 0;  // about a millisecond; false when finished
};

class Shard final : public CompletionSink {
 public:
  Shard(World* world, ShardId id);
  ~Shard() override;

  ShardId id() const { return id_; }
  World& world() { return world_; }
  Keyspace& keyspace() { return keyspace_; }
  Ring& ring() { return *ring_; }
  LogSink& log() { return *log_; }
  ShardStats& stats() { return stats_; }
  StageMeter& stages() { return stages_; }
  ThreadLoad& load() { return load_; }
  Frontend& frontend() { return *frontend_; }
  Coordinator& coordinator() { return *coordinator_; }
  Epoch tick_epoch() const { return tick_epoch_; }
  int64_t mono_us() const { return mono_us_; }  // the tick's time

  // Before Run, by who wires the server.
  void set_frontend(std::unique_ptr<Frontend> f) { frontend_ = std::move(f); }
  void set_coordinator(std::unique_ptr<Coordinator> c) { coordinator_ = std::move(c); }
  void set_log(std::unique_ptr<LogSink> log) { log_ = std::move(log); }
  void set_ring(std::unique_ptr<Ring> ring) {
    ring_ = std::move(ring);
  }  // instead of one from Ring::Create
  void set_job(std::unique_ptr<BackgroundJob> job) { job_ = std::move(job); }
  // The script engine (core/script). Null until set.
  void set_scripts(std::unique_ptr<ScriptHost> scripts) { scripts_ = std::move(scripts); }
  ScriptHost* scripts() const { return scripts_.get(); }
  bool job_running() const { return job_ != nullptr; }

  // On the shard's thread: the ring, then the frontend.
  absl::Status Start();
  // Ticks until the world stops.
  void Run();
  // One tick; true when it did something. Waits up to `wait_us` for something to happen before it
  // starts.
  bool Tick(int64_t wait_us);

  // --- route stage
  // Queues a command of an own connection for the execute stage. `args` and `raw` stay valid until
  // the tick ends. `alone`: the caller pauses the connection, which goes on when the command has
  // answered.
  void RunHere(const CommandSpec* spec, Client* client, Args args, std::string_view raw,
               bool alone = false);
  // Adds a command to the batch for `to`. The words are copied.
  void SendTo(ShardId to, const CommandSpec* spec, Client* client, Args args, std::string_view raw,
              bool alone = false);
  // The same two for EXEC (`spec`) of commands that all live on one shard: there it is one command,
  // run without a break.
  void RunExecHere(const CommandSpec* spec, Client* client,
                   const std::vector<StoredCommand>& commands);
  void SendExecTo(ShardId to, const CommandSpec* spec, Client* client,
                  const std::vector<StoredCommand>& commands);
  // False while so much waits for `to` that the connection must not be read further.
  bool CanSendTo(ShardId to) const {
    const HopBatch* open = outgoing_[to.value].open;
    return open == nullptr || open->text.size() < kOutgoingBytesMax;
  }

  // --- transactions over several shards (core/tx)
  KeyLocks& locks() { return locks_; }
  HeldReplies& held_replies() { return held_replies_; }
  // While keys are frozen: a write could carry what a power cut takes back to where it stays.
  // Dispatch refuses writes then; this is for those that were on their way.
  bool refuses_writes() const { return keyspace_.dirty_keys().any_frozen(); }
  std::string RefusalWhileFrozen() const;
  // A transaction was promised that its records of this tick's epoch or a later one will find a
  // place in the log. Returns the epoch, to be given to DropPromise once they have, or once they
  // will not come.
  Epoch PromiseEpoch() {
    promised_.Hold(tick_epoch_);
    return tick_epoch_;
  }
  void DropPromise(Epoch epoch) { promised_.Drop(epoch); }
  // Closes the log's batch with what this tick has recorded so far.
  void SealTick();
  // Closes the batch with the records of a transaction's part; under `tx` with several parts even
  // without any.
  void SealPart(Epoch epoch, TxStamp tx);
  // `to` holds answers that wait for this shard's log.
  void TellWhenDurable(ShardId to) {
    if (to != id_) told_undurable_.Add(to);
  }

  // `always`, when a log fails: what a transaction wrote in these cells (DirtyKeys) is not revealed
  // before all its parts are durable, those on other shards too, and nothing else is held up by it.
  void Freeze(std::vector<uint32_t> cells, std::shared_ptr<const std::vector<Gate>> until);
  void ForgetFrozen() { frozen_.clear(); }
  // Closes the epoch of now on every shard and has their logs make it durable. Returns it: see
  // World::DurableCut. With `again` that epoch, which was asked for before.
  Epoch SyncAllSoon(Epoch again = Epoch());

  // --- parked sections
  // Runs `section` on this thread while the shards that the park has announced stand still. Under
  // `always` it returns only when all that the section wrote is durable, and with `reveals` all
  // that it could see; false: a log has failed, that is not durable, and nothing of it may be told.
  // Called by the coordinator when the park is all quiet; gives the turn back.
  bool RunParked(absl::FunctionRef<void()> section, bool reveals);

  // --- a script that runs for longer than busy-reply-threshold
  // Called by it again and again, in the middle of a command: tells clients and other shards that
  // the shard is busy. True: the server is going down, and the script shall end now.
  bool ServeWhileBusy(World::BusyKind kind);
  void EndBusy();
  // Commands that come now come through ServeWhileBusy: this shard's keys cannot be touched.
  bool serving_while_busy() const { return serving_while_busy_; }

  // Around commands: when the first of a row begins, and after each of them has answered. `client`
  // may be null.
  void StartCalls() { last_cycles_ = Cycles(); }
  void CountCall(CommandContext& context, const Client* client);
  void CountError(std::string_view text);
  // slowlog-log-slower-than and slowlog-max-len have changed, or the measure of time is known
  // better.
  void ApplySlowLimits();

  // --- replies
  void Release(HopBatch* batch);  // one borrowed result of it was flushed

  void OnCompletion(const Completion&) override {}  // wake-ups: the tick itself is the answer

 private:
  static constexpr size_t kOutgoingBytesMax = 64 << 20;
  static constexpr uint32_t kBatchesInFlightMax = 32;  // per destination
  static constexpr uint64_t kDirect =
      ~uint64_t{0};  // no ticket: the reply goes straight to the output

  struct QueuedCommand {
    const CommandSpec* spec;
    Client* client;
    uint32_t first_word;
    uint32_t word_count;
    std::string_view raw;
    uint64_t ticket;
    DbIndex db;
    uint8_t resp;
    bool alone;
    uint32_t members;  // of EXEC: so many that follow are its transaction
  };
  // A command of EXEC's transaction.
  struct Member {
    const CommandSpec* spec;
    Args args;
    std::string_view raw;
  };
  // One about to run.
  struct OwnCommand {
    const CommandSpec* spec;
    Client* client;
    Args args;
    std::string_view raw;
    uint64_t ticket;
    DbIndex db;
    uint8_t resp;
    bool alone;
    std::span<const Member> members = {};
  };
  struct Outgoing {
    HopBatch* open = nullptr;
    uint32_t in_flight = 0;
  };

  // While this shard, or one that it waits for, is busy with a script.
  void LookAround();
  void RefuseQueued();
  void HandleWhileBusy(const Message& message);
  void MayPause();
  bool DrainMailbox();
  void Handle(const Message& message);
  void Stand(uint64_t round);
  void Leave();
  void PublishDurable();
  void PublishTrouble();
  void Thaw();
  bool AllDurable() const;
  bool BeginAlways(const std::vector<Shard*>& shards);
  TxStamp SealSection(const std::vector<Shard*>& shards, Epoch epoch, bool always);
  bool MakeParkDurable(const std::vector<Shard*>& shards,
                       const std::vector<uint64_t>& batches_before, TxStamp tx, bool reveals);
  CommandContext::Setting SettingFor(Client* client) {
    return {.local = &keyspace_, .world = &world_, .shard = this, .client = client};
  }
  void Serve(HopBatch* batch);
  bool ServeOne(HopBatch* batch, uint32_t index, CommandContext& context);
  void SendBack(HopBatch* batch);
  // Of EXEC one key that is held is enough.
  bool MustWait(const CommandSpec& spec, Args args, std::span<const Member> members) {
    return locks_.any_held() && (KeysHeld(spec, args) || AnyKeysHeld(members));
  }
  bool KeysHeld(const CommandSpec& spec, Args args);
  bool AnyKeysHeld(std::span<const Member> members);
  bool MustRefuse(const CommandSpec& spec, std::span<const Member> members) const;
  bool RetryDeferred();
  bool MayShowHeldParts(const CommandSpec& spec) const {
    return held_replies_.any_part() && spec.where == Where::kCursor && !MutantIs("scan-ungated");
  }
  bool ReleaseHeldReplies();
  void Defer(const OwnCommand& command);
  // EXEC's transaction, read from where it stands into members_.
  std::span<const Member> MembersInQueue(uint32_t count);
  std::span<const Member> MembersInBatch(const HopBatch& batch, uint32_t index);
  std::span<const Member> MembersOf(const DeferredOwn& own);
  void RunOne(const CommandSpec& spec, Args args, std::string_view raw,
              std::span<const Member> members, CommandContext& context, int resp,
              const Client* client);
  void RunMembers(std::span<const Member> members, CommandContext& context, int resp,
                  const Client* client);
  void ServeReadyKeys() {
    if (__builtin_expect(keyspace_.blocked_keys().any_ready(), 0)) coordinator_->ServeReadyKeys();
  }
  void Collect(HopBatch* batch);
  bool SendBatches();
  bool Execute();
  void ExecuteOne(const OwnCommand& command, CommandContext& context);
  void SealJournal(Epoch epoch, TxStamp tx);
  Epoch CompleteBelow(Epoch epoch) const;
  void TellOthers(Message::Kind kind, Epoch epoch);
  void NoteEpochToClose();
  bool ServeStage();
  void CommitStage();
  void CloseEpochs();
  bool IdleWork();
  // Of a stage that may have found nothing to do.
  bool Metered(Stage stage, bool worked) {
    if (worked) stages_.Passed(stage);
    return worked;
  }
  int64_t WaitTime(bool worked);
  void FlushLogNow();
  HopBatch& OpenBatch(ShardId to) {
    HopBatch* open = outgoing_[to.value].open;
    return open != nullptr ? *open : BeginBatch(to);
  }
  HopBatch& BeginBatch(ShardId to);
  HopBatch* NewBatch(ShardId to);
  HopBatch* OwnReplies();
  void CloseOwnReplies();
  void NoteSlow(const CommandContext& context, const Client* client, uint64_t cycles);

  World& world_;
  const ShardId id_;
  Keyspace keyspace_;
  ShardStats stats_;
  LoadMeter load_meter_;
  StageMeter stages_;
  ThreadLoad load_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<LogSink> log_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<Frontend> frontend_;
  std::unique_ptr<BackgroundJob> job_;
  std::unique_ptr<ScriptHost> scripts_;

  KeyLocks locks_;
  DeferredCommands deferred_;
  HeldReplies held_replies_;
  EpochFloor promised_;
  std::vector<QueuedCommand> queue_;
  std::vector<std::string_view> queue_words_;
  std::vector<std::string_view> scratch_words_;
  std::vector<Member> members_;  // of the EXEC that is about to run
  std::vector<uint32_t> key_positions_;
  size_t queue_next_ = 0;                   // of queue_: the first that has not begun
  const Client* running_client_ = nullptr;  // whose own command runs
  std::vector<Message> inbox_;              // this tick's messages
  size_t inbox_next_ = 0;                   // the first that has not been looked at
  std::vector<Message> late_;               // came while a script was busy; for the next tick
  bool serving_while_busy_ = false;
  bool busy_ = false;               // our own script has been for longer than busy-reply-threshold
  std::vector<Outgoing> outgoing_;  // by destination
  std::vector<uint16_t> outgoing_dirty_;  // destinations with an open batch
  std::vector<std::unique_ptr<HopBatch>> batches_;
  std::vector<HopBatch*> free_batches_;
  HopBatch* own_replies_ = nullptr;  // this tick's answers to own commands, as far as they wait
  ShardSet told_undurable_;          // shards that hold answers waiting for our log
  uint32_t hops_in_flight_ = 0;
  uint64_t durable_published_ = 0;
  LogTrouble trouble_published_;
  struct Frozen {
    std::vector<uint32_t> cells;
    std::shared_ptr<const std::vector<Gate>> until;
  };
  std::vector<Frozen> frozen_;
  Epoch sync_epoch_;  // to be made durable soon
  Epoch durable_epoch_published_;
  Epoch tick_epoch_;
  Epoch close_epoch_;  // epoch to mark as complete once the tick's epoch is past it
  int64_t mono_us_ = 0;
  int64_t epoch_started_us_ = 0;
  int64_t next_housekeep_ms_ = 0;
  uint64_t last_cycles_ = 0;             // when the last command ended
  uint64_t slow_cycles_ = ~uint64_t{0};  // commands that take more go to the slow log
  int64_t busy_until_us_ = 0;            // spin instead of sleeping until then
};

}  // namespace basalt
