// What the large hash, set and sorted set have in common: a HashTable that owns its elements,
// walked with prefetching, scanned in steps, sampled at random and freed in slices.
//
//   struct Traits : what HashTable asks for, and
//     static void Destroy(Element*);
//   Element: size_t MemoryBytes() const;
//
// Owned by one shard; one thread. Visitors must not change the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/ds/hash_table.h"
#include "core/value/sampler.h"

namespace basalt {

template <class Traits>
class OwningTable {
 public:
  using Element = typename Traits::Element;

  OwningTable() = default;
  ~OwningTable() {
    while (FreeSome(SIZE_MAX) > 0) {
    }
  }
  OwningTable(const OwningTable&) = delete;
  OwningTable& operator=(const OwningTable&) = delete;

  size_t size() const { return table_.size(); }
  Element* Find(const HashedKey& key) const { return table_.Find(key.hash, key.key); }
  // Takes `element`, whose key is not in the table.
  void Insert(uint64_t hash, Element* element) { table_.Insert(hash, element); }
  // The element has been moved from `from`, which is gone already, to `to`.
  void Moved(uint64_t hash, const Element* from, Element* to) { table_.Replace(hash, from, to); }
  void Erase(uint64_t hash, Element* element) {
    table_.Erase(hash, element);
    Traits::Destroy(element);
  }

  // Visits every element until `visit` returns false.
  template <class F>
  void Walk(F&& visit) const {
    Batch batch;
    bool go_on = true;
    auto visit_batch = [&] {
      for (size_t i = 0; i < batch.size && go_on; ++i) go_on = visit(batch.elements[i]);
      batch.size = 0;
    };
    uint64_t cursor = 0;
    do {
      cursor = table_.Scan(cursor, [&](Element* element) {
        __builtin_prefetch(element);
        batch.elements[batch.size++] = element;
        if (batch.size == Batch::kMax) visit_batch();
      });
      if (batch.size >= Batch::kMax / 2) visit_batch();
    } while (cursor != 0 && go_on);
    visit_batch();
  }

  // Visits about `count` elements from `cursor` on; returns the next cursor, 0 at the end.
  template <class F>
  uint64_t Scan(uint64_t cursor, size_t count, F&& visit) const {
    constexpr size_t kStepsPerElement = 10;  // a bound where the table is sparse
    if (cursor >> HashTableCore::kCursorBits != 0) return 0;
    size_t visited = 0;
    size_t steps_left = count < SIZE_MAX / kStepsPerElement ? count * kStepsPerElement : SIZE_MAX;
    do {
      cursor = table_.Scan(cursor, [&](Element* element) {
        ++visited;
        visit(element);
      });
    } while (cursor != 0 && visited < count && --steps_left > 0);
    return cursor;
  }

  Element* RandomElement(Random& random) const { return table_.RandomElement(random); }

  template <class F>
  void RandomDistinct(Random& random, size_t count, F&& visit) const {
    // Where few are wanted, drawing until enough different ones have come up is quick; else each is
    // asked once.
    if (count < size() / 4) {
      std::unordered_set<const Element*> seen;
      while (seen.size() < count) {
        Element* element = RandomElement(random);
        if (seen.insert(element).second) visit(element);
      }
      return;
    }
    Sampler sampler(random, count, size());
    Walk([&](Element* element) {
      if (sampler.Take()) visit(element);
      return !sampler.done();
    });
  }

  // Bytes of table and elements; the latter extrapolated from `samples` of them, 0 for all.
  size_t MemoryBytes(size_t samples) const {
    size_t sampled = 0;
    size_t bytes = 0;
    Walk([&](Element* element) {
      bytes += element->MemoryBytes();
      return ++sampled != samples;
    });
    if (sampled > 0)
      bytes = static_cast<size_t>(static_cast<double>(bytes) / static_cast<double>(sampled) *
                                  static_cast<double>(size()));
    return table_.MemoryBytes() + bytes;
  }

  // Frees about `max` elements; returns how many. Nothing but this and the destructor may follow.
  size_t FreeSome(size_t max) {
    return table_.DrainSome(max, [](Element* element) { Traits::Destroy(element); });
  }

 private:
  struct Batch {
    static constexpr size_t kMax = 64;
    Element* elements[kMax];
    size_t size = 0;
  };

  HashTable<Traits> table_;
};

}  // namespace basalt
