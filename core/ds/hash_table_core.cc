#include "core/ds/hash_table_core.h"

#include <algorithm>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/random.h"
#include "core/base/slab.h"

namespace basalt {
namespace {

// The sizes of a segment in buckets, which are lines of the allocator.
constexpr uint32_t kSizes[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64};
static_assert(std::end(kSizes)[-1] == HashSegment::kMaxBuckets);
static_assert(HashSegment::kMaxBuckets <= kLinesMax);

constexpr uint32_t StashesOf(uint32_t total) { return (total + 8) / 16; }
static_assert(StashesOf(HashSegment::kMaxBuckets) < 8);

uint32_t NextSize(uint32_t total) {
  return *std::upper_bound(std::begin(kSizes), std::end(kSizes), total);
}

// The smallest size in which `n` elements fill at most 80 %; above kMaxBuckets: none.
uint32_t SizeFor(uint32_t n) {
  for (uint32_t size : kSizes) {
    if (n * 5 <= size * HashBucket::kSlots * 4) return size;
  }
  return HashSegment::kMaxBuckets + 1;
}

// How far `base` is put behind `depth` when windows are computed anew: leaves room for splits as
// well as for merges.
constexpr uint32_t kFreshLag = 2;
static_assert(kFreshLag < HashSegment::kMaxLag);

constexpr uint32_t FreshBase(uint32_t depth) { return depth - std::min(depth, kFreshLag); }

}  // namespace

// The elements of one or two segments while they are rebuilt.
struct HashTableCore::Gathered {
  uint32_t count = 0;
  uint64_t words[HashSegment::kMaxSlots];
  uint8_t fingerprints[HashSegment::kMaxSlots];

  void Add(uint64_t word, uint8_t fingerprint) {
    words[count] = word;
    fingerprints[count++] = fingerprint;
  }
  void AddAll(const HashSegment& segment) {
    for (uint32_t b = 0; b < segment.total(); ++b) {
      const HashBucket& bucket = segment.buckets[b];
      for (uint32_t slot = 0; slot < bucket.used(); ++slot)
        Add(bucket.words[slot], bucket.fingerprints[slot]);
    }
  }
  static void* ElementOf(uint64_t word) {
    return reinterpret_cast<void*>(word & HashSegment::kPointerMask);
  }
  // Makes all windows begin at hash bit `base`. Reads every element.
  void Refresh(uint32_t base, HashOf hash_of) {
    constexpr uint32_t kAhead = 8;
    HashSegment geometry;
    geometry.base = base;
    for (uint32_t i = 0; i < count; ++i) {
      if (i + kAhead < count) __builtin_prefetch(ElementOf(words[i + kAhead]));
      uint64_t window = geometry.Window(hash_of(ElementOf(words[i])));
      words[i] = (words[i] & HashSegment::kPointerMask) | window >> 8 << 48;
      fingerprints[i] = static_cast<uint8_t>(window);
    }
  }
};

size_t HashTableCore::MemoryBytes() const {
  size_t bytes = buckets_ * sizeof(HashBucket);
  if (directory_ != &root_) bytes += sizeof(uint64_t) << directory_bits_;
  if (overflow_ != nullptr) bytes += overflow_->capacity() * sizeof(Overflow);
  return bytes;
}

uint64_t HashTableCore::NewSalt() {
  // Any sequence of odd numbers without pattern does; tables are made by every thread.
  thread_local uint64_t state = RandomSeed();
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return (z ^ (z >> 31)) | 1;
}

void HashTableCore::Swap(HashTableCore& other) {
  std::swap(directory_, other.directory_);
  std::swap(root_, other.root_);
  if (directory_ == &other.root_) directory_ = &root_;
  if (other.directory_ == &root_) other.directory_ = &other.root_;
  std::swap(salt_, other.salt_);
  std::swap(size_, other.size_);
  std::swap(directory_bits_, other.directory_bits_);
  std::swap(overflow_, other.overflow_);
  std::swap(buckets_, other.buckets_);
  std::swap(merges_, other.merges_);
}

void HashTableCore::FreeAll() {
  size_t at = 0;
  for (HashSegment s = TakeNextSegment(&at); s.buckets != nullptr; s = TakeNextSegment(&at))
    FreeSegment(s);
  if (directory_ != &root_) Free(directory_);
  directory_ = &root_;
  root_ = 0;  // may still hold a word from before the directory outgrew it
  directory_bits_ = 0;
  size_ = 0;
  merges_ = 0;
  overflow_.reset();
}

HashSegment HashTableCore::TakeNextSegment(size_t* at) {
  size_t end = size_t{1} << directory_bits_;
  while (*at < end && directory_[*at] == 0) ++*at;
  if (*at == end) return {};
  HashSegment segment = HashSegment::Unpack(directory_[*at]);
  size_t span = size_t{1} << (directory_bits_ - segment.depth);
  std::fill_n(directory_ + *at, span, 0);
  *at += span;
  return segment;
}

HashSegment HashTableCore::NewSegment(uint32_t total, uint32_t depth, uint32_t base) {
  HashSegment segment;
  segment.buckets = static_cast<HashBucket*>(AllocateLines(total));
  for (uint32_t i = 0; i < total; ++i) segment.buckets[i].meta = 0;
  segment.stashes = StashesOf(total);
  segment.homes = total - segment.stashes;
  segment.depth = depth;
  segment.base = base;
  buckets_ += total;
  return segment;
}

void HashTableCore::FreeSegment(const HashSegment& segment) {
  buckets_ -= segment.total();
  FreeLines(segment.buckets);
}

void HashTableCore::Publish(const HashSegment& segment, uint64_t hash) {
  size_t span = size_t{1} << (directory_bits_ - segment.depth);
  std::fill_n(directory_ + (DirectoryIndex(hash) & ~(span - 1)), span, segment.Pack());
}

uint64_t HashTableCore::EndOfHome(const HashSegment& segment, uint64_t hash, uint32_t home) {
  constexpr uint32_t kBits = HashSegment::kPositionBits;
  uint64_t unit = uint64_t{1} << (64 - kBits) >> segment.depth;  // hashes per position
  uint64_t prefix = hash & ~((unit << (kBits - 1) << 1) - 1);
  // The first position of the next home, or just behind the segment.
  uint64_t position = (((uint64_t{home} + 1) << kBits) + segment.homes - 1) / segment.homes;
  return prefix + position * unit;  // wraps to 0 at the very end
}

void HashTableCore::InsertSlow(uint64_t hash, void* element, HashOf hash_of) {
  uint64_t bits = reinterpret_cast<uint64_t>(element);
  if (DirectoryWord(hash) == 0) Publish(NewSegment(kSizes[0], 0, 0), hash);
  do {
    HashSegment segment = SegmentOf(hash);
    uint64_t window = segment.Window(hash);
    if (segment.Put(segment.HomeOf(hash), window >> 8 << 48 | bits, static_cast<uint8_t>(window)))
      return;
  } while (Grow(hash, hash_of));
  AddOverflow(hash, element);
}

bool HashTableCore::Grow(uint64_t hash, HashOf hash_of) {
  HashSegment segment = SegmentOf(hash);
  if (segment.total() == HashSegment::kMaxBuckets) return Split(segment, hash, hash_of);
  Gathered all;
  all.AddAll(segment);
  Publish(Build(all, segment.depth, segment.base, NextSize(segment.total()), hash_of), hash);
  FreeSegment(segment);
  return true;
}

// A segment with these elements, of the smallest size from `min_total` on that takes them. What not
// even the largest takes, because hashes are not random, goes to the overflow list.
HashSegment HashTableCore::Build(const Gathered& from, uint32_t depth, uint32_t base,
                                 uint32_t min_total, HashOf hash_of) {
  for (uint32_t total = std::min(min_total, HashSegment::kMaxBuckets);; total = NextSize(total)) {
    HashSegment segment = NewSegment(total, depth, base);
    uint32_t unplaced = 0;
    for (uint32_t i = 0; i < from.count; ++i) {
      uint64_t word = from.words[i];
      uint8_t fingerprint = from.fingerprints[i];
      if (segment.Put(segment.HomeOfStored(word, fingerprint), word, fingerprint)) continue;
      ++unplaced;
      if (total < HashSegment::kMaxBuckets) break;
      AddOverflow(hash_of(Gathered::ElementOf(word)), Gathered::ElementOf(word));
    }
    if (unplaced == 0 || total == HashSegment::kMaxBuckets) return segment;
    FreeSegment(segment);
  }
}

void HashTableCore::AddOverflow(uint64_t hash, void* element) {
  if (overflow_ == nullptr) overflow_ = std::make_unique<std::vector<Overflow>>();
  overflow_->push_back({hash, element});
}

bool HashTableCore::Split(const HashSegment& segment, uint64_t hash, HashOf hash_of) {
  if (segment.depth == directory_bits_ && !DoubleDirectory()) return false;
  Gathered all, low, high;
  all.AddAll(segment);
  uint32_t depth = segment.depth + 1;
  uint32_t split_bit = HashSegment::kWindowBits - 1 - (segment.depth - segment.base);
  for (uint32_t i = 0; i < all.count; ++i) {
    uint64_t window = HashSegment::WindowOf(all.words[i], all.fingerprints[i]);
    (window >> split_bit & 1 ? high : low).Add(all.words[i], all.fingerprints[i]);
  }
  uint32_t base = segment.base;
  if (depth - base > HashSegment::kMaxLag) {
    base = FreshBase(depth);
    low.Refresh(base, hash_of);
    high.Refresh(base, hash_of);
  }
  uint64_t bit = uint64_t{1} << (64 - depth);
  Publish(Build(low, depth, base, SizeFor(low.count), hash_of), hash & ~bit);
  Publish(Build(high, depth, base, SizeFor(high.count), hash_of), hash | bit);
  FreeSegment(segment);
  return true;
}

void HashTableCore::ShrinkSegment(uint64_t hash, HashOf hash_of) {
  HashSegment segment = SegmentOf(hash);
  uint32_t count = segment.Count();
  if (count * 20 > segment.slots() * 11) return;
  if (segment.depth > 0 && MergeWithBuddy(segment, hash, count, hash_of)) return;
  uint32_t total = SizeFor(count + count / 8);
  if (total >= segment.total()) return;
  Gathered all;
  all.AddAll(segment);
  Publish(Build(all, segment.depth, segment.base, total, hash_of), hash);
  FreeSegment(segment);
}

// Merges two halves of one prefix when together they leave room to grow again; false: they do not.
bool HashTableCore::MergeWithBuddy(const HashSegment& segment, uint64_t hash, uint32_t count,
                                   HashOf hash_of) {
  HashSegment buddy = SegmentOf(hash ^ uint64_t{1} << (64 - segment.depth));
  if (buddy.depth != segment.depth) return false;
  uint32_t together = count + buddy.Count();
  if (together * 8 > HashSegment::kMaxSlots * 5) return false;
  uint32_t depth = segment.depth - 1;
  uint32_t base = segment.base;
  Gathered all;
  all.AddAll(segment);
  all.AddAll(buddy);
  if (buddy.base != base || depth < base) {
    base = FreshBase(depth);
    all.Refresh(base, hash_of);
  }
  Publish(Build(all, depth, base, SizeFor(together + together / 8), hash_of), hash);
  FreeSegment(segment);
  FreeSegment(buddy);
  if (++merges_ > (size_t{1} << directory_bits_) / 8) HalveDirectory();
  return true;
}

bool HashTableCore::DoubleDirectory() {
  // A directory far larger than the elements need would mean that hashes are not random.
  constexpr size_t kFewestElementsPerWord = 16;
  size_t words = size_t{1} << directory_bits_;
  if (directory_bits_ == kMaxDirectoryBits) return false;
  if (words > 32 && words * 2 * kFewestElementsPerWord > size_) return false;
  auto* bigger = static_cast<uint64_t*>(Allocate(words * 2 * sizeof(uint64_t)));
  for (size_t i = 0; i < words; ++i) bigger[2 * i] = bigger[2 * i + 1] = directory_[i];
  if (directory_ != &root_) Free(directory_);
  directory_ = bigger;
  ++directory_bits_;
  return true;
}

void HashTableCore::HalveDirectory() {
  merges_ = 0;
  size_t words = size_t{1} << directory_bits_;
  uint32_t deepest = 0;
  for (size_t i = 0; i < words; ++i)
    deepest = std::max(deepest, HashSegment::Unpack(directory_[i]).depth);
  if (deepest == directory_bits_) return;
  uint32_t drop = directory_bits_ - deepest;
  uint64_t* smaller = &root_;
  if (deepest > 0) smaller = static_cast<uint64_t*>(Allocate(sizeof(uint64_t) << deepest));
  for (size_t i = 0; i < size_t{1} << deepest; ++i) smaller[i] = directory_[i << drop];
  Free(directory_);
  directory_ = smaller;
  directory_bits_ = deepest;
}

bool HashTableCore::EraseOverflow(const void* element) {
  if (overflow_ == nullptr) return false;
  for (Overflow& o : *overflow_) {
    if (o.element != element) continue;
    o = overflow_->back();
    overflow_->pop_back();
    if (overflow_->empty()) overflow_.reset();
    if (--size_ == 0) FreeAll();
    return true;
  }
  return false;
}

}  // namespace basalt
