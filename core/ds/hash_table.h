// HashTable: a hash table of pointers, for the keyspace and for large hashes, sets and sorted sets.
//
// Segmented extendible hashing: the top hash bits choose a segment through a directory, the next
// ones a bucket of one cache line (hash_segment.h); a full segment grows or splits alone
// (hash_table_core.h), so no operation ever rehashes the table. After Fagin et al. (extendible
// hashing) and Lu et al. (Dash: buckets with fingerprints, displacement and stash). Finding a key
// reads the directory word, one bucket, seldom a second, and the element itself; finding that a key
// is missing reads practically never an element: 18 hash bits or more are compared in the bucket
// first. An empty table has allocated nothing; a small one is one bucket of 64 bytes, and it
// costs 10.5 to 11.5 bytes per element from some thousand elements on.
//
// The table does not own the elements. Their addresses fit in 48 bits. Owned by one thread.
//
//   struct Traits {
//     using Element = ...;
//     using Key = std::string_view;                       // what elements are looked up by
//     static uint64_t Hash(const Element*);               // all 64 bits well mixed; the same at
//     every call static bool Equal(const Element*, Key);
//   };
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/random.h"
#include "core/ds/hash_table_core.h"

namespace basalt {

template <class Traits>
class HashTable : public HashTableCore {
 public:
  using Element = typename Traits::Element;
  using Key = typename Traits::Key;

  HashTable() = default;
  HashTable(HashTable&&) noexcept = default;
  HashTable& operator=(HashTable&&) noexcept = default;
  void Swap(HashTable& other) { HashTableCore::Swap(other); }

  // `hash` is always Traits::Hash of the element that is meant.
  Element* Find(uint64_t hash, const Key& key) const {
    return FindIf(hash, [&](const Element* e) { return Traits::Equal(e, key); });
  }
  // The element with (most probably) this hash for which `match` is true.
  template <class F>
  Element* FindIf(uint64_t hash, F&& match) const;

  // Adds an element whose key is not in the table.
  void Insert(uint64_t hash, Element* element) { InsertElement(hash * salt_, element, Hashing()); }
  // The element lives at another address now; `from` is not read, its memory may be gone. False:
  // `from` is not in the table.
  bool Replace(uint64_t hash, const Element* from, Element* to);
  // Removes an element by its address; false: not in the table. The table may shrink: only then,
  // never at other calls, does it read other elements (to hash them), so the removed one may
  // already be gone.
  bool Erase(uint64_t hash, const Element* element);
  // Removes and returns the element with that key; null: none.
  Element* Extract(uint64_t hash, const Key& key) {
    Element* e = Find(hash, key);
    if (e != nullptr) Erase(hash, e);
    return e;
  }
  // Forgets all elements.
  void Clear() { FreeAll(); }

  // A Find in steps, which reads nothing that the steps before have not named: so the lookups of
  // many keys go side by side, and their cache misses overlap (core/store/read_ahead.h). The table
  // must not change between the steps.
  class Probe {
   public:
    // Each returns what is to be read before the next step; null: nothing.
    const void* First(const HashTable& table, uint64_t hash);  // the home bucket
    const void* Second();  // the element in it, or the bucket where it may have moved
    const void* Third();   // the element in that
    // What has been found, with the certainty of 24 hash bits; null: nothing, or it is in the
    // stash.
    const Element* element() const { return element_; }

   private:
    const HashBucket* home_;
    const HashBucket* next_;
    uint64_t window_;
    const Element* element_;
  };

  // Visits the elements at position `cursor`, a few that are neighbours in hash order, and returns
  // the next position, below 2^kCursorBits; 0 after the last. Start with 0. An element that is in
  // the table from the first call to the last is visited at least once, whatever is inserted and
  // erased between the calls. `visit` must not change the table.
  template <class F>
  uint64_t Scan(uint64_t cursor, F&& visit) const;

  // Every element, in any order. `visit` must not change the table.
  template <class F>
  void ForEach(F&& visit) const;

  // Any element, each equally likely (practically); null when empty.
  Element* RandomElement(Random& random) const;

  // Empties the table in slices: calls `take` for about `max` elements, that are then no more in
  // the table, and returns for how many; 0 when it is empty. Once begun, nothing but further calls,
  // size() and the destructor may follow until it is empty.
  template <class F>
  size_t DrainSome(size_t max, F&& take);

 private:
  static uint64_t HashOfElement(const void* e) {
    return Traits::Hash(static_cast<const Element*>(e));
  }
  HashOf Hashing() const { return {&HashOfElement, salt_}; }
  static Element* ElementOf(uint64_t word) {
    return reinterpret_cast<Element*>(word & HashSegment::kPointerMask);
  }
  static void PrefetchElementsOf(const HashBucket& bucket) {
    for (uint32_t slot = 0; slot < bucket.used(); ++slot)
      __builtin_prefetch(ElementOf(bucket.words[slot]));
  }
  struct Place {
    HashSegment segment;
    uint32_t home, bucket, slot;
  };
  // The element of a bucket that has the 24 hash bits of `window` and for which `match` is true.
  template <class F>
  static Element* InBucket(const HashBucket& bucket, uint64_t window, F&& match) {
    const uint64_t tag = window >> 8;
    for (uint32_t m = bucket.Match(static_cast<uint8_t>(window)); m != 0; m &= m - 1) {
      const uint64_t word = bucket.words[std::countr_zero(m)];
      if (word >> 48 != tag) continue;
      Element* e = ElementOf(word);
      if (match(static_cast<const Element*>(e))) return e;
    }
    return nullptr;
  }
  static bool AnyElement(const Element*) { return true; }
  // `hash` with the salt already in it.
  bool Locate(uint64_t hash, const Element* element, Place* out) const;

  size_t drained_ = 0;  // directory index DrainSome has come to
};

template <class Traits>
template <class F>
auto HashTable<Traits>::FindIf(uint64_t hash, F&& match) const -> Element* {
  hash *= salt_;
  uint64_t word = DirectoryWord(hash);
  if (word == 0) return nullptr;
  HashSegment s = HashSegment::Unpack(word);
  const uint64_t window = s.Window(hash);
  const auto probe = [&](const HashBucket& bucket) { return InBucket(bucket, window, match); };
  uint32_t home = s.HomeOf(hash);
  const HashBucket& bucket = s.buckets[home];
  if (Element* e = probe(bucket)) return e;
  if (bucket.overflows()) {
    if (bucket.displaced() > 0) {
      if (Element* e = probe(s.buckets[s.Next(home)])) return e;
    }
    for (uint32_t i = s.homes; bucket.stashed() > 0 && i < s.total(); ++i) {
      if (Element* e = probe(s.buckets[i])) return e;
    }
  }
  if (overflow_ != nullptr) [[unlikely]] {
    for (const Overflow& o : *overflow_) {
      Element* e = static_cast<Element*>(o.element);
      if (o.hash == hash && match(static_cast<const Element*>(e))) return e;
    }
  }
  return nullptr;
}

template <class Traits>
inline const void* HashTable<Traits>::Probe::First(const HashTable& table, uint64_t hash) {
  home_ = next_ = nullptr;
  element_ = nullptr;
  hash *= table.salt_;
  const uint64_t word = table.DirectoryWord(hash);
  if (word == 0) return nullptr;
  const HashSegment s = HashSegment::Unpack(word);
  const uint32_t home = s.HomeOf(hash);
  window_ = s.Window(hash);
  home_ = &s.buckets[home];
  next_ = &s.buckets[s.Next(home)];
  return home_;
}

template <class Traits>
inline const void* HashTable<Traits>::Probe::Second() {
  if (home_ == nullptr) return nullptr;
  element_ = InBucket(*home_, window_, AnyElement);
  if (element_ != nullptr || home_->displaced() == 0) {
    next_ = nullptr;
    return element_;
  }
  return next_;
}

template <class Traits>
inline const void* HashTable<Traits>::Probe::Third() {
  if (next_ == nullptr) return nullptr;
  return element_ = InBucket(*next_, window_, AnyElement);
}

template <class Traits>
bool HashTable<Traits>::Locate(uint64_t hash, const Element* element, Place* out) const {
  uint64_t word = DirectoryWord(hash);
  if (word == 0) return false;
  HashSegment s = HashSegment::Unpack(word);
  uint64_t window = s.Window(hash);
  uint64_t wanted = window >> 8 << 48 | reinterpret_cast<uint64_t>(element);
  uint32_t home = s.HomeOf(hash);
  auto in_bucket = [&](uint32_t index) {
    for (uint32_t m = s.buckets[index].Match(static_cast<uint8_t>(window)); m != 0; m &= m - 1) {
      uint32_t slot = std::countr_zero(m);
      if (s.buckets[index].words[slot] != wanted) continue;
      *out = Place{s, home, index, slot};
      return true;
    }
    return false;
  };
  if (in_bucket(home)) return true;
  const HashBucket& bucket = s.buckets[home];
  if (bucket.displaced() > 0 && in_bucket(s.Next(home))) return true;
  for (uint32_t i = s.homes; bucket.stashed() > 0 && i < s.total(); ++i) {
    if (in_bucket(i)) return true;
  }
  return false;
}

template <class Traits>
bool HashTable<Traits>::Replace(uint64_t hash, const Element* from, Element* to) {
  Place p;
  if (Locate(hash * salt_, from, &p)) {
    uint64_t& word = p.segment.buckets[p.bucket].words[p.slot];
    word = (word & ~HashSegment::kPointerMask) | reinterpret_cast<uint64_t>(to);
    return true;
  }
  if (overflow_ == nullptr) return false;
  for (Overflow& o : *overflow_) {
    if (o.element == from) {
      o.element = to;
      return true;
    }
  }
  return false;
}

template <class Traits>
bool HashTable<Traits>::Erase(uint64_t hash, const Element* element) {
  hash *= salt_;
  Place p;
  if (!Locate(hash, element, &p)) return EraseOverflow(element);
  p.segment.Remove(p.home, p.bucket, p.slot);
  AfterRemove(p.segment, p.home, hash, Hashing());
  return true;
}

template <class Traits>
template <class F>
uint64_t HashTable<Traits>::Scan(uint64_t cursor, F&& visit) const {
  uint64_t start = cursor << (64 - kCursorBits);
  uint64_t word = DirectoryWord(start);
  if (word == 0) return 0;
  HashSegment s = HashSegment::Unpack(word);
  uint32_t home = s.HomeOf(start);
  uint64_t end = EndOfHome(s, start, home);
  s.ForHome(home, [&](uint32_t bucket, uint32_t slot) {
    visit(ElementOf(s.buckets[bucket].words[slot]));
    return false;
  });
  if (overflow_ != nullptr) [[unlikely]] {
    for (const Overflow& o : *overflow_) {
      if (o.hash >= start && o.hash <= end - 1) visit(static_cast<Element*>(o.element));
    }
  }
  return end >> (64 - kCursorBits);
}

template <class Traits>
template <class F>
void HashTable<Traits>::ForEach(F&& visit) const {
  for (size_t i = 0; i < size_t{1} << directory_bits_;) {
    if (directory_[i] == 0) return;
    HashSegment s = HashSegment::Unpack(directory_[i]);
    for (uint32_t b = 0; b < s.total(); ++b) {
      for (uint32_t slot = 0; slot < s.buckets[b].used(); ++slot)
        visit(ElementOf(s.buckets[b].words[slot]));
    }
    i += size_t{1} << (directory_bits_ - s.depth);
  }
  if (overflow_ == nullptr) return;
  for (const Overflow& o : *overflow_) visit(static_cast<Element*>(o.element));
}

template <class Traits>
auto HashTable<Traits>::RandomElement(Random& random) const -> Element* {
  if (size_ == 0) return nullptr;
  if (overflow_ != nullptr && random.Below(size_) < overflow_->size()) {
    return static_cast<Element*>((*overflow_)[random.Below(overflow_->size())].element);
  }
  // Draws any slot of any segment, as if all segments had the full size, until one is in use: each
  // element is equally likely.
  for (int tries = 0; tries < 200; ++tries) {
    size_t index = random.Next() & ((size_t{1} << directory_bits_) - 1);
    HashSegment s = HashSegment::Unpack(directory_[index]);
    size_t span = size_t{1} << (directory_bits_ - s.depth);
    if ((index & (span - 1)) != 0) continue;
    uint64_t draw = random.Below(directory_bits_ == 0 ? s.slots() : HashSegment::kMaxSlots);
    uint32_t bucket = static_cast<uint32_t>(draw / HashBucket::kSlots);
    uint32_t slot = draw % HashBucket::kSlots;
    if (bucket < s.total() && slot < s.buckets[bucket].used())
      return ElementOf(s.buckets[bucket].words[slot]);
  }
  // Very sparse: the first one from a random place on.
  Element* found = nullptr;
  uint64_t cursor = random.Next() >> (64 - kCursorBits);
  do {
    cursor = Scan(cursor, [&](Element* e) { found = e; });
  } while (found == nullptr);
  return found;
}

template <class Traits>
template <class F>
size_t HashTable<Traits>::DrainSome(size_t max, F&& take) {
  size_t taken = 0;
  while (taken < max && size_ > 0) {
    HashSegment s = TakeNextSegment(&drained_);
    if (s.buckets == nullptr) {
      while (taken < max && size_ > 0) {
        take(static_cast<Element*>(overflow_->back().element));
        overflow_->pop_back();
        ++taken, --size_;
      }
      break;
    }
    uint32_t n = s.Count();
    for (uint32_t b = 0; b < s.total(); ++b) {
      if (b + 1 < s.total()) PrefetchElementsOf(s.buckets[b + 1]);
      for (uint32_t slot = 0; slot < s.buckets[b].used(); ++slot)
        take(ElementOf(s.buckets[b].words[slot]));
    }
    taken += n, size_ -= n;
    FreeSegment(s);
  }
  if (size_ == 0) {
    FreeAll();
    drained_ = 0;
  }
  return taken;
}

}  // namespace basalt
