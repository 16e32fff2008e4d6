// Small blocks without a gap: each has the size asked for, rounded up to 8 bytes. General
// allocators round to 16, which costs a key with a short value a sixth of its entry.
//
// Slabs of 256 KB hold blocks of one size each. A slab belongs to the thread that allocated it;
// another thread gives a block back to that thread, which takes it at its next shortage or call of
// SlabTend (a parked shard lends its keyspace, and a start with another number of shards hands
// entries over). What a thread leaves behind the next new thread goes on with. Counted as in
// core/base/alloc.h. Any thread; no lock but for a whole slab.
//
// Memory of empty slabs goes back to the kernel by SlabTrim, which is for a thread that nobody
// waits for: what is deleted in the order of its hashes empties thousands of slabs at about the
// same time.
//
// Not for a forked child: at the fork another thread may have held the lock.
//
// After Bonwick, "The Slab Allocator" (1994), with the free lists of Leijen et al., "Mimalloc: Free
// List Sharding in Action" (2019).
#pragma once

#include <cstddef>

#include "core/base/alloc.h"

namespace basalt {

inline constexpr size_t kSlabBytesMax = 512;

// A block of at least `bytes`, which is 1 to kSlabBytesMax; aligned to 8, never null.
[[nodiscard]] void* SlabAllocate(size_t bytes);
// Only for blocks of SlabAllocate.
void SlabFree(void* block);
size_t SlabUsableSize(const void* block);

// --- blocks of any size: from a slab when small, else from core/base/alloc.h. Who frees one, or
// asks for its size, says again what InSlab is to be asked for.

// A sanitizer watches only the blocks of its own allocator.
#ifdef BASALT_MIMALLOC
inline constexpr bool kSlabsInUse = true;
#else
inline constexpr bool kSlabsInUse = false;
#endif

inline bool InSlab(size_t bytes) { return kSlabsInUse && bytes <= kSlabBytesMax; }
[[nodiscard]] inline void* AllocateBlock(size_t bytes) {
  return InSlab(bytes) ? SlabAllocate(bytes) : Allocate(bytes);
}
inline void FreeBlock(void* block, size_t bytes) { InSlab(bytes) ? SlabFree(block) : Free(block); }
inline size_t BlockUsableSize(const void* block, size_t bytes) {
  return InSlab(bytes) ? SlabUsableSize(block) : UsableSize(block);
}

// The same for a container of the library's, which says the size by itself.
template <class T>
struct BlockAllocator {
  using value_type = T;
  static_assert(alignof(T) <= 8);

  BlockAllocator() = default;
  template <class U>
  BlockAllocator(const BlockAllocator<U>&) {}  // NOLINT(google-explicit-constructor): rebinding
  T* allocate(size_t n) { return static_cast<T*>(AllocateBlock(n * sizeof(T))); }
  void deallocate(T* p, size_t n) { FreeBlock(p, n * sizeof(T)); }
  friend bool operator==(BlockAllocator, BlockAllocator) { return true; }
};

// --- whole cache lines, for nodes of tables and trees

inline constexpr size_t kLinesMax = 64;
// `lines`, 1 to kLinesMax, of 64 bytes each; aligned to one, never null.
[[nodiscard]] void* AllocateLines(size_t lines);
void FreeLines(void* block);

// --- housekeeping

// Takes back what other threads have freed of this thread's.
void SlabTend();
// Gives at most so many bytes of empty slabs back to the kernel, and returns how many it gave.
size_t SlabTrim(size_t bytes_max);

}  // namespace basalt
