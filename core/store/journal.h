// Journal: the log records of one shard's current tick, as RESP commands, until the tick's commit
// stage takes them.
//
// What is taken begins and ends with database 0 selected: records of another database are preceded
// by SELECT n, and a batch that ends elsewhere ends with SELECT 0. So every batch stands alone.
// Records of an atomic group are wrapped in MULTI and EXEC when there is more than one. Owned by
// the shard's thread, or by who it is lent to while it is parked.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.h"

namespace basalt {

class Journal {
 public:
  // While off (no log, no replica; or while the log itself is being replayed) records vanish at
  // once.
  void set_enabled(bool on) { enabled_ = on; }
  bool enabled() const { return enabled_; }

  void Record(DbIndex db, std::span<const std::string_view> args);
  void Record(DbIndex db, std::initializer_list<std::string_view> args) {
    Record(db, std::span(args.begin(), args.size()));
  }
  // One command already in RESP, byte for byte as it came.
  void RecordRaw(DbIndex db, std::string_view resp) {
    if (!enabled_) return;
    Prepare(db);
    records_.append(resp);
  }

  // Everything recorded between the two is one atomic group. May nest: the outermost counts.
  void BeginGroup() { ++group_depth_; }
  void EndGroup();
  bool in_group() const { return group_depth_ > 0; }

  // A group that may be taken back, between the two or inside of another group; not inside of
  // another such. What the keyspace deleted on its own meanwhile (RecordGone) stays recorded: it is
  // gone all the same.
  struct Mark {
    size_t bytes;
    uint64_t records, group_records;
    DbIndex selected;
  };
  Mark BeginUndoableGroup();
  void EndUndoableGroup();
  void AbortGroup(const Mark& mark);

  // The deletion of an entry that expired or was evicted.
  void RecordGone(DbIndex db, std::string_view key) {
    Record(db, {"DEL", key});
    if (undoable_ && enabled_) gone_.emplace_back(db, key);
  }

  bool empty() const { return records_.empty(); }
  size_t bytes() const { return records_.size(); }
  // Records since the last take, marks and SELECTs not counted.
  uint64_t record_count() const { return record_count_; }

  // Appends all records to `out` and starts afresh. Not inside a group.
  void TakeRecords(std::string* out);
  std::string TakeRecords() {
    std::string out;
    TakeRecords(&out);
    return out;
  }

 private:
  // Selects `db` and opens the group's MULTI where needed, then counts one record.
  void Prepare(DbIndex db) {
    if (db != selected_ || (group_depth_ > 0 && group_records_ == 0)) PrepareSlow(db);
    group_records_ += group_depth_ > 0;
    ++record_count_;
  }
  void PrepareSlow(DbIndex db);
  void Select(DbIndex db);

  std::string records_;
  std::vector<std::pair<DbIndex, std::string>> gone_;  // in the open undoable group
  bool undoable_ = false;
  uint64_t record_count_ = 0;
  uint64_t group_records_ = 0;  // records of the open group
  size_t group_start_ = 0;      // where its MULTI stands
  uint32_t group_depth_ = 0;
  DbIndex selected_{0};
  bool enabled_ = false;
};

}  // namespace basalt
