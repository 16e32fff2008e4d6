// The part of HashTable (hash_table.h) that does not depend on the element type: the directory, and
// how segments grow, split, shrink and merge.
//
// The directory is an array of 2^directory_bits words, indexed by the top bits of the hash; a
// segment of depth d fills the 2^(directory_bits - d) neighbouring words of its prefix. Segments
// grow in steps of 14 to 33 %, up to 4 KB, and then split in two that begin small again, so the
// slots in use stay above 70 % of those allocated however many elements there are. Each such step
// touches one segment. When a segment cannot split (the directory would be out of proportion, as
// when somebody found a way to make hashes collide), elements go to a plain overflow list, so that
// nothing ever fails, it only gets slower.
//
// Owned by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/ds/hash_segment.h"

namespace basalt {

class HashTableCore {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Bytes of buckets, directory and overflow list; of the elements none.
  size_t MemoryBytes() const;

  static constexpr uint32_t kMaxDirectoryBits = 24;
  // A Scan cursor is a position in hash order: the top 40 bits of the hash.
  static constexpr uint32_t kCursorBits = kMaxDirectoryBits + HashSegment::kPositionBits;

 protected:
  // An element's hash as this table orders it: Traits::Hash times the table's salt. Without a salt
  // of its own, a table filled in the order of another one (a copy, SUNIONSTORE, a load) would get
  // all of the first hashes first, and crowd them into one segment.
  struct HashOf {
    uint64_t (*hash)(const void* element);
    uint64_t salt;
    uint64_t operator()(const void* element) const { return hash(element) * salt; }
  };
  // Odd, so that multiplying by it loses nothing; the top bits of the product, which choose the
  // segment, depend on all bits.
  static uint64_t NewSalt();

  struct Overflow {
    uint64_t hash;
    void* element;
  };

  HashTableCore() = default;
  HashTableCore(HashTableCore&& other) noexcept { Swap(other); }
  HashTableCore& operator=(HashTableCore&& other) noexcept {
    HashTableCore taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~HashTableCore() { FreeAll(); }
  void Swap(HashTableCore& other);
  // Back to the empty table; elements are not touched.
  void FreeAll();

  size_t DirectoryIndex(uint64_t hash) const { return (hash >> 1) >> (63 - directory_bits_); }
  uint64_t DirectoryWord(uint64_t hash) const { return directory_[DirectoryIndex(hash)]; }
  HashSegment SegmentOf(uint64_t hash) const { return HashSegment::Unpack(DirectoryWord(hash)); }

  // Adds an element that is not there yet.
  void InsertElement(uint64_t hash, void* element, HashOf hash_of) {
    uint64_t bits = reinterpret_cast<uint64_t>(element);
    BASALT_DCHECK((bits & ~HashSegment::kPointerMask) == 0);
    ++size_;
    uint64_t word = DirectoryWord(hash);
    if (word != 0) [[likely]] {
      HashSegment segment = HashSegment::Unpack(word);
      uint64_t window = segment.Window(hash);
      if (segment.Put(segment.HomeOf(hash), window >> 8 << 48 | bits, static_cast<uint8_t>(window)))
        return;
    }
    InsertSlow(hash, element, hash_of);
  }

  // After an element left that home: gives memory back where a segment has become sparse.
  void AfterRemove(const HashSegment& segment, uint32_t home, uint64_t hash, HashOf hash_of) {
    // Counting a segment costs a little, so only one in four removals from a nearly empty bucket
    // does.
    if (--size_ == 0) {
      FreeAll();
    } else if (segment.buckets[home].used() <= kSparse && (hash & 3) == 0) {
      ShrinkSegment(hash, hash_of);
    }
  }

  // Where the range of hashes of one home ends: the first hash after it, 0 after the last.
  static uint64_t EndOfHome(const HashSegment& segment, uint64_t hash, uint32_t home);

  bool EraseOverflow(const void* element);

  // Removes the next segment at or after directory index `*at` and returns it for the caller to
  // free; no buckets at the end.
  HashSegment TakeNextSegment(size_t* at);
  void FreeSegment(const HashSegment& segment);

  uint64_t* directory_ = &root_;
  uint64_t salt_ = NewSalt();
  size_t size_ = 0;
  uint32_t directory_bits_ = 0;
  std::unique_ptr<std::vector<Overflow>> overflow_;

 private:
  static constexpr uint32_t kSparse = 2;

  struct Gathered;

  void InsertSlow(uint64_t hash, void* element, HashOf hash_of);
  bool Grow(uint64_t hash, HashOf hash_of);
  void ShrinkSegment(uint64_t hash, HashOf hash_of);
  bool MergeWithBuddy(const HashSegment& segment, uint64_t hash, uint32_t count, HashOf hash_of);
  bool Split(const HashSegment& segment, uint64_t hash, HashOf hash_of);
  bool DoubleDirectory();
  void HalveDirectory();

  HashSegment NewSegment(uint32_t total, uint32_t depth, uint32_t base);
  HashSegment Build(const Gathered& from, uint32_t depth, uint32_t base, uint32_t min_total,
                    HashOf hash_of);
  void AddOverflow(uint64_t hash, void* element);
  // Points all directory words of the segment's prefix, that of `hash`, to it.
  void Publish(const HashSegment& segment, uint64_t hash);

  uint64_t root_ = 0;    // the directory while one word is enough
  size_t buckets_ = 0;   // allocated
  uint32_t merges_ = 0;  // since the directory was last looked at for halving
};

}  // namespace basalt
