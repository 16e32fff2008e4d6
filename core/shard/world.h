// World: what the shards of one server share. Everything here is immutable once the shards run, or
// changed only while all of them are parked (the configuration), or a single counter on a cache
// line of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/admin/config.h"
#include "core/base/clock.h"
#include "core/base/crc.h"
#include "core/base/ids.h"
#include "core/shard/command_spec.h"
#include "core/shard/extension.h"
#include "core/shard/log_trouble.h"
#include "core/shard/mailbox.h"
#include "core/shard/park.h"
#include "core/shard/reply_queue.h"

namespace basalt {

class Shard;
class Host;
class Keyspace;

class World {
 public:
  World(Config* config, const CommandTable* commands, const Clock* clock, uint32_t shards);
  ~World();

  uint32_t shard_count() const { return shard_count_; }
  Shard& shard(ShardId id) { return *shards_[id.value]; }
  Shard& shard(uint32_t i) { return *shards_[i]; }
  void Adopt(std::unique_ptr<Shard> shard);  // in order of id, before any runs
  ShardId OwnerOf(std::string_view key) const {
    return shard_count_ == 1 ? ShardId(0) : ShardOfSlot(SlotOf(key), shard_count_);
  }
  // Of all the words at these positions, at least one; nothing when they belong to several shards.
  std::optional<ShardId> SoleOwnerOf(Args words, const std::vector<uint32_t>& positions) const;

  Config& config() { return *config_; }
  // For a thread that does not stand still when the configuration changes.
  Config ConfigCopy() const {
    std::lock_guard lock(config_mutex_);
    return *config_;
  }
  // With all shards parked.
  void ChangeConfig(Config config) {
    std::lock_guard lock(config_mutex_);
    *config_ = std::move(config);
  }
  const CommandTable& commands() const { return *commands_; }
  const Clock& clock() const { return *clock_; }
  Mailboxes& mail() { return mail_; }
  Park& park() { return park_; }
  // What only the process as a whole can do: save, rewrite, shut down. Set once before the shards
  // run.
  Host& host() { return *host_; }
  void set_host(Host* host) { host_ = host; }
  // Null but in the simulator. Set once before the shards run.
  WaitHook* wait_hook() const { return wait_hook_; }
  void set_wait_hook(WaitHook* hook) {
    wait_hook_ = hook;
    park_.set_wait_hook(hook);
  }

  // What the shards' script engines share (core/script). Set once before the shards run.
  Extension* scripts() const { return scripts_.get(); }
  void set_scripts(std::unique_ptr<Extension> scripts) { scripts_ = std::move(scripts); }

  // --- epochs
  // The current epoch. Read once per tick, after all input of the tick has arrived.
  Epoch CurrentEpoch() const { return Epoch(epoch_.load(std::memory_order_acquire)); }
  void SetEpoch(Epoch e) {
    epoch_.store(e.value, std::memory_order_release);
  }  // before the shards run
  // Moves on from `seen`, unless somebody already has. True for the one who did.
  bool AdvanceEpoch(Epoch seen) {
    return epoch_.compare_exchange_strong(seen.value, seen.value + 1, std::memory_order_acq_rel);
  }

  // --- durability, for gates (see ReplyQueue)
  void PublishDurable(ShardId shard, uint64_t batch) {
    published_[shard.value].batch.store(batch, std::memory_order_release);
  }
  bool Durable(const Gate& gate) const { return DurableBatch(gate.shard) >= gate.batch; }
  // What waits for this gate may wait for ever: it belongs to a log that fails, or to a transaction
  // of which another part does.
  bool MayNeverOpen(const Gate& gate) const {
    return gate.batch == kNeverDurable ||
           (log_trouble().failed() && LogTroubleOf(gate.shard).failed() && !Durable(gate));
  }
  // Every effect of that shard up to `epoch`, and the word that there are no more, is durable
  // (under everysec and no).
  void PublishDurableEpoch(ShardId shard, Epoch epoch) {
    published_[shard.value].durable_epoch.store(epoch.value, std::memory_order_release);
  }
  // The cut that a crash of now would go back to, under everysec and no.
  Epoch DurableCut() const;
  uint64_t DurableBatch(ShardId shard) const {
    return published_[shard.value].batch.load(std::memory_order_acquire);
  }
  // A shard's log cannot take more, or can again. While any cannot, every write is refused on all
  // shards: under `everysec` and `no` the cut does not move on without that log, so what the others
  // acknowledged meanwhile would be lost in a crash however long the trouble lasts. Thread of
  // `shard`, or parked.
  void PublishLogTrouble(ShardId shard, LogTrouble trouble);
  LogTrouble LogTroubleOf(ShardId shard) const {
    return LogTrouble::Unpack(published_[shard.value].log_trouble.load(std::memory_order_acquire));
  }
  // Of some log that has any; the worst kind there is.
  LogTrouble log_trouble() const {
    return LogTrouble::Unpack(log_trouble_.load(std::memory_order_relaxed));
  }
  // The error that a write is answered with instead of being run, or nothing.
  std::string WriteRefusal() const;
  // What a shard tells the others about itself ten times a second, for the save points, maxmemory
  // and INFO.
  void Publish(ShardId shard, uint64_t dirty, int64_t memory_bytes, uint64_t log_bytes) {
    published_[shard.value].log_bytes.store(log_bytes, std::memory_order_relaxed);
    published_[shard.value].dirty.store(dirty, std::memory_order_relaxed);
    published_[shard.value].memory.store(memory_bytes, std::memory_order_relaxed);
  }
  uint64_t PublishedDirty(ShardId shard) const {
    return published_[shard.value].dirty.load(std::memory_order_relaxed);
  }
  uint64_t PublishedLogBytes(ShardId shard) const {
    return published_[shard.value].log_bytes.load(std::memory_order_relaxed);
  }
  int64_t PublishedMemory(ShardId shard) const {
    return published_[shard.value].memory.load(std::memory_order_relaxed);
  }
  // How busy a shard's thread was in the last tenth of a second, in percent of a core.
  void PublishLoad(ShardId shard, uint32_t percent) {
    published_[shard.value].load.store(percent, std::memory_order_relaxed);
  }
  uint32_t LoadOf(ShardId shard) const {
    return published_[shard.value].load.load(std::memory_order_relaxed);
  }
  // Whether replies wait for the log. Changes only while all shards are parked.
  bool always() const { return always_; }
  void SetAlways(bool on);

  TxId next_tx() const { return TxId(next_tx_.load(std::memory_order_relaxed)); }
  void SetNextTx(TxId id) {
    next_tx_.store(id.value, std::memory_order_relaxed);
  }  // before the shards run
  TxId NextTx() { return TxId(next_tx_.fetch_add(1, std::memory_order_relaxed)); }
  ClientId NextClient() { return ClientId(next_client_.fetch_add(1, std::memory_order_relaxed)); }

  // --- scripts that run for longer than busy-reply-threshold
  enum class BusyKind : uint8_t { kNone, kScript, kFunction };
  // What runs on the shard for so long; set by its thread, read by any.
  BusyKind BusyOn(ShardId shard) const {
    return published_[shard.value].busy.load(std::memory_order_acquire);
  }
  void SetBusy(ShardId shard, BusyKind kind) {
    published_[shard.value].busy.store(kind, std::memory_order_release);
  }
  // How many shards have one.
  std::atomic<uint32_t> busy_shards{0};
  // The error for whoever wants something from one of these shards meanwhile; empty when none is
  // busy.
  std::string_view BusyError(const ShardSet& shards) const;
  // For whoever was refused for a busy script's sake; that may have ended in this very moment.
  std::string_view BusyErrorOfAny() const;

  // Clients blocked on keys of several shards. While there are any, an EXEC that fills such keys
  // serves them in its own order, which takes a park.
  std::atomic<uint32_t> wide_waiters{0};

  // --- measurement
  // Turns counts of core/base/cycles.h into time, by what has passed since the start.
  double CyclesPerMicro() const;
  uint64_t NextSlowId() { return next_slow_id_.fetch_add(1, std::memory_order_relaxed); }
  std::atomic<int64_t> peak_memory{0};  // highest sum of all threads' memory, as sampled by shard 0
  // Cores of the machine that were idle in the last second, in percent of one core. Written by the
  // main thread.
  std::atomic<uint32_t> idle_cores_percent{0};

  // --- state of the process
  std::atomic<bool> loading{false};
  bool forked_in_park =
      false;  // this parked section forks a child that writes a snapshot; parked only
  std::atomic<int64_t> snapshot_stall_us{
      0};  // how long the latest section that did kept its shards standing
  std::atomic<bool> over_memory{false};  // maxmemory is reached and nothing may be evicted
  std::atomic<bool> save_failed{
      false};  // the last background save failed and stop-writes-on-bgsave-error is on
  std::atomic<bool> stopping{false};
  std::atomic<uint32_t> departed{0};  // shards that have left their loops, because of it
  // CLIENT PAUSE: until when (Unix ms, 0 = not paused), and whether reads wait, too.
  std::atomic<int64_t> pause_until_ms{0};
  std::atomic<bool> pause_all{false};
  int64_t started_at_ms = 0;
  std::string run_id;  // 40 hex digits

 private:
  struct alignas(kCacheLine) Published {
    std::atomic<uint64_t> batch{0};
    std::atomic<uint64_t> dirty{0};
    std::atomic<int64_t> memory{0};
    std::atomic<uint64_t> log_bytes{0};
    std::atomic<BusyKind> busy{BusyKind::kNone};
    std::atomic<uint64_t> log_trouble{0};
    std::atomic<uint64_t> durable_epoch{0};
    std::atomic<uint32_t> load{0};
  };

  const uint64_t start_cycles_;
  const int64_t start_us_;
  Config* const config_;
  mutable std::mutex config_mutex_;
  const CommandTable* const commands_;
  const Clock* const clock_;
  const uint32_t shard_count_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Mailboxes mail_;
  Park park_;
  Host* host_ = nullptr;
  WaitHook* wait_hook_ = nullptr;
  std::unique_ptr<Extension> scripts_;
  bool always_ = false;
  std::unique_ptr<Published[]> published_;
  std::mutex log_trouble_mutex_;
  std::atomic<uint64_t> log_trouble_{0};  // of all shards; changes with trouble only
  std::atomic<uint64_t> next_slow_id_{0};
  alignas(kCacheLine) std::atomic<uint64_t> epoch_{1};
  alignas(kCacheLine) std::atomic<uint64_t> next_tx_{1};
  alignas(kCacheLine) std::atomic<uint64_t> next_client_{1};
};

}  // namespace basalt
