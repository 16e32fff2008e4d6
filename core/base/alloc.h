// Memory for everything that holds data, counted by usable size so that maxmemory acts on true
// figures.
//
// Each thread counts what it allocates minus what it frees. A block may be freed by another thread
// than the one that allocated it (a parked shard lends its keyspace), so one thread's count alone
// can be off, even negative: only the sum over all threads is exact. operator new and delete are
// replaced (alloc.cc) and count in the same way. Out of memory aborts: nothing in a shard can go on
// without it. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace basalt {

// At least `bytes` bytes, aligned to 16; never null, also for 0.
[[nodiscard]] void* Allocate(size_t bytes);
// Grows or shrinks a block of Allocate; null `block` means Allocate.
[[nodiscard]] void* Reallocate(void* block, size_t bytes);
// Frees a block of any of the above; null is fine.
void Free(void* block);

// Bytes that the block really has; all of them may be used.
size_t UsableSize(const void* block);

// Counts memory that comes from elsewhere (core/base/slab.h).
void CountMemory(int64_t bytes);

// Bytes allocated minus bytes freed by the calling thread.
int64_t ThreadUsedMemory();
// Sum over all threads, at most kUsedMemorySlack bytes per thread behind.
int64_t TotalUsedMemory();
inline constexpr int64_t kUsedMemorySlack = 64 * 1024;

}  // namespace basalt
