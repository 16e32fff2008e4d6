#include "core/script/undo_log.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/object.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt::script {
namespace {

constexpr size_t kPopsMax = 1024;

size_t MemoryOf(const Entry* e) {
  switch (e->type()) {
    case ValueType::kString:
      return 0;  // counted by the entry
    case ValueType::kList:
      return e->list()->MemoryBytes();
    case ValueType::kHash:
      return e->hash()->MemoryBytes();
    case ValueType::kSet:
      return e->set()->MemoryBytes();
    case ValueType::kZSet:
      return e->zset()->MemoryBytes();
  }
  return SIZE_MAX;
}

// Whether a command changes only the first of its keys, reading the others.
bool WritesFirstOnly(std::string_view name) {
  return name.ends_with("store") || name == "bitop" || name == "pfmerge";
}

// The database that MOVE or COPY name besides the present one, or `db`.
DbIndex OtherDb(std::string_view name, Args args, DbIndex db, uint32_t databases) {
  std::string_view word;
  if (name == "move" && args.size() == 3) word = args[2];
  for (size_t i = 3; name == "copy" && i + 1 < args.size(); ++i) {
    if (EqualsNoCase(args[i], "db")) word = args[i + 1];
  }
  uint64_t n = 0;
  return !word.empty() && ParseUint64(word, &n) && n < databases ? DbIndex(static_cast<uint8_t>(n))
                                                                 : db;
}

}  // namespace

void UndoLog::Begin(Keyspace& keyspace) {
  keyspace_ = &keyspace;
  dirty_ = keyspace.dirty;
}

Keyspace& UndoLog::Shadow() {
  if (shadow_ == nullptr)
    shadow_ = std::make_unique<Keyspace>(RandomSeed(), keyspace_->databases());
  return *shadow_;  // its time stands at 0: nothing in it expires
}

UndoLog::Verb UndoLog::VerbOf(const CommandSpec& spec) {
  static constexpr std::pair<std::string_view, Verb> kVerbs[] = {
      {"hset", Verb::kHashPairs},         {"hmset", Verb::kHashPairs},
      {"hsetnx", Verb::kHashField},       {"hincrby", Verb::kHashField},
      {"hincrbyfloat", Verb::kHashField}, {"hdel", Verb::kHashFields},
      {"sadd", Verb::kSetMembers},        {"srem", Verb::kSetMembers},
      {"zadd", Verb::kScoredMembers},     {"zrem", Verb::kScoredMembers},
      {"zincrby", Verb::kScoredMember},   {"lpush", Verb::kPushFront},
      {"lpushx", Verb::kPushFront},       {"rpush", Verb::kPushBack},
      {"rpushx", Verb::kPushBack},        {"lpop", Verb::kPopFront},
      {"rpop", Verb::kPopBack},           {"expire", Verb::kExpiry},
      {"pexpire", Verb::kExpiry},         {"expireat", Verb::kExpiry},
      {"pexpireat", Verb::kExpiry},       {"persist", Verb::kExpiry},
  };
  for (const auto& [name, verb] : kVerbs) {
    if (name == spec.name) return verb;
  }
  return Verb::kOther;
}

ValueType UndoLog::TypeOf(Verb verb) {
  switch (verb) {
    case Verb::kHashField:
    case Verb::kHashFields:
    case Verb::kHashPairs:
      return ValueType::kHash;
    case Verb::kSetMembers:
      return ValueType::kSet;
    case Verb::kScoredMembers:
    case Verb::kScoredMember:
      return ValueType::kZSet;
    default:
      return ValueType::kList;
  }
}

bool UndoLog::Capture(DbIndex db, const CommandSpec& spec, Args args,
                      const std::vector<uint32_t>& keys) {
  const std::string_view name = spec.name;
  const DbIndex other = OtherDb(name, args, db, keyspace_->databases());
  const Verb verb = keys.size() == 1 ? VerbOf(spec) : Verb::kOther;
  const size_t count = WritesFirstOnly(name) ? std::min<size_t>(1, keys.size()) : keys.size();
  for (size_t i = name == "copy" ? 1 : 0; i < count; ++i) {
    if (!CaptureKey(db, args[keys[i]], verb, args)) return false;
    if (other != db && !CaptureKey(other, args[keys[i]], Verb::kOther, args)) return false;
  }
  return true;
}

bool UndoLog::CaptureKey(DbIndex db, std::string_view key, Verb verb, Args args) {
  Entry* e = keyspace_->db(db).FindNoTouch(key);
  auto [it, fresh] = touched_.try_emplace(Key(db.value, key), Kept::kAbsent, 0);
  if (!fresh)
    return it->second.first != Kept::kPart || CapturePart(it->second.second, e, verb, args);
  bytes_ += key.size() + sizeof(Part);
  if (e == nullptr) return bytes_ <= kBytesMax;
  const bool small =
      e->is(ValueType::kString)
          ? e->StringLength() <= kSmallBytes
          : ObjectSize(e->type(), e->object()) <= kSmallElements && MemoryOf(e) <= kSmallBytes;
  if (small) {
    it->second.first = Kept::kWhole;
    bytes_ += e->MemoryBytes() + MemoryOf(e);
    Shadow().db(db).CopyTo(Shadow().db(db), key, e);
    return bytes_ <= kBytesMax;
  }
  if (verb == Verb::kOther) {
    touched_.erase(it);
    return false;
  }
  it->second = {Kept::kPart, static_cast<uint32_t>(parts_.size())};
  parts_.push_back({db, std::string(key), e->expire_at_ms(), e->type()});
  return CapturePart(it->second.second, e, verb, args);
}

// EXPIRE with a time that is over deletes.
bool UndoLog::StaysAlive(std::string_view name, Args args) const {
  if (name == "persist") return true;
  int64_t n;
  if (args.size() < 3 || !ParseInt64(args[2], &n)) return true;  // an error, which changes nothing
  if (EqualsNoCase(name, "expire") || EqualsNoCase(name, "pexpire")) return n > 0;
  return n > (EqualsNoCase(name, "expireat") ? keyspace_->now_ms / 1000 + 1 : keyspace_->now_ms);
}

bool UndoLog::CapturePart(uint32_t part, Entry* e, Verb verb, Args args) {
  if (verb == Verb::kOther) return false;
  if (verb == Verb::kExpiry) return StaysAlive(args[0], args);
  if (e != nullptr && !e->is(TypeOf(verb))) return true;  // an error, which changes nothing
  switch (verb) {
    case Verb::kHashField:
      CaptureMember(part, e, Step::Kind::kField, args[2]);
      break;
    case Verb::kHashFields:
    case Verb::kHashPairs:
      for (size_t i = 2; i < args.size(); i += verb == Verb::kHashPairs ? 2 : 1) {
        CaptureMember(part, e, Step::Kind::kField, args[i]);
      }
      break;
    case Verb::kSetMembers:
      for (std::string_view member : args.From(2))
        CaptureMember(part, e, Step::Kind::kMember, member);
      break;
    case Verb::kScoredMembers:  // scores and options are taken for members, too, which does no harm
      for (std::string_view member : args.From(2))
        CaptureMember(part, e, Step::Kind::kScore, member);
      break;
    case Verb::kScoredMember:
      CaptureMember(part, e, Step::Kind::kScore, args[3]);
      break;
    default:
      return CaptureEnds(part, e, verb, args);
  }
  return steps_.size() <= kStepsMax && bytes_ <= kBytesMax;
}

void UndoLog::CaptureMember(uint32_t part, Entry* e, Step::Kind kind, std::string_view member) {
  Step step{.kind = kind, .key = part, .member = std::string(member)};
  if (e != nullptr && kind == Step::Kind::kField) {
    Element value;
    step.existed = e->hash()->Get(member, &value);
    if (step.existed) step.value = value.ToString();
  } else if (e != nullptr && kind == Step::Kind::kMember) {
    step.existed = e->set()->Contains(member);
  } else if (e != nullptr) {
    step.existed = e->zset()->Score(member, &step.score);
  }
  bytes_ += sizeof(Step) + step.member.size() + step.value.size();
  steps_.push_back(std::move(step));
}

bool UndoLog::CaptureEnds(uint32_t part, Entry* e, Verb verb, Args args) {
  ends_ = {.open = true,
           .part = part,
           .verb = verb,
           .size = e != nullptr ? e->list()->Size() : 0,
           .elements = {}};
  if (verb == Verb::kPushFront || verb == Verb::kPushBack || e == nullptr) return true;
  uint64_t count = 1;
  if (args.size() > 2 && !ParseUint64(args[2], &count)) return true;  // an error
  if (count > kPopsMax) return false;
  auto keep = [&](std::string_view element) {
    bytes_ += sizeof(Step) + element.size();
    ends_.elements.emplace_back(element);
  };
  if (verb == Verb::kPopFront) {
    e->list()->Range(0, count, keep);
  } else {
    e->list()->RangeReverse(ends_.size - 1, count, keep);
  }
  return bytes_ <= kBytesMax;
}

void UndoLog::AfterCommand() {
  if (!ends_.open) return;
  ends_.open = false;
  const Part& part = parts_[ends_.part];
  const Entry* e = keyspace_->db(part.db).FindNoTouch(part.key);
  const size_t size = e != nullptr && e->is(ValueType::kList) ? e->list()->Size() : 0;
  const bool front = ends_.verb == Verb::kPushFront || ends_.verb == Verb::kPopFront;
  if (size > ends_.size) {
    steps_.push_back({.kind = front ? Step::Kind::kUnpushFront : Step::Kind::kUnpushBack,
                      .key = ends_.part,
                      .count = size - ends_.size});
  }
  for (size_t i = 0; size + i < ends_.size && i < ends_.elements.size(); ++i) {
    steps_.push_back({.kind = front ? Step::Kind::kUnpopFront : Step::Kind::kUnpopBack,
                      .key = ends_.part,
                      .member = std::move(ends_.elements[i])});
  }
}

// The part's collection, made anew where the script's commands deleted it.
Entry* UndoLog::Collection(const Part& part, ValueType type) {
  Db& db = keyspace_->db(part.db);
  HashedKey key(part.key);
  Entry* e = db.FindNoTouch(key);
  if (e != nullptr && e->is(type)) return e;
  void* object = nullptr;
  switch (type) {
    case ValueType::kHash:
      object = new Hash;
      break;
    case ValueType::kSet:
      object = new Set;
      break;
    case ValueType::kZSet:
      object = new ZSet;
      break;
    default:
      object = new List;
  }
  return db.AddValue(key, type, object);
}

void UndoLog::Undo(const Step& step) {
  const Part& part = parts_[step.key];
  switch (step.kind) {
    case Step::Kind::kField: {
      Hash* hash = Collection(part, ValueType::kHash)->hash();
      step.existed ? (void)hash->Set(step.member, step.value) : (void)hash->Delete(step.member);
      return;
    }
    case Step::Kind::kMember: {
      Set* set = Collection(part, ValueType::kSet)->set();
      step.existed ? (void)set->Add(step.member) : (void)set->Remove(step.member);
      return;
    }
    case Step::Kind::kScore: {
      ZSet* zset = Collection(part, ValueType::kZSet)->zset();
      step.existed ? (void)zset->Add(step.member, step.score) : (void)zset->Remove(step.member);
      return;
    }
    case Step::Kind::kUnpushFront:
      return (void)Collection(part, ValueType::kList)->list()->EraseRange(0, step.count);
    case Step::Kind::kUnpushBack: {
      List* list = Collection(part, ValueType::kList)->list();
      return (void)list->EraseRange(list->Size() - step.count, step.count);
    }
    case Step::Kind::kUnpopFront:
      return Collection(part, ValueType::kList)->list()->PushFront(step.member);
    case Step::Kind::kUnpopBack:
      return Collection(part, ValueType::kList)->list()->PushBack(step.member);
  }
}

bool UndoLog::Rollback() {
  for (size_t i = steps_.size(); i-- > 0;) Undo(steps_[i]);
  for (const Part& part : parts_) {
    Entry* e = keyspace_->db(part.db).FindNoTouch(part.key);
    if (e != nullptr) keyspace_->db(part.db).SetExpiry(e, part.expire_at_ms);
  }
  for (const auto& [key, kept] : touched_) {
    Db& db = keyspace_->db(DbIndex(key.first));
    if (kept.first == Kept::kAbsent) {
      db.Delete(key.second);
    } else if (kept.first == Kept::kWhole) {
      Db& shadow = Shadow().db(DbIndex(key.first));
      shadow.MoveTo(db, key.second, shadow.FindNoTouch(key.second));
    }
  }
  keyspace_->dirty = dirty_;
  return !touched_.empty();
}

void UndoLog::Commit() {
  if (shadow_ != nullptr && shadow_->TotalKeys() > 0) {
    shadow_->Clear();
    while (shadow_->IdleStep(1024)) {
    }
  }
  touched_.clear();
  parts_.clear();
  steps_.clear();
  bytes_ = 0;
  ends_ = {};
}

}  // namespace basalt::script
