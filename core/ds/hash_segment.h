// The two lower levels of HashTable (hash_table.h): buckets of seven tagged pointers, and segments
// of up to 64 buckets.
//
// A bucket is one cache line:
//
//   bytes 0-6   a fingerprint (8 hash bits) per slot; used slots stand in front
//   byte  7     bits 0-2: used slots; bits 3-5: elements of this home that live in the next bucket;
//               bits 6-7: elements of this home that live in the stash (3 means 3 or more)
//   bytes 8-63  a word per slot: tag (16 hash bits) << 48 | pointer
//
// A segment is an array of home buckets followed by a few stash buckets. It holds the elements
// whose hash begins with the segment's prefix of `depth` bits. The 16 hash bits after the prefix,
// scaled to the number of homes, choose the home bucket, so homes are in hash order for any number
// of homes. An element lives in its home, else in the bucket after it, else in the stash.
//
// Tag and fingerprint together are the 24 hash bits that begin at bit `base`, with depth - 7 <=
// base <= depth: so they still contain the 16 bits that choose the home, and a segment can be
// rebuilt without touching any element. Only when splits have used up the window (once in several
// splits) the elements' hashes are computed anew.
//
// Values here are views; HashTableCore owns the memory. One thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/check.h"

namespace basalt {

struct alignas(64) HashBucket {
  static constexpr uint32_t kSlots = 7;
  static constexpr uint32_t kManyStashed = 3;

  uint8_t fingerprints[kSlots];
  uint8_t meta;
  uint64_t words[kSlots];

  uint32_t used() const { return meta & 7; }
  uint32_t displaced() const { return meta >> 3 & 7; }
  uint32_t stashed() const { return meta >> 6; }
  bool full() const { return used() == kSlots; }
  // Whether elements of this home live elsewhere.
  bool overflows() const { return meta >= 8; }
  void set_stashed(uint32_t n) { meta = static_cast<uint8_t>((meta & 63) | n << 6); }
  void AddDisplaced(int n) { meta = static_cast<uint8_t>(meta + n * 8); }

  // Bit i is set when slot i is used and has this fingerprint.
  uint32_t Match(uint8_t fingerprint) const {
#ifdef __SSE2__
    __m128i line = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(fingerprints));
    uint32_t equal =
        _mm_movemask_epi8(_mm_cmpeq_epi8(line, _mm_set1_epi8(static_cast<char>(fingerprint))));
    return equal & ((1u << used()) - 1);
#else
    uint32_t equal = 0;
    for (uint32_t i = 0; i < used(); ++i) equal |= uint32_t{fingerprints[i] == fingerprint} << i;
    return equal;
#endif
  }

  void Append(uint64_t word, uint8_t fingerprint) {
    uint32_t i = used();
    words[i] = word;
    fingerprints[i] = fingerprint;
    ++meta;
  }
  // The last slot takes the place of slot i.
  void RemoveSlot(uint32_t i) {
    uint32_t last = used() - 1;
    words[i] = words[last];
    fingerprints[i] = fingerprints[last];
    --meta;
  }
};
static_assert(sizeof(HashBucket) == 64);

struct HashSegment {
  static constexpr uint32_t kMaxBuckets = 64;
  static constexpr uint32_t kMaxSlots = kMaxBuckets * HashBucket::kSlots;
  static constexpr uint32_t kPositionBits = 16;  // hash bits that choose the home
  static constexpr uint32_t kWindowBits = 24;    // tag and fingerprint
  static constexpr uint32_t kMaxLag = kWindowBits - kPositionBits - 1;  // of base behind depth
  static constexpr uint64_t kPointerMask = (uint64_t{1} << 48) - 1;

  HashBucket* buckets = nullptr;
  uint32_t homes = 0;
  uint32_t stashes = 0;
  uint32_t depth = 0;
  uint32_t base = 0;

  // A directory word: [ 7 homes | 3 stashes | 5 depth | 1 - | 42 pointer / 64 | 6 base ]; 0 is no
  // segment.
  static HashSegment Unpack(uint64_t word) {
    HashSegment s;
    s.buckets = reinterpret_cast<HashBucket*>(word & kPointerMask & ~uint64_t{63});
    s.homes = static_cast<uint32_t>(word >> 57);
    s.stashes = word >> 54 & 7;
    s.depth = word >> 49 & 31;
    s.base = word & 63;
    return s;
  }
  uint64_t Pack() const {
    return uint64_t{homes} << 57 | uint64_t{stashes} << 54 | uint64_t{depth} << 49 |
           reinterpret_cast<uint64_t>(buckets) | base;
  }

  uint32_t total() const { return homes + stashes; }
  uint32_t slots() const { return total() * HashBucket::kSlots; }
  uint32_t Next(uint32_t home) const { return home + 1 == homes ? 0 : home + 1; }

  uint32_t HomeOf(uint64_t hash) const {
    return static_cast<uint32_t>(((hash << depth) >> (64 - kPositionBits)) * homes >>
                                 kPositionBits);
  }
  uint64_t Window(uint64_t hash) const { return (hash << base) >> (64 - kWindowBits); }
  static uint64_t WindowOf(uint64_t word, uint8_t fingerprint) {
    return word >> 48 << 8 | fingerprint;
  }
  uint32_t HomeOfStored(uint64_t word, uint8_t fingerprint) const {
    uint64_t position =
        WindowOf(word, fingerprint) << (depth - base) >> (kWindowBits - kPositionBits);
    return static_cast<uint32_t>((position & ((1u << kPositionBits) - 1)) * homes >> kPositionBits);
  }

  // Puts an element where there is room, moving others aside where that helps. False: no room,
  // nothing changed.
  bool Put(uint32_t home, uint64_t word, uint8_t fingerprint) {
    HashBucket& bucket = buckets[home];
    if (!bucket.full()) [[likely]] {
      bucket.Append(word, fingerprint);
      return true;
    }
    return PutElsewhere(home, word, fingerprint);
  }
  // Removes the element in that slot, whose home is known.
  void Remove(uint32_t home, uint32_t bucket, uint32_t slot);

  // Calls f(bucket, slot) for every element of that home; stops when f returns true, and returns
  // whether it did.
  template <class F>
  bool ForHome(uint32_t home, F&& f) const {
    if (ForHomeIn(home, home, f)) return true;
    const HashBucket& bucket = buckets[home];
    if (bucket.displaced() > 0 && ForHomeIn(home, Next(home), f)) return true;
    for (uint32_t i = homes; bucket.stashed() > 0 && i < total(); ++i) {
      if (ForHomeIn(home, i, f)) return true;
    }
    return false;
  }

  uint32_t Count() const;

 private:
  template <class F>
  bool ForHomeIn(uint32_t home, uint32_t index, F& f) const {
    const HashBucket& bucket = buckets[index];
    for (uint32_t slot = 0; slot < bucket.used(); ++slot) {
      if (HomeOfStored(bucket.words[slot], bucket.fingerprints[slot]) == home && f(index, slot))
        return true;
    }
    return false;
  }
  bool PutElsewhere(uint32_t home, uint64_t word, uint8_t fingerprint);
  bool MakeRoomIn(uint32_t index);
  bool PutInStash(uint32_t home, uint64_t word, uint8_t fingerprint);
  // The slot of bucket `index` that holds an element of `home`; kSlots if none.
  uint32_t SlotOfHome(uint32_t index, uint32_t home) const;
  void TakeFromStash(uint32_t home);
  void CountStashed(uint32_t home);
};

}  // namespace basalt
