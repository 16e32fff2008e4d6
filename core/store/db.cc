#include "core/store/db.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/mutant.h"
#include "core/store/keyspace.h"
#include "core/store/read_ahead.h"
#include "core/value/object.h"

namespace basalt {

Db::~Db() { keyspace_.lazy_free_.FreeDatabase(table_, expiry_); }

void Db::Touch(Entry* e) {
  uint32_t old = e->access_bits();
  uint32_t now = keyspace_.TouchedAccessBits(old);
  // Most reads come within the second of the last one: then the entry's line stays clean.
  if (now != old) e->set_access_bits(now);
}

// --- create and replace ---

Entry* Db::FindOld(HashedKey key) {
  Entry* old = table_.Find(key.hash, key.key);
  return old != nullptr && old->has_expiry() && DeleteIfExpired(key, old) ? nullptr : old;
}

Entry* Db::Install(uint64_t hash, Entry* old, Entry* fresh) {
  if (old == nullptr) {
    fresh->set_access_bits(keyspace_.NewAccessBits());
    table_.Insert(hash, fresh);
  } else {
    // How often a key is used does not change with its value; that it was used now does.
    fresh->set_access_bits(keyspace_.lfu() ? old->access_bits() : keyspace_.NewAccessBits());
    if (old->has_expiry()) expiry_.Remove(old->expire_at_ms(), hash);
    table_.Replace(hash, old, fresh);
    keyspace_.lazy_free_.FreeEntry(old);
  }
  if (fresh->has_expiry()) expiry_.Add(fresh->expire_at_ms(), hash);
  keyspace_.blocked_keys_.NoteAdded(index_, fresh->key(), fresh->type());
  return fresh;
}

namespace {

int64_t ResolveExpiry(const Entry* old, int64_t expire_at_ms) {
  if (expire_at_ms != kKeepExpiry) return expire_at_ms;
  return old != nullptr ? old->expire_at_ms() : kNoExpiry;
}

// Whether the old value can be overwritten: a string, and either not so long that freeing it would
// take a while, or with just the room that the new one needs.
bool Assignable(const Entry* e, size_t new_length) {
  if (!e->is(ValueType::kString)) return false;
  if (e->encoding() != Encoding::kBuffer) return true;
  return e->buffer()->capacity <= LazyFree::kInlineBytes || e->BufferFits(new_length);
}

}  // namespace

Entry* Db::SetString(HashedKey key, std::string_view value, int64_t expire_at_ms) {
  Entry* old = FindOld(key);
  expire_at_ms = ResolveExpiry(old, expire_at_ms);
  if (old == nullptr || !Assignable(old, value.size())) {
    return Install(key.hash, old, Entry::NewString(key.key, value, expire_at_ms));
  }
  Entry* e = Entry::AssignString(old, value);
  Moved(key.hash, old, e);
  return AfterAssign(e, key.hash, expire_at_ms);
}

Entry* Db::SetInteger(HashedKey key, int64_t value, int64_t expire_at_ms) {
  Entry* old = FindOld(key);
  expire_at_ms = ResolveExpiry(old, expire_at_ms);
  if (old == nullptr || !Assignable(old, 0)) {
    return Install(key.hash, old, Entry::NewInteger(key.key, value, expire_at_ms));
  }
  Entry* e = Entry::AssignInteger(old, value);
  Moved(key.hash, old, e);
  return AfterAssign(e, key.hash, expire_at_ms);
}

Entry* Db::AfterAssign(Entry* e, uint64_t hash, int64_t expire_at_ms) {
  ChangeExpiry(e, hash, expire_at_ms);
  if (!keyspace_.lfu()) Touch(e);
  return e;
}

Entry* Db::AddValue(HashedKey key, ValueType type, void* object, int64_t expire_at_ms) {
  Entry* old = FindOld(key);
  expire_at_ms = ResolveExpiry(old, expire_at_ms);
  return Install(key.hash, old, Entry::NewObject(key.key, type, object, expire_at_ms));
}

// --- change in place ---

std::span<char> Db::MutableString(Entry*& e, size_t new_length) {
  Entry* old = e;
  e = Entry::Resize(old, new_length);
  if (e != old) Moved(HashKey(e->key()), old, e);
  return {e->StringData(), new_length};
}

void Db::AssignString(Entry*& e, std::string_view value) {
  Entry* old = e;
  e = Entry::AssignString(old, value);
  if (e != old) Moved(HashKey(e->key()), old, e);
}

void Db::AssignInteger(Entry*& e, int64_t value) {
  Entry* old = e;
  e = Entry::AssignInteger(old, value);
  if (e != old) Moved(HashKey(e->key()), old, e);
}

void Db::ReplaceObject(Entry* e, void* object) {
  void* old = e->object();
  e->set_object(object);
  keyspace_.lazy_free_.FreeObject(e->type(), old);
}

bool Db::ChangeExpiry(Entry*& e, uint64_t hash, int64_t at_ms) {
  int64_t before = e->expire_at_ms();
  if (before == at_ms) return false;
  if (before != kNoExpiry) expiry_.Remove(before, hash);
  if (at_ms != kNoExpiry) expiry_.Add(at_ms, hash);
  Entry* old = e;
  e = Entry::WithExpiry(old, at_ms);
  Moved(hash, old, e);
  return true;
}

// --- delete, move, copy ---

void Db::Unlink(Entry* e, uint64_t hash) {
  if (e->has_expiry()) expiry_.Remove(e->expire_at_ms(), hash);
  BASALT_CHECK(table_.Erase(hash, e));
}

bool Db::Delete(HashedKey key) {
  Entry* e = FindOld(key);
  if (e == nullptr) return false;
  Unlink(e, key.hash);
  keyspace_.lazy_free_.FreeEntry(e);
  return true;
}

void Db::DeleteEntry(Entry* e) {
  Unlink(e, HashKey(e->key()));
  keyspace_.lazy_free_.FreeEntry(e);
}

Entry* Db::MoveTo(Db& dst, HashedKey dst_key, Entry* e) {
  if (&dst == this && e->key() == dst_key.key) return e;
  // dst_key may be e's own key bytes, gone after Rename.
  Entry* old = dst.FindOld(dst_key);
  Unlink(e, HashKey(e->key()));
  return dst.Install(dst_key.hash, old, Entry::Rename(e, dst_key.key));
}

Entry* Db::CopyTo(Db& dst, HashedKey dst_key, const Entry* e) {
  Entry* copy = e->is(ValueType::kString)
                    ? Entry::CopyString(e, dst_key.key, e->expire_at_ms())
                    : Entry::NewObject(dst_key.key, e->type(), CloneObject(e->type(), e->object()),
                                       e->expire_at_ms());
  return dst.Install(dst_key.hash, dst.FindOld(dst_key), copy);
}

// --- all entries ---

uint64_t Db::Scan(uint64_t cursor, size_t count, absl::FunctionRef<void(Entry*)> visit) {
  // In a sparse table positions may be empty; still one call must not go through many of them.
  size_t steps_left = count > SIZE_MAX / 10 ? SIZE_MAX : count * 10;
  size_t visited = 0;
  do {
    cursor = table_.Scan(cursor, [&](Entry* e) {
      ++visited;
      if (keyspace_.expiry_paused() || !e->ExpiredAt(keyspace_.now_ms)) visit(e);
    });
  } while (cursor != 0 && visited < count && --steps_left > 0);
  return cursor;
}

void Db::ForEach(absl::FunctionRef<void(Entry*)> visit) {
  table_.ForEach([&](Entry* e) { visit(e); });
}

Entry* Db::RandomEntry(Random& random) {
  constexpr int kTries = 100;  // each deletes an expired entry
  for (int i = 0; i < kTries; ++i) {
    Entry* e = table_.RandomElement(random);
    if (e == nullptr) return nullptr;
    if (!e->has_expiry() || !DeleteIfExpired(e->key(), e)) return e;
  }
  return nullptr;
}

Entry* Db::RandomVictim(Random& random, bool volatile_only) {
  if (!volatile_only) return table_.RandomElement(random);
  if (expiry_.empty()) return nullptr;
  // Drawing any entry is fair, so it is tried first; where few entries expire, a random moment
  // finds one of them.
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    Entry* e = table_.RandomElement(random);
    if (e->has_expiry()) return e;
  }
  return FindByItem(expiry_.RandomItem(random));
}

Entry* Db::FirstToExpire() { return expiry_.empty() ? nullptr : FindByItem(expiry_.First()); }

size_t Db::HandOver(size_t max, absl::FunctionRef<void(Entry*)> take) {
  ExpiryIndex().Swap(expiry_);
  return table_.DrainSome(max, take);
}

void Db::Adopt(Entry* e) {
  uint64_t hash = HashKey(e->key());
  table_.Insert(hash, e);
  if (e->has_expiry()) expiry_.Add(e->expire_at_ms(), hash);
  keyspace_.blocked_keys_.NoteAdded(index_, e->key(), e->type());
}

size_t Db::Clear() {
  size_t entries = size();
  keyspace_.watches_.TouchDb(
      index_, [&](std::string_view key) { return table_.Find(HashKey(key), key) != nullptr; });
  keyspace_.lazy_free_.FreeDatabase(table_, expiry_);
  return entries;
}

void Db::SwapContents(Db& other) {
  table_.Swap(other.table_);
  expiry_.Swap(other.expiry_);
}

// --- expiry ---

Entry* Db::FindByItem(const ExpiryIndex::Item& item) const {
  return table_.FindIf(item.hash, [&](const Entry* e) {
    return e->expire_at_ms() == item.at_ms && HashKey(e->key()) == item.hash;
  });
}

bool Db::DeleteIfExpired(HashedKey key, Entry* e) {
  if (keyspace_.expiry_paused() || !e->ExpiredAt(keyspace_.now_ms)) return false;
  // A transaction that holds the key may still see it. (Whoever would write the key does not come
  // here meanwhile.)
  if (!keyspace_.Guards(key.hash)) ExpireEntry(e, key.hash);
  return true;
}

void Db::ExpireEntry(Entry* e, uint64_t hash) {
  Keyspace& ks = keyspace_;
  ++ks.stats.expired;
  ++ks.dirty;
  if (!MutantIs("expire-unlogged")) ks.journal_.RecordGone(index_, e->key());
  ks.watches_.Touch(index_, e->key());
  if (ks.observer_ != nullptr) ks.observer_->OnExpired(index_, e->key());
  Unlink(e, hash);
  ks.lazy_free_.FreeEntry(e);
}

void Db::EvictEntry(Entry* e) {
  Keyspace& ks = keyspace_;
  ++ks.stats.evicted;
  ++ks.dirty;
  ks.journal_.RecordGone(index_, e->key());
  ks.watches_.Touch(index_, e->key());
  if (ks.observer_ != nullptr) ks.observer_->OnEvicted(index_, e->key());
  DeleteEntry(e);
}

size_t Db::ExpireDue(size_t max) {
  constexpr size_t kBatch = ReadAhead::kGroup;
  ExpiryIndex::Item items[kBatch];
  size_t expired = 0;
  while (expired < max && NextDueMs() <= keyspace_.now_ms) {
    size_t n = expiry_.FirstItems(items, std::min(kBatch, max - expired));
    while (items[n - 1].at_ms >= keyspace_.now_ms) --n;
    ReadAhead().Before(0, n, [&](size_t i) { return ReadAhead::Key{this, items[i].hash}; });
    for (size_t i = 0; i < n; ++i) {
      if (keyspace_.Guards(items[i].hash)) return expired + i;  // it will be let go soon
      Entry* e = FindByItem(items[i]);
      BASALT_CHECK(e != nullptr);
      ExpireEntry(e, items[i].hash);
    }
    expired += n;
  }
  return expired;
}

int64_t Db::AverageTtlMs() const {
  return expiry_.empty() ? 0 : std::max<int64_t>(0, expiry_.MeanMs() - keyspace_.now_ms);
}

}  // namespace basalt
