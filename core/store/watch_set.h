// WatchSet: versions of the keys that some client WATCHes. A key nobody watches costs nothing but
// one test for emptiness.
//
// A watcher notes the version that Watch returns; its EXEC compares it with Version. Every change
// of a watched key, and every change of the whole database, makes the version grow. Owned by the
// shard that owns the keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "core/base/ids.h"

namespace basalt {

class WatchSet {
 public:
  // One more watcher of the key; pair each with an Unwatch. Returns the key's version now.
  uint64_t Watch(DbIndex db, std::string_view key);
  void Unwatch(DbIndex db, std::string_view key);
  // The version of a watched key.
  uint64_t Version(DbIndex db, std::string_view key) const;

  // The key changed, was deleted or expired.
  void Touch(DbIndex db, std::string_view key) {
    if (!keys_.empty()) TouchSlow(db, key);
  }
  // Touches the watched keys of the database that `changed` is true for (FLUSHDB: those that
  // exist).
  void TouchDb(DbIndex db, absl::FunctionRef<bool(std::string_view key)> changed);

  size_t size() const { return keys_.size(); }

 private:
  struct Watched {
    uint64_t version = 0;
    uint32_t watchers = 0;
  };
  // The database's byte, then the key.
  using Name = std::string;
  static Name NameOf(DbIndex db, std::string_view key);
  void TouchSlow(DbIndex db, std::string_view key);

  absl::flat_hash_map<Name, Watched> keys_;
  uint64_t next_version_ = 1;
};

}  // namespace basalt
