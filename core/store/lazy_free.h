// LazyFree: what was deleted but is too large to free at once (a big collection, a long string, a
// whole database), freed in slices between commands. Owned by one shard's thread, or by who it is
// lent to while it is parked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "core/store/expiry_index.h"
#include "core/store/key_table.h"
#include "core/value/entry.h"

namespace basalt {

class LazyFree {
 public:
  // Values of at most this many elements, and strings of at most this many bytes, are freed where
  // they are deleted.
  static constexpr size_t kInlineElements = 64;
  static constexpr size_t kInlineBytes = 1 << 20;

  LazyFree() = default;
  LazyFree(const LazyFree&) = delete;
  LazyFree& operator=(const LazyFree&) = delete;
  ~LazyFree();

  // Frees the entry and its value: the small at once, the large later. Takes bounded time.
  void FreeEntry(Entry* e);
  // The same for a collection, or a long string's buffer, that no entry holds any more.
  void FreeObject(ValueType type, void* object);
  void FreeBuffer(StringBuffer* buffer);
  // Takes all that was in a database.
  void FreeDatabase(KeyTable& table, ExpiryIndex& expiry);

  // Does about `budget` units of work (an element, an entry, or kBytesPerUnit of a string); returns
  // how many it did: 0 when there is nothing to do.
  size_t Step(size_t budget);
  static constexpr size_t kBytesPerUnit = 16384;

  bool idle() const { return jobs_.empty(); }
  // Keys and values that wait, and those freed here so far (INFO lazyfree_pending_objects,
  // lazyfreed_objects).
  uint64_t pending_objects() const { return pending_objects_; }
  uint64_t freed_objects() const { return freed_objects_; }
  void ResetStats() { freed_objects_ = 0; }

 private:
  struct Database {
    KeyTable table;
    ExpiryIndex expiry;
  };
  struct Job {
    ValueType type = ValueType::kString;
    void* object = nullptr;  // the collection; of kString a StringBuffer; null: a database
    size_t given_back = 0;   // bytes of the buffer
    std::unique_ptr<Database> database;
  };

  // Each does about `budget` units and returns how many; 0 when the job is finished.
  size_t Work(Job& job, size_t budget);
  size_t FreeSomeOfBuffer(Job& job, size_t budget);
  size_t FreeSomeOfDatabase(Database& database, size_t budget);
  void Enqueue(Job job, size_t objects);

  std::deque<Job> jobs_;
  uint64_t pending_objects_ = 0;
  uint64_t freed_objects_ = 0;
};

}  // namespace basalt
