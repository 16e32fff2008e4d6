// KeyLocks: which keys of one shard belong, for a moment, to transactions that span shards
// (core/tx). Owner: the shard's thread.
//
// A request names all keys that its transaction wants on this shard, and carries the transaction's
// number. It stands in the queue of each of them, in the order of the numbers, and is granted when
// nothing that conflicts stands before it in any. Who comes with a smaller number than a
// conflicting one that has been granted already is refused, and comes back with a new number. So a
// transaction waits only for those with smaller numbers, on every shard, and nobody waits in a
// circle. (The idea is that of VLL: Ren, Thomson, Abadi, "Lightweight locking for main memory
// database systems", VLDB 2012.)
//
// Keys are known by their hash, whatever database they are in: MOVE and COPY name a key of one
// database and touch another's. Two keys that share a hash only make somebody wait who need not. A
// key counts as held only once its request is granted as a whole. Commands of one shard, which
// never stand in the queues, ask Blocks() before they run and step aside while the key is held;
// they get their turn between Release and Promote, so that a row of transactions cannot shut them
// out, nor they the transactions.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "core/base/ids.h"
#include "core/store/keyspace.h"

namespace basalt {

struct LockWish {
  uint64_t hash;
  bool exclusive;
};

struct LockRequest {
  TxId number;
  std::vector<LockWish> wishes;  // call Normalize once all are there

  // Sorts; of several wishes for one key the exclusive one stays.
  void Normalize();
  bool queued() const { return state_ != State::kOut; }
  bool granted() const { return state_ == State::kGranted; }

 private:
  friend class KeyLocks;
  enum class State : uint8_t { kOut, kWaiting, kFree, kGranted };
  State state_ = State::kOut;
  uint32_t missing_ = 0;  // wishes that somebody stands before
};

class KeyLocks final : public KeyGuard {
 public:
  enum class Outcome : uint8_t { kGranted, kWaiting, kRefused };

  // Puts the request into the queues, unless it is refused: then it is nowhere. It must stay where
  // it is in memory until Release.
  Outcome Request(LockRequest* request);
  // Takes it out, granted or not. Those it stood before come up at the next Promote.
  void Release(LockRequest* request);
  // Grants what nothing stands before any more: calls granted(request) for each.
  template <class F>
  void Promote(F&& granted) {
    for (size_t i = 0; i < free_.size(); ++i) {
      Grant(free_[i]);
      granted(free_[i]);
    }
    free_.clear();
  }

  // Whether a command outside the queues must step aside. Cheap while nothing is held.
  bool any_held() const { return held_ > 0; }
  bool Blocks(uint64_t hash, bool write) const;
  bool Holds(uint64_t hash) const override { return Blocks(hash, /*write=*/true); }

  // Requests that stand in queues.
  size_t size() const { return requests_; }

 private:
  struct Place {
    LockRequest* request;
    bool exclusive;
  };
  struct Cell {
    absl::InlinedVector<Place, 2> queue;  // in order of number
    uint32_t held_shared = 0;
    uint32_t held_exclusive = 0;
  };

  static bool IsFree(const Cell& cell, const Place* place);
  void StandInLine(LockRequest* request, const LockWish& wish);
  void Grant(LockRequest* request);

  absl::flat_hash_map<uint64_t, Cell> cells_;
  std::vector<LockRequest*> free_;  // to be granted by Promote
  size_t held_ = 0;                 // granted requests
  size_t requests_ = 0;
};

}  // namespace basalt
