#include "core/shard/key_locks.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/mutant.h"

namespace basalt {

void LockRequest::Normalize() {
  std::sort(wishes.begin(), wishes.end(), [](const LockWish& a, const LockWish& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.exclusive > b.exclusive;
  });
  auto same = [](const LockWish& a, const LockWish& b) { return a.hash == b.hash; };
  wishes.erase(std::unique(wishes.begin(), wishes.end(), same), wishes.end());
}

// Whether anybody in the queue before `place` conflicts with it.
bool KeyLocks::IsFree(const Cell& cell, const Place* place) {
  return std::none_of(cell.queue.data(), place,
                      [&](const Place& other) { return other.exclusive || place->exclusive; });
}

KeyLocks::Outcome KeyLocks::Request(LockRequest* request) {
  BASALT_CHECK(request->state_ == LockRequest::State::kOut);
  bool too_late = false;
  for (const LockWish& wish : request->wishes) {
    auto it = cells_.find(wish.hash);
    if (it == cells_.end()) continue;
    for (const Place& other : it->second.queue) {
      const bool conflict = wish.exclusive || other.exclusive;
      too_late |= conflict && other.request->granted() && other.request->number > request->number;
    }
  }
  if (too_late && !MutantIs("order-ignored")) return Outcome::kRefused;
  request->missing_ = 0;
  for (const LockWish& wish : request->wishes) StandInLine(request, wish);
  ++requests_;
  if (MutantIs("no-lock") || (too_late && MutantIs("order-ignored"))) request->missing_ = 0;
  if (request->missing_ > 0) {
    request->state_ = LockRequest::State::kWaiting;
    return Outcome::kWaiting;
  }
  Grant(request);
  return Outcome::kGranted;
}

// Takes its place by number. Larger ones that conflict and were there before have not been granted:
// they wait for this one now.
void KeyLocks::StandInLine(LockRequest* request, const LockWish& wish) {
  Cell& cell = cells_[wish.hash];
  auto at = std::find_if(cell.queue.begin(), cell.queue.end(), [&](const Place& other) {
    return other.request->number > request->number;
  });
  for (auto other = at; other != cell.queue.end(); ++other) {
    if (!(wish.exclusive || other->exclusive) || !IsFree(cell, &*other)) continue;
    LockRequest* later = other->request;
    if (later->granted()) continue;  // only with a deliberate fault
    ++later->missing_;
    if (later->state_ == LockRequest::State::kFree) {
      later->state_ = LockRequest::State::kWaiting;
      std::erase(free_, later);
    }
  }
  at = cell.queue.insert(at, {request, wish.exclusive});
  request->missing_ += !IsFree(cell, &*at);
}

void KeyLocks::Grant(LockRequest* request) {
  request->state_ = LockRequest::State::kGranted;
  ++held_;
  for (const LockWish& wish : request->wishes) {
    Cell& cell = cells_.find(wish.hash)->second;
    ++(wish.exclusive ? cell.held_exclusive : cell.held_shared);
  }
}

void KeyLocks::Release(LockRequest* request) {
  BASALT_CHECK(request->state_ != LockRequest::State::kOut);
  if (request->state_ == LockRequest::State::kFree) std::erase(free_, request);
  const bool granted = request->granted();
  held_ -= granted;
  --requests_;
  request->state_ = LockRequest::State::kOut;
  for (const LockWish& wish : request->wishes) {
    auto it = cells_.find(wish.hash);
    Cell& cell = it->second;
    if (granted) --(wish.exclusive ? cell.held_exclusive : cell.held_shared);
    auto place = std::find_if(cell.queue.begin(), cell.queue.end(),
                              [&](const Place& p) { return p.request == request; });
    place = cell.queue.erase(place);
    // Who stood behind it and conflicted with it was not free on this key; it is now if nobody else
    // conflicts.
    for (; place != cell.queue.end(); ++place) {
      if (!(wish.exclusive || place->exclusive) || !IsFree(cell, &*place)) continue;
      if (place->request->missing_ == 0 || --place->request->missing_ > 0) continue;
      place->request->state_ = LockRequest::State::kFree;
      free_.push_back(place->request);
    }
    if (cell.queue.empty()) cells_.erase(it);
  }
}

bool KeyLocks::Blocks(uint64_t hash, bool write) const {
  if (held_ == 0 || MutantIs("no-lock")) return false;
  auto it = cells_.find(hash);
  if (it == cells_.end()) return false;
  return it->second.held_exclusive > 0 || (write && it->second.held_shared > 0);
}

}  // namespace basalt
