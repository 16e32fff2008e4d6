#include "core/base/alloc.h"

#include <atomic>
#include <new>

#include "core/base/check.h"

#ifdef BASALT_MIMALLOC
#include <mimalloc.h>
#else
#include <malloc.h>

#include <cstdlib>
#endif

namespace basalt {
namespace {

#ifdef BASALT_MIMALLOC
void* RawAllocate(size_t n) { return mi_malloc(n); }
void* RawAllocateAligned(size_t n, size_t alignment) { return mi_malloc_aligned(n, alignment); }
void* RawReallocate(void* p, size_t n) { return mi_realloc(p, n); }
void RawFree(void* p) { mi_free(p); }
size_t RawUsable(const void* p) { return mi_usable_size(p); }
#else
void* RawAllocate(size_t n) { return std::malloc(n > 0 ? n : 1); }
void* RawAllocateAligned(size_t n, size_t alignment) {
  return std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment);
}
void* RawReallocate(void* p, size_t n) { return std::realloc(p, n > 0 ? n : 1); }
void RawFree(void* p) { std::free(p); }
size_t RawUsable(const void* p) { return malloc_usable_size(const_cast<void*>(p)); }
#endif

std::atomic<int64_t> g_used{0};

struct ThreadCount {
  int64_t used = 0;      // by this thread, all told
  int64_t reported = 0;  // what of it is in g_used
};
constinit thread_local ThreadCount t_count;

[[gnu::noinline]] void Report(ThreadCount& count) {
  g_used.fetch_add(count.used - count.reported, std::memory_order_relaxed);
  count.reported = count.used;
}

}  // namespace

void CountMemory(int64_t bytes) {
  ThreadCount& count = t_count;
  count.used += bytes;
  // One unsigned comparison for both directions.
  uint64_t unreported = static_cast<uint64_t>(count.used - count.reported + kUsedMemorySlack);
  if (unreported > 2 * uint64_t{kUsedMemorySlack}) [[unlikely]]
    Report(count);
}

namespace {

void* Counted(void* p) {
  BASALT_CHECK(p != nullptr);
  CountMemory(static_cast<int64_t>(RawUsable(p)));
  return p;
}

}  // namespace

void* Allocate(size_t bytes) { return Counted(RawAllocate(bytes)); }

void* Reallocate(void* block, size_t bytes) {
  if (block == nullptr) return Allocate(bytes);
  CountMemory(-static_cast<int64_t>(RawUsable(block)));
  return Counted(RawReallocate(block, bytes));
}

void Free(void* block) {
  if (block == nullptr) return;
  CountMemory(-static_cast<int64_t>(RawUsable(block)));
  RawFree(block);
}

size_t UsableSize(const void* block) { return RawUsable(block); }

int64_t ThreadUsedMemory() { return t_count.used; }

int64_t TotalUsedMemory() { return g_used.load(std::memory_order_relaxed); }

namespace {

void* AllocateAligned(size_t bytes, std::align_val_t alignment) {
  return Counted(RawAllocateAligned(bytes, static_cast<size_t>(alignment)));
}

}  // namespace
}  // namespace basalt

void* operator new(size_t n) { return basalt::Allocate(n); }
void* operator new[](size_t n) { return basalt::Allocate(n); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return basalt::Allocate(n); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return basalt::Allocate(n); }
void* operator new(size_t n, std::align_val_t a) { return basalt::AllocateAligned(n, a); }
void* operator new[](size_t n, std::align_val_t a) { return basalt::AllocateAligned(n, a); }
void operator delete(void* p) noexcept { basalt::Free(p); }
void operator delete[](void* p) noexcept { basalt::Free(p); }
void operator delete(void* p, size_t) noexcept { basalt::Free(p); }
void operator delete[](void* p, size_t) noexcept { basalt::Free(p); }
void operator delete(void* p, std::align_val_t) noexcept { basalt::Free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { basalt::Free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { basalt::Free(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { basalt::Free(p); }
