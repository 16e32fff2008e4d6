// Db: one database of one shard: its entries, and which of them expire when.
//
// Invariants: every entry with an expiry is in the expiry index under that very time, and nothing
// else is; `Find` never returns an expired entry, it deletes it and records a DEL. Calls that
// change an entry may move it: they return, or update, the pointer, and every other pointer to that
// entry is void. Any creation or deletion leaves pointers to other entries valid. What a command
// changes is recorded by the command, not here; Db records only the deletions it decides on itself
// (expiry). Owned by the shard's thread, or by who it is lent to while it is parked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/base/hash.h"
#include "core/base/ids.h"
#include "core/base/random.h"
#include "core/store/expiry_index.h"
#include "core/store/key_table.h"
#include "core/value/entry.h"

namespace basalt {

class Keyspace;

class Db {
 public:
  Db(Keyspace& keyspace, DbIndex index) : keyspace_(keyspace), index_(index) {}
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;
  ~Db();

  DbIndex index() const { return index_; }
  Keyspace& keyspace() const { return keyspace_; }
  size_t size() const { return table_.size(); }      // expired entries not yet deleted included
  size_t expires() const { return expiry_.size(); }  // entries that have an expiry
  size_t TableBytes() const { return table_.MemoryBytes(); }

  // --- look up ---
  // The key's entry, or null. Find marks the access (LRU or LFU), FindNoTouch does not. Neither
  // counts hits or misses.
  Entry* Find(HashedKey key) {
    Entry* e = FindNoTouch(key);
    if (e != nullptr) Touch(e);
    return e;
  }
  Entry* Find(std::string_view key, uint64_t hash) { return Find(HashedKey(key, hash)); }
  Entry* FindNoTouch(HashedKey key) {
    Entry* e = table_.Find(key.hash, key.key);
    if (e == nullptr || !e->has_expiry()) return e;
    return DeleteIfExpired(key, e) ? nullptr : e;
  }
  // The key's entry even if it has expired and not been deleted yet.
  Entry* Peek(HashedKey key) const { return table_.Find(key.hash, key.key); }
  Entry* FindNoTouch(std::string_view key, uint64_t hash) {
    return FindNoTouch(HashedKey(key, hash));
  }
  void Touch(Entry* e);

  // A lookup in steps, for rows of keys (core/store/read_ahead.h): begins with
  // First(table(), hash).
  using Probe = HashTable<EntryTraits>::Probe;
  const HashTable<EntryTraits>& table() const { return table_; }

  // --- create and replace ---
  // Creates the key, or replaces whatever it held. `expire_at_ms`: a time, kNoExpiry or
  // kKeepExpiry. SetString stores a canonical integer as such.
  Entry* SetString(HashedKey key, std::string_view value, int64_t expire_at_ms = kNoExpiry);
  Entry* SetInteger(HashedKey key, int64_t value, int64_t expire_at_ms = kNoExpiry);
  // Takes ownership of `object`, a List, Hash, Set or ZSet by `type`.
  Entry* AddValue(HashedKey key, ValueType type, void* object, int64_t expire_at_ms = kNoExpiry);

  // --- change in place ---
  // The string's bytes, made `new_length` long (zero-filled where it grew) and `raw`, for writing
  // through.
  std::span<char> MutableString(Entry*& e, size_t new_length);
  // Replaces a string's value, keeping key and expiry.
  void AssignString(Entry*& e, std::string_view value);
  // Replaces a string's value by an integer, keeping key and expiry.
  void AssignInteger(Entry*& e, int64_t value);
  // The entry's collection goes away (freed in slices) and `object` of the same type takes its
  // place.
  void ReplaceObject(Entry* e, void* object);

  // Expiry. Return whether there was a change (ClearExpiry: whether there was an expiry).
  bool SetExpiry(Entry*& e, int64_t at_ms) { return ChangeExpiry(e, HashKey(e->key()), at_ms); }
  bool ClearExpiry(Entry*& e) { return e->has_expiry() && SetExpiry(e, kNoExpiry); }

  // --- delete, move, copy ---
  // Always in bounded time: what is large is freed in slices. False: no such key.
  bool Delete(HashedKey key);
  void DeleteEntry(Entry* e);
  // Moves the entry's value and expiry to `dst_key` of `dst` (maybe this Db; maybe another
  // shard's), replacing what is there.
  Entry* MoveTo(Db& dst, HashedKey dst_key, Entry* e);
  // A deep copy of the entry's value and its expiry under `dst_key` of `dst`, replacing what is
  // there.
  Entry* CopyTo(Db& dst, HashedKey dst_key, const Entry* e);

  // --- hand over to another shard's Db, after loading with another number of shards ---
  // Takes up to `max` entries out, whose new owner `take` becomes; returns how many. Until 0 comes,
  // only HandOver may be called.
  size_t HandOver(size_t max, absl::FunctionRef<void(Entry*)> take);
  // Takes over an entry whose key is not here yet.
  void Adopt(Entry* e);

  // --- all entries ---
  // Visits about `count` entries from position `cursor` on and returns the position to go on at; 0
  // when the end was reached. Positions are below 2^40. Entries that exist from first to last call
  // are visited, whatever else changes; some twice. Expired entries are skipped (not deleted).
  // `visit` must not change this Db.
  uint64_t Scan(uint64_t cursor, size_t count, absl::FunctionRef<void(Entry*)> visit);
  void ForEach(absl::FunctionRef<void(Entry*)> visit);
  // Any entry, each equally likely; an expired one is deleted and another is tried. Null when
  // empty.
  Entry* RandomEntry(Random& random);
  // The same, but expired ones may be returned, and only `volatile_only` ones that have an expiry.
  // For eviction.
  Entry* RandomVictim(Random& random, bool volatile_only);
  // An entry that expires first; null when none does.
  Entry* FirstToExpire();

  // Deletes a victim of eviction: counted, recorded and announced as such.
  void EvictEntry(Entry* e);

  // Deletes all: the entries are freed in slices later. Returns how many there were.
  size_t Clear();
  // SWAPDB: exchanges everything but the index.
  void SwapContents(Db& other);

  // --- active expiry ---
  // Deletes up to `max` entries that are due at the keyspace's time; returns how many.
  size_t ExpireDue(size_t max);
  // Milliseconds that the entries with an expiry have left on average; 0 when there are none.
  int64_t AverageTtlMs() const;
  // The time from which on ExpireDue has something to do; INT64_MAX: none.
  int64_t NextDueMs() const {
    if (expiry_.empty()) return INT64_MAX;
    int64_t first = expiry_.First().at_ms;  // may itself be INT64_MAX: PEXPIREAT takes any time
    return first == INT64_MAX ? first : first + 1;
  }

 private:
  bool ChangeExpiry(Entry*& e, uint64_t hash, int64_t at_ms);
  bool DeleteIfExpired(HashedKey key, Entry* e);
  void ExpireEntry(Entry* e, uint64_t hash);
  Entry* AfterAssign(Entry* e, uint64_t hash, int64_t expire_at_ms);
  // Puts a new entry into table and index, replacing `old` (may be null), whose value is freed.
  Entry* Install(uint64_t hash, Entry* old, Entry* fresh);
  // After an entry of this table moved from `from` to `to`.
  void Moved(uint64_t hash, Entry* from, Entry* to) {
    if (from != to) table_.Replace(hash, from, to);
  }
  // Takes the entry out of table and index; it is the caller's.
  void Unlink(Entry* e, uint64_t hash);
  // The entry to be replaced by a Set call, an expired one deleted first.
  Entry* FindOld(HashedKey key);
  Entry* FindByItem(const ExpiryIndex::Item& item) const;

  Keyspace& keyspace_;
  const DbIndex index_;
  KeyTable table_;
  ExpiryIndex expiry_;
};

}  // namespace basalt
