#include "core/store/lazy_free.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

#include "core/base/alloc.h"
#include "core/value/object.h"

namespace basalt {

LazyFree::~LazyFree() {
  while (Step(SIZE_MAX / 2) > 0) {
  }
}

void LazyFree::Enqueue(Job job, size_t objects) {
  jobs_.push_back(std::move(job));
  pending_objects_ += objects;
}

void LazyFree::FreeEntry(Entry* e) {
  if (e->encoding() == Encoding::kObject) {
    FreeObject(e->type(), e->object());
  } else if (e->encoding() == Encoding::kBuffer) {
    FreeBuffer(e->buffer());
  }
  Entry::FreeShell(e);
}

void LazyFree::FreeObject(ValueType type, void* object) {
  if (ObjectSize(type, object) <= kInlineElements) {
    DestroyObject(type, object);
  } else {
    Enqueue({.type = type, .object = object}, 1);
  }
}

void LazyFree::FreeBuffer(StringBuffer* buffer) {
  if (buffer->capacity <= kInlineBytes) {
    Free(buffer);
  } else {
    Enqueue({.object = buffer}, 1);
  }
}

void LazyFree::FreeDatabase(KeyTable& table, ExpiryIndex& expiry) {
  if (table.empty()) return;
  auto database = std::make_unique<Database>();
  database->table.Swap(table);
  database->expiry.Swap(expiry);
  size_t entries = database->table.size();
  Enqueue({.database = std::move(database)}, entries);
}

size_t LazyFree::Step(size_t budget) {
  size_t done = 0;
  while (done < budget && !jobs_.empty()) {
    // Freeing a database's entries may append jobs; a deque keeps `job` where it is.
    Job& job = jobs_.front();
    size_t units = Work(job, budget - done);
    done += units;
    if (units > 0) continue;
    if (job.database == nullptr) {
      --pending_objects_;
      ++freed_objects_;
    }
    jobs_.pop_front();
    ++done;
  }
  return done;
}

size_t LazyFree::Work(Job& job, size_t budget) {
  if (job.database != nullptr) return FreeSomeOfDatabase(*job.database, budget);
  if (job.type == ValueType::kString) return FreeSomeOfBuffer(job, budget);
  size_t freed = FreeSomeOfObject(job.type, job.object, budget);
  if (freed == 0) DestroyObject(job.type, job.object);
  return freed;
}

// The kernel takes back a large mapping page by page, which for 512 MB takes long enough to be
// noticed. So its pages go first, in slices; freeing the empty rest is quick.
size_t LazyFree::FreeSomeOfBuffer(Job& job, size_t budget) {
  constexpr size_t kPage = 4096;
  auto* buffer = static_cast<StringBuffer*>(job.object);
  uintptr_t start = reinterpret_cast<uintptr_t>(buffer->data());
  uintptr_t first = (start + kPage - 1) / kPage * kPage;
  size_t whole = (start + buffer->capacity - first) / kPage * kPage;
  size_t left = whole - job.given_back;
  if (left == 0) {
    Free(buffer);
    return 0;
  }
  size_t slice = std::min(left, std::min(budget, whole / kBytesPerUnit + 1) * kBytesPerUnit);
  madvise(reinterpret_cast<void*>(first + job.given_back), slice, MADV_DONTNEED);
  job.given_back += slice;
  return slice / kBytesPerUnit + 1;
}

size_t LazyFree::FreeSomeOfDatabase(Database& database, size_t budget) {
  size_t freed = database.table.DrainSome(budget, [this](Entry* e) { FreeEntry(e); });
  pending_objects_ -= freed;
  freed_objects_ += freed;
  return freed > 0 ? freed : database.expiry.FreeSome(budget);
}

}  // namespace basalt
