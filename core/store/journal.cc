#include "core/store/journal.h"

#include "core/base/check.h"
#include "core/base/numbers.h"

namespace basalt {
namespace {

constexpr std::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";

void AppendLength(std::string* out, char mark, size_t n) {
  char text[24];
  out->push_back(mark);
  out->append(text, FormatInt64(static_cast<int64_t>(n), text));
  out->append("\r\n");
}

void AppendCommand(std::string* out, std::span<const std::string_view> args) {
  AppendLength(out, '*', args.size());
  for (std::string_view arg : args) {
    AppendLength(out, '$', arg.size());
    out->append(arg);
    out->append("\r\n");
  }
}

}  // namespace

void Journal::Record(DbIndex db, std::span<const std::string_view> args) {
  if (!enabled_) return;
  Prepare(db);
  AppendCommand(&records_, args);
}

void Journal::Select(DbIndex db) {
  char text[24];
  std::string_view args[] = {"SELECT", {text, FormatInt64(db.value, text)}};
  AppendCommand(&records_, args);
  selected_ = db;
}

void Journal::PrepareSlow(DbIndex db) {
  // The SELECT that a group's first record needs stands before its MULTI; later ones stand inside.
  if (db != selected_) Select(db);
  if (group_depth_ > 0 && group_records_ == 0) {
    group_start_ = records_.size();
    records_.append(kMulti);
  }
}

void Journal::EndGroup() {
  BASALT_CHECK(group_depth_ > 0);
  if (--group_depth_ > 0) return;
  if (group_records_ > 1) {
    records_.append(kExec);
  } else if (group_records_ == 1) {
    records_.erase(group_start_, kMulti.size());
  }
  group_records_ = 0;
}

Journal::Mark Journal::BeginUndoableGroup() {
  BASALT_CHECK(!undoable_);
  Mark mark{records_.size(), record_count_, group_records_, selected_};
  undoable_ = true;
  BeginGroup();
  return mark;
}

void Journal::EndUndoableGroup() {
  undoable_ = false;
  gone_.clear();
  EndGroup();
}

void Journal::AbortGroup(const Mark& mark) {
  BASALT_CHECK(undoable_ && group_depth_ > 0 && records_.size() >= mark.bytes);
  records_.resize(mark.bytes);
  record_count_ = mark.records;
  group_records_ = mark.group_records;
  selected_ = mark.selected;
  undoable_ = false;
  for (const auto& [db, key] : gone_) Record(db, {"DEL", key});
  gone_.clear();
  EndGroup();
}

void Journal::TakeRecords(std::string* out) {
  BASALT_CHECK(group_depth_ == 0);
  if (selected_ != DbIndex(0)) Select(DbIndex(0));
  if (out->empty()) {
    out->swap(records_);
  } else {
    out->append(records_);
  }
  records_.clear();
  record_count_ = 0;
}

}  // namespace basalt
