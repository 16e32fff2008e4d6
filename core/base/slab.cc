#include "core/base/slab.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/check.h"

namespace basalt {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kSlabBytes = size_t{256} << 10;  // and so aligned
constexpr size_t kRegionBytes = size_t{4} << 20;  // slabs come from the kernel in so many bytes
constexpr size_t kResidentBytes = 4096;           // of an empty slab, for its place in a list
constexpr uint32_t kEmptyMax = 4;                 // empty slabs that a thread keeps

// Classes of size: small ones in steps of 8 bytes, behind them whole lines.
constexpr size_t kSmallClasses = kSlabBytesMax / 8;
constexpr size_t kClasses = kSmallClasses + kLinesMax - kSlabBytesMax / kLine;
constexpr size_t ClassOf(size_t bytes) {
  return bytes <= kSlabBytesMax ? (bytes - 1) / 8
                                : kSmallClasses + (bytes - kSlabBytesMax - 1) / kLine;
}
constexpr uint32_t BytesOf(size_t size_class) {
  return static_cast<uint32_t>(size_class < kSmallClasses
                                   ? (size_class + 1) * 8
                                   : kSlabBytesMax + (size_class - kSmallClasses + 1) * kLine);
}
static_assert(ClassOf(kLinesMax * kLine) == kClasses - 1);
static_assert(BytesOf(kClasses - 1) == kLinesMax * kLine);

struct Block {
  Block* next;
};

struct Heap;

struct Slab {
  Heap* owner;
  Block* free;     // of blocks that were in use
  uint32_t bytes;  // of a block
  uint32_t used;   // blocks
  uint32_t fresh;  // from here on nothing was ever in use
  bool listed;     // in Heap::partial
  Slab* previous;  // in the list that it is in
  Slab* next;

  char* at(size_t offset) { return reinterpret_cast<char*>(this) + offset; }
};
constexpr size_t kFirstBlock = kLine;  // so blocks of whole lines are aligned to one
static_assert(sizeof(Slab) <= kFirstBlock);

struct SlabStack {
  Slab* top = nullptr;

  void Push(Slab* slab) {
    slab->next = top;
    top = slab;
  }
  // Null: there is none.
  Slab* Pop() { return top == nullptr ? nullptr : std::exchange(top, top->next); }
};

Slab* SlabOf(const void* block) {
  return reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(block) & ~(kSlabBytes - 1));
}

// What one thread allocates from.
struct Heap {
  void* Allocate(size_t size_class);
  void FreeLocal(Slab* slab, Block* block);
  void FreeFromElsewhere(Block* block);
  void TakeFreedElsewhere();

  void Link(Slab* slab);
  void Unlink(Slab* slab);
  Slab* NewSlab(size_t size_class);
  void LetGo(Slab* slab);

  Slab* current[kClasses] = {};  // may be full; in no list
  Slab* partial[kClasses] = {};  // others with a free block
  SlabStack empty;
  uint32_t empty_count = 0;
  std::atomic<Block*> freed_elsewhere{nullptr};
  Heap* next = nullptr;  // in Pool::left_behind
};

// What all threads share: empty slabs, and the heaps of threads that have ended.
struct Pool {
  std::mutex mutex;
  SlabStack empty;    // their memory is there, which saves page faults: these go first
  SlabStack trimmed;  // but for the page that holds `next`, the kernel has theirs
  Heap* left_behind = nullptr;

  Slab* TakeSlab();
  void MapSlabs();
};
constinit Pool g_pool;

Slab* Pool::TakeSlab() {
  std::lock_guard lock(mutex);
  if (Slab* slab = empty.Pop(); slab != nullptr) return slab;
  if (trimmed.top == nullptr) MapSlabs();
  return trimmed.Pop();
}

void Pool::MapSlabs() {
  void* p = mmap(nullptr, kRegionBytes + kSlabBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  BASALT_CHECK(p != MAP_FAILED);
  // What sticks out on both sides goes back.
  const uintptr_t start = reinterpret_cast<uintptr_t>(p);
  const uintptr_t first = (start + kSlabBytes - 1) & ~(kSlabBytes - 1);
  const uintptr_t end = first + kRegionBytes;
  if (first > start) munmap(p, first - start);
  if (const size_t rest = start + kRegionBytes + kSlabBytes - end; rest > 0)
    munmap(reinterpret_cast<void*>(end), rest);
  for (uintptr_t at = end - kSlabBytes; at >= first; at -= kSlabBytes)
    trimmed.Push(reinterpret_cast<Slab*>(at));
}

void Heap::Link(Slab* slab) {
  Slab*& head = partial[ClassOf(slab->bytes)];
  slab->listed = true;
  slab->previous = nullptr;
  slab->next = head;
  if (head != nullptr) head->previous = slab;
  head = slab;
}

void Heap::Unlink(Slab* slab) {
  slab->listed = false;
  (slab->previous != nullptr ? slab->previous->next : partial[ClassOf(slab->bytes)]) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
}

Slab* Heap::NewSlab(size_t size_class) {
  Slab* slab = empty.Pop();
  if (slab != nullptr) {
    --empty_count;
  } else {
    slab = g_pool.TakeSlab();
  }
  *slab = Slab{.owner = this,
               .free = nullptr,
               .bytes = BytesOf(size_class),
               .used = 0,
               .fresh = kFirstBlock,
               .listed = false,
               .previous = nullptr,
               .next = nullptr};
  return slab;
}

void Heap::LetGo(Slab* slab) {
  if (empty_count == kEmptyMax) {
    std::lock_guard lock(g_pool.mutex);
    return g_pool.empty.Push(slab);
  }
  empty.Push(slab);
  ++empty_count;
}

void* Heap::Allocate(size_t size_class) {
  for (;;) {
    Slab* slab = current[size_class];
    if (slab != nullptr) {
      if (Block* block = slab->free; block != nullptr) {
        slab->free = block->next;
        ++slab->used;
        return block;
      }
      if (slab->fresh + slab->bytes <= kSlabBytes) {
        ++slab->used;
        return slab->at(std::exchange(slab->fresh, slab->fresh + slab->bytes));
      }
      if (freed_elsewhere.load(std::memory_order_relaxed) != nullptr) {
        TakeFreedElsewhere();
        continue;
      }
    }
    Slab* next = partial[size_class];
    if (next != nullptr) {
      Unlink(next);
    } else {
      next = NewSlab(size_class);
    }
    current[size_class] = next;
  }
}

void Heap::FreeLocal(Slab* slab, Block* block) {
  block->next = slab->free;
  slab->free = block;
  --slab->used;
  if (slab == current[ClassOf(slab->bytes)]) return;
  if (slab->used == 0) {
    if (slab->listed) Unlink(slab);
    LetGo(slab);
  } else if (!slab->listed) {
    Link(slab);
  }
}

void Heap::FreeFromElsewhere(Block* block) {
  Block* head = freed_elsewhere.load(std::memory_order_relaxed);
  do {
    block->next = head;
  } while (!freed_elsewhere.compare_exchange_weak(head, block, std::memory_order_release,
                                                  std::memory_order_relaxed));
}

void Heap::TakeFreedElsewhere() {
  Block* block = freed_elsewhere.exchange(nullptr, std::memory_order_acquire);
  while (block != nullptr) {
    Block* next = block->next;
    FreeLocal(SlabOf(block), block);
    block = next;
  }
}

constinit thread_local Heap* t_heap = nullptr;

// Leaves the thread's heap to others when the thread ends. What is freed after that, by other
// destructors of the thread, comes from elsewhere.
struct HeapGuard {
  ~HeapGuard() {
    std::lock_guard lock(g_pool.mutex);
    Heap* heap = std::exchange(t_heap, nullptr);
    heap->next = std::exchange(g_pool.left_behind, heap);
  }
};

[[gnu::noinline]] Heap* TakeHeap() {
  {
    std::lock_guard lock(g_pool.mutex);
    t_heap = g_pool.left_behind;
    if (t_heap != nullptr) g_pool.left_behind = t_heap->next;
  }
  if (t_heap == nullptr) {
    // Not counted, as what the general allocator needs for itself is not.
    void* memory = std::malloc(sizeof(Heap));
    BASALT_CHECK(memory != nullptr);
    t_heap = new (memory) Heap;
  }
  static thread_local HeapGuard guard;
  return t_heap;
}

void* AllocateOf(size_t size_class) {
  CountMemory(BytesOf(size_class));
  Heap* heap = t_heap;
  if (heap == nullptr) [[unlikely]]
    heap = TakeHeap();
  return heap->Allocate(size_class);
}

}  // namespace

void* SlabAllocate(size_t bytes) {
  BASALT_DCHECK(bytes > 0 && bytes <= kSlabBytesMax);
  return AllocateOf(ClassOf(bytes));
}

void SlabFree(void* p) {
  Slab* slab = SlabOf(p);
  auto* block = static_cast<Block*>(p);
  CountMemory(-static_cast<int64_t>(slab->bytes));
  if (slab->owner == t_heap) [[likely]]
    return slab->owner->FreeLocal(slab, block);
  slab->owner->FreeFromElsewhere(block);
}

size_t SlabUsableSize(const void* block) { return SlabOf(block)->bytes; }

void* AllocateLines(size_t lines) {
  BASALT_DCHECK(lines > 0 && lines <= kLinesMax);
  if (kSlabsInUse) return AllocateOf(ClassOf(lines * kLine));
  return operator new(lines* kLine, std::align_val_t(kLine));
}

void FreeLines(void* block) {
  if (kSlabsInUse) return SlabFree(block);
  operator delete(block, std::align_val_t(kLine));
}

void SlabTend() {
  if (t_heap != nullptr) t_heap->TakeFreedElsewhere();
}

size_t SlabTrim(size_t bytes_max) {
  size_t given = 0;
  std::unique_lock lock(g_pool.mutex);
  while (given < bytes_max) {
    Slab* slab = g_pool.empty.Pop();
    if (slab == nullptr) break;
    lock.unlock();
    madvise(slab->at(kResidentBytes), kSlabBytes - kResidentBytes, MADV_DONTNEED);
    lock.lock();
    g_pool.trimmed.Push(slab);
    given += kSlabBytes;
  }
  return given;
}

}  // namespace basalt
