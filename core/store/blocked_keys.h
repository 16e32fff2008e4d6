// BlockedKeys: who waits for a key of this shard to hold a list or a sorted set, and which of those
// keys have come to do so.
//
// Per key, database and type, the waiting commands stand in the order of their numbers, which
// whoever blocks them hands out as they arrive, beginning at 1. A key that comes to hold what is
// waited for is noted once, until it is taken; the shard serves the keys in that order after the
// command that made them. A key nobody waits for costs nothing but one test. Memory is bounded by
// the keys of the blocked clients: a noted key whose waiters have left is kept until it is taken,
// but only once. Owned by the shard that owns the keys, or by who it is lent to while it is parked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "core/base/ids.h"
#include "core/value/type.h"

namespace basalt {

// One blocked command, wherever it waits; what it is, only who blocked it knows. Each of its keys'
// registrations holds it.
class Waiter {
 public:
  virtual ~Waiter() = default;
};

struct WaiterRef {
  uint64_t number;
  ValueType type;
  std::shared_ptr<Waiter> waiter;
};

// A key that has come to hold a value of `type`, which somebody waited for at that time.
struct ReadyKey {
  DbIndex db;
  ValueType type;
  std::string key;
};

class BlockedKeys {
 public:
  // --- who waits
  // False, and nothing done, when that number already waits there (the command named the key
  // twice).
  bool Add(DbIndex db, std::string_view key, WaiterRef ref);
  // False: it was not there.
  bool Remove(DbIndex db, std::string_view key, ValueType type, uint64_t number);
  // Who has waited longest for the key to hold a value of `type` among those with a number above
  // `after`; null when nobody has. Valid until the next call that is not const.
  const WaiterRef* Next(DbIndex db, std::string_view key, ValueType type, uint64_t after = 0) const;
  bool empty() const { return waiters_ == 0; }
  // Registrations: a command that waits for three keys counts three times.
  size_t size() const { return waiters_; }

  // --- keys that have become ready
  // The key was created, or replaced, and now holds a value of `type`.
  void NoteAdded(DbIndex db, std::string_view key, ValueType type) {
    if (waiters_of_[static_cast<size_t>(type)] != 0) NoteSlow(db, key, type);
  }
  // All of the database changed (SWAPDB): `type_of` says what the key holds now. Who has waited
  // longest comes first.
  void NoteDatabase(DbIndex db,
                    absl::FunctionRef<std::optional<ValueType>(std::string_view key)> type_of);
  bool any_ready() const { return !ready_.empty(); }
  // The key noted longest ago, which may be noted again from now on; none when there are no more.
  // Keys whose waiters have all left since are passed over. The key may hold something else by now.
  std::optional<ReadyKey> TakeReady();

 private:
  struct ByNumber {
    using is_transparent = void;
    static uint64_t NumberOf(const WaiterRef& ref) { return ref.number; }
    static uint64_t NumberOf(uint64_t number) { return number; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return NumberOf(a) < NumberOf(b);
    }
  };
  struct Queue {
    absl::btree_set<WaiterRef, ByNumber> waiters;
    bool noted = false;  // its name is in ready_
  };
  struct NameView {
    DbIndex db;
    ValueType type;
    std::string_view key;
  };
  struct NameHash {
    using is_transparent = void;
    size_t operator()(const ReadyKey& name) const { return (*this)(View(name)); }
    size_t operator()(const NameView& name) const;
  };
  struct NameEqual {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return a.db == b.db && a.type == b.type && std::string_view(a.key) == std::string_view(b.key);
    }
  };
  static NameView View(const ReadyKey& name) { return {name.db, name.type, name.key}; }
  void NoteSlow(DbIndex db, std::string_view key, ValueType type);
  void Note(const ReadyKey& name, Queue& queue);

  absl::flat_hash_map<ReadyKey, Queue, NameHash, NameEqual>
      queues_;  // without waiters only while noted
  std::deque<ReadyKey> ready_;
  std::array<size_t, kValueTypes> waiters_of_{};
  size_t waiters_ = 0;
};

}  // namespace basalt
