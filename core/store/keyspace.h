// Keyspace: one shard's slice of all databases, with the time, journal, statistics and background
// work that belong to it.
//
// The shard sets the time once per tick; everything in the tick sees the same instant. Owned by the
// shard's thread, or by who it is lent to while it is parked; nothing here is shared.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/random.h"
#include "core/store/blocked_keys.h"
#include "core/store/db.h"
#include "core/store/dirty_keys.h"
#include "core/store/journal.h"
#include "core/store/lazy_free.h"
#include "core/store/watch_set.h"
#include "core/value/access.h"

namespace basalt {

// Told of the deletions that the keyspace decides on itself, before the entry is gone.
class KeyspaceObserver {
 public:
  virtual ~KeyspaceObserver() = default;
  virtual void OnExpired(DbIndex db, std::string_view key) = 0;
  virtual void OnEvicted(DbIndex db, std::string_view key) = 0;
};

// Keys that must not be deleted for now because they have expired: a transaction holds them, whose
// time may be an earlier one.
class KeyGuard {
 public:
  virtual ~KeyGuard() = default;
  virtual bool Holds(uint64_t hash) const = 0;
};

struct KeyspaceStats {
  uint64_t hits = 0;  // of reading commands, which count them
  uint64_t misses = 0;
  uint64_t expired = 0;
  uint64_t evicted = 0;
};

class Keyspace {
 public:
  explicit Keyspace(uint64_t random_seed = RandomSeed(), uint32_t databases = kDatabases);
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;
  ~Keyspace();

  uint32_t databases() const { return databases_; }
  Db& db(DbIndex index) {
    BASALT_DCHECK(index.value < databases_);
    return *dbs_[index.value];
  }
  Journal& journal() { return journal_; }
  LazyFree& lazy_free() { return lazy_free_; }
  WatchSet& watches() { return watches_; }
  BlockedKeys& blocked_keys() { return blocked_keys_; }
  DirtyKeys& dirty_keys() { return dirty_keys_; }
  const DirtyKeys& dirty_keys() const { return dirty_keys_; }

  // Once per tick.
  void SetTime(const Clock& clock) { SetTimeMicros(clock.UnixMicros()); }
  void SetTimeMicros(int64_t unix_us) {
    now_us = unix_us;
    now_ms = unix_us / 1000;
    lru_clock_ = LruClock(now_ms);
  }
  int64_t now_ms = 0;  // Unix time; read it, set it with SetTime
  int64_t now_us = 0;

  Random rng;
  KeyspaceStats stats;
  uint64_t dirty = 0;  // changes since the last save; commands count them

  // LFU instead of LRU in the access bits (maxmemory-policy *-lfu).
  void UseLfu(bool on) { lfu_ = on; }
  bool lfu() const { return lfu_; }
  LfuParams lfu_params;
  // Access bits of a new entry, and of one accessed now whose bits were `old`.
  uint32_t NewAccessBits() const { return lfu_ ? LfuNew(now_ms) : lru_clock_; }
  uint32_t TouchedAccessBits(uint32_t old) {
    return lfu_ ? LfuTouch(old, now_ms, lfu_params, rng) : lru_clock_;
  }

  // While paused (the log is replayed; this is a replica; CLIENT PAUSE), expired entries are
  // neither hidden nor deleted.
  void PauseExpiry(bool on) { expiry_paused_ = on; }
  bool expiry_paused() const { return expiry_paused_; }
  // While this is paused (DEBUG SET-ACTIVE-EXPIRE), expired entries are deleted only when somebody
  // looks for them.
  void PauseActiveExpiry(bool on) { active_expiry_paused_ = on; }

  // Returns the one before; null: none.
  const KeyGuard* SetGuard(const KeyGuard* guard) { return std::exchange(guard_, guard); }
  bool Guards(uint64_t hash) const { return guard_ != nullptr && guard_->Holds(hash); }

  void set_observer(KeyspaceObserver* observer) { observer_ = observer; }
  KeyspaceObserver* observer() const { return observer_; }

  // Background work of about `budget` units (one entry expired, one element freed): due entries
  // first, then lazy free. Returns true when more is waiting.
  bool IdleStep(size_t budget);
  // The time (Unix ms) from which on IdleStep has an entry to expire; INT64_MAX: none.
  int64_t NextDueMs() const;

  size_t TotalKeys() const;
  // Deletes everything in every database; freed later, in slices. Returns how many keys there were.
  size_t Clear();
  void SwapDbs(DbIndex a, DbIndex b);

  // A key was created, changed or deleted by a command: tells its watchers.
  void TouchWatchers(DbIndex db, std::string_view key) { watches_.Touch(db, key); }

 private:
  friend class Db;

  std::array<std::unique_ptr<Db>, kDatabases> dbs_;
  const uint32_t databases_;
  Journal journal_;
  LazyFree lazy_free_;
  WatchSet watches_;
  BlockedKeys blocked_keys_;
  DirtyKeys dirty_keys_;
  KeyspaceObserver* observer_ = nullptr;
  const KeyGuard* guard_ = nullptr;
  uint32_t lru_clock_ = 0;
  uint32_t next_expire_db_ = 0;  // where IdleStep goes on, so that no database waits for another
  bool lfu_ = false;
  bool expiry_paused_ = false;
  bool active_expiry_paused_ = false;
};

}  // namespace basalt
