#include "core/store/keyspace.h"

#include <algorithm>

namespace basalt {

Keyspace::Keyspace(uint64_t random_seed, uint32_t databases)
    : rng(random_seed), databases_(databases) {
  BASALT_CHECK(databases >= 1 && databases <= kDatabases);
  for (uint32_t i = 0; i < databases; ++i) {
    dbs_[i] = std::make_unique<Db>(*this, DbIndex(static_cast<uint8_t>(i)));
  }
}

// The databases give their entries to lazy_free_, so they go first.
Keyspace::~Keyspace() {
  for (auto& db : dbs_) db.reset();
}

bool Keyspace::IdleStep(size_t budget) {
  size_t left = budget;
  bool more = false;
  if (!expiry_paused_ && !active_expiry_paused_) {
    for (uint32_t i = 0; i < databases_ && left > 0; ++i) {
      left -= dbs_[next_expire_db_]->ExpireDue(left);
      if (left > 0) next_expire_db_ = (next_expire_db_ + 1) % databases_;
    }
    more = NextDueMs() <= now_ms;
  }
  if (left > 0) lazy_free_.Step(left);
  return more || !lazy_free_.idle();
}

int64_t Keyspace::NextDueMs() const {
  int64_t due = INT64_MAX;
  for (uint32_t i = 0; i < databases_; ++i) due = std::min(due, dbs_[i]->NextDueMs());
  return due;
}

size_t Keyspace::TotalKeys() const {
  size_t n = 0;
  for (uint32_t i = 0; i < databases_; ++i) n += dbs_[i]->size();
  return n;
}

size_t Keyspace::Clear() {
  size_t n = 0;
  for (uint32_t i = 0; i < databases_; ++i) n += dbs_[i]->Clear();
  return n;
}

void Keyspace::SwapDbs(DbIndex a, DbIndex b) {
  if (a == b) return;
  // A watched key changed if it is in either of the two.
  auto exists = [&](std::string_view key) {
    return db(a).FindNoTouch(key) != nullptr || db(b).FindNoTouch(key) != nullptr;
  };
  watches_.TouchDb(a, exists);
  watches_.TouchDb(b, exists);
  // Before the exchange, too: an expired entry that the look-up deletes is recorded under the
  // database it is in.
  auto note = [&](DbIndex in, DbIndex from) {
    blocked_keys_.NoteDatabase(in, [&](std::string_view key) -> std::optional<ValueType> {
      const Entry* e = db(from).FindNoTouch(key);
      return e == nullptr ? std::nullopt : std::optional(e->type());
    });
  };
  note(a, b);
  note(b, a);
  db(a).SwapContents(db(b));
}

}  // namespace basalt
