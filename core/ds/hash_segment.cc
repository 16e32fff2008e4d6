#include "core/ds/hash_segment.h"

#include <algorithm>

namespace basalt {
namespace {

// How many buckets an insertion may shift one element each before it turns to the stash.
constexpr uint32_t kMaxShifts = 12;

}  // namespace

uint32_t HashSegment::Count() const {
  uint32_t n = 0;
  for (uint32_t i = 0; i < total(); ++i) n += buckets[i].used();
  return n;
}

uint32_t HashSegment::SlotOfHome(uint32_t index, uint32_t home) const {
  const HashBucket& bucket = buckets[index];
  uint32_t slot = 0;
  while (slot < bucket.used() &&
         HomeOfStored(bucket.words[slot], bucket.fingerprints[slot]) != home) {
    ++slot;
  }
  return slot < bucket.used() ? slot : HashBucket::kSlots;
}

// Frees a slot of the full bucket `index` by shifting one native element from it to the bucket
// after it, and so on until a bucket with room. An element never moves further than the bucket
// after its home, so each bucket on the way must hold a native one. The way never reaches the
// bucket before `index`: that is the inserted element's home, which is full.
bool HashSegment::MakeRoomIn(uint32_t index) {
  uint32_t path[kMaxShifts];
  uint32_t shifts = 0;
  uint32_t limit = std::min(kMaxShifts, homes - 1);
  for (uint32_t at = index; buckets[at].full(); at = Next(at)) {
    uint32_t before = at == 0 ? homes - 1 : at - 1;
    bool all_foreign = buckets[before].displaced() == HashBucket::kSlots;
    if (shifts == limit || all_foreign) return false;
    path[shifts++] = at;
  }
  while (shifts > 0) {
    uint32_t at = path[--shifts];
    HashBucket& from = buckets[at];
    uint32_t slot = SlotOfHome(at, at);
    BASALT_DCHECK(slot < HashBucket::kSlots);
    buckets[Next(at)].Append(from.words[slot], from.fingerprints[slot]);
    from.RemoveSlot(slot);
    from.AddDisplaced(1);
  }
  return true;
}

bool HashSegment::PutElsewhere(uint32_t home, uint64_t word, uint8_t fingerprint) {
  if (homes > 1) {
    uint32_t next = Next(home);
    if (!buckets[next].full() || MakeRoomIn(next)) {
      buckets[next].Append(word, fingerprint);
      buckets[home].AddDisplaced(1);
      return true;
    }
  }
  return PutInStash(home, word, fingerprint);
}

bool HashSegment::PutInStash(uint32_t home, uint64_t word, uint8_t fingerprint) {
  for (uint32_t i = homes; i < total(); ++i) {
    if (buckets[i].full()) continue;
    buckets[i].Append(word, fingerprint);
    buckets[home].set_stashed(std::min(buckets[home].stashed() + 1, HashBucket::kManyStashed));
    return true;
  }
  return false;
}

void HashSegment::Remove(uint32_t home, uint32_t bucket, uint32_t slot) {
  buckets[bucket].RemoveSlot(slot);
  if (bucket == home) {
    if (buckets[home].stashed() > 0) TakeFromStash(home);
  } else if (bucket < homes) {
    buckets[home].AddDisplaced(-1);
  } else {
    CountStashed(home);
  }
}

// Moves one element of `home`, which has room now, back from the stash.
void HashSegment::TakeFromStash(uint32_t home) {
  for (uint32_t i = homes; i < total(); ++i) {
    uint32_t slot = SlotOfHome(i, home);
    if (slot == HashBucket::kSlots) continue;
    buckets[home].Append(buckets[i].words[slot], buckets[i].fingerprints[slot]);
    buckets[i].RemoveSlot(slot);
    CountStashed(home);
    return;
  }
}

// Sets the home's count of stashed elements anew, after one of them left the stash.
void HashSegment::CountStashed(uint32_t home) {
  uint32_t n = buckets[home].stashed() - 1;
  if (n + 1 == HashBucket::kManyStashed) {
    n = 0;
    for (uint32_t i = homes; i < total(); ++i) {
      const HashBucket& bucket = buckets[i];
      for (uint32_t slot = 0; slot < bucket.used(); ++slot) {
        n += HomeOfStored(bucket.words[slot], bucket.fingerprints[slot]) == home;
      }
    }
  }
  buckets[home].set_stashed(std::min(n, HashBucket::kManyStashed));
}

}  // namespace basalt
