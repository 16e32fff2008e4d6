#include "tests/sim/history.h"

#include <algorithm>
#include <set>

#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "tests/sim/names.h"

namespace basalt::sim {
namespace {

using Kind = Operation::Kind;

// Under everysec a log is synced a second after the last time, and the epoch must have ended.
constexpr int64_t kEverysecLimitUs = 2'000'000;
constexpr size_t kTokenBytes = 8;  // of an append: "%07u;"

const std::vector<std::string>* ValueOf(const Contents& contents, std::string_view key) {
  const auto it = contents.find(key);
  return it == contents.end() ? nullptr : &it->second;
}

int64_t NumberAt(const Contents& contents, std::string_view key) {
  const std::vector<std::string>* value = ValueOf(contents, key);
  int64_t number = 0;
  return value != nullptr && ParseInt64((*value)[0], &number) ? number : 0;
}

bool InList(const Contents& contents, std::string_view key, const std::string& item) {
  const std::vector<std::string>* value = ValueOf(contents, key);
  return value != nullptr && std::find(value->begin(), value->end(), item) != value->end();
}

bool IsPrefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

std::string Tail(const std::vector<std::string>& items) {
  std::string text = StrCat("(", items.size(), ")");
  for (size_t i = items.size() > 8 ? items.size() - 8 : 0; i < items.size(); ++i) {
    StrAppend(&text, " ", items[i].substr(0, 80));
  }
  return text;
}

// Of keys of which some expire. As in Redis, a key lives in the very millisecond it expires at.
Contents LivingAt(int64_t now_ms, Contents contents) {
  std::erase_if(contents, [&](const auto& item) {
    return ExpiresByName(item.first) && NumberAt({item}, item.first) < now_ms;
  });
  return contents;
}

// A key that is in one only, or not the same in both; or nothing.
std::string DifferenceIn(const Contents& a, const Contents& b) {
  for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    for (const auto& [key, value] : *one) {
      const std::vector<std::string>* there = ValueOf(*other, key);
      if (there == nullptr) return StrCat(key, ", which one has: ", Tail(value));
      if (*there != value) return StrCat(key, ": ", Tail(value), " and ", Tail(*there));
    }
  }
  return {};
}

std::string DoneKey(std::string_view queue) { return StrCat("d", queue.substr(1)); }

}  // namespace

std::string Operation::ToString() const {
  static constexpr const char* kNames[] = {"push",   "mset",   "set",   "incr", "cas",
                                           "create", "rename", "queue", "move", "pop",
                                           "delete", "drop",   "copy",  "lease"};
  std::string text = StrCat("#", number, " ", std::string_view(kNames[static_cast<int>(kind)]));
  for (const std::string& key : keys) StrAppend(&text, " ", key);
  if (target != 0) StrAppend(&text, " of #", target);
  if (level >= 0) StrAppend(&text, " level ", level);
  if (item != 0) StrAppend(&text, " item ", item);
  StrAppend(&text, " (asked at ", called == kNever ? 0 : called, ", known at ",
            known == kNever ? std::string("never") : StrCat(known), ")");
  return text;
}

Operation& History::Add(Kind kind) {
  const uint64_t number = next_number_++;
  Operation& operation = operations_[number];
  operation.kind = kind;
  operation.number = number;
  ++counts_.operations;
  return operation;
}

Operation* History::Find(uint64_t number) {
  const auto it = operations_.find(number);
  return it == operations_.end() ? nullptr : &it->second;
}

void History::Know(uint64_t number, int64_t now_us) {
  Operation* operation = Find(number);
  if (operation == nullptr || operation->known != kNever) return;
  operation->known = Tick();
  operation->known_us = now_us;
}

void History::Saw(const std::string& key, int64_t level, int64_t now_us) {
  std::vector<Sight>& sights = sights_[key];
  if (sights.empty() || sights.back().level < level) sights.push_back({level, Tick(), now_us});
}

void History::BeginLife(bool always, bool everysec) {
  snapshots_.clear();
  log_on_ = true;
  durable_before_ = always ? kNever : 0;
  only_everysec_ = always || everysec;
}

void History::Cut(int64_t now_us, Contents contents) {
  cut_us_ = now_us;
  clean_ = false;
  at_cut_ = std::move(contents);
}

bool History::Holds(const Contents& found, const std::string& key, uint64_t number) const {
  if (key[0] != 'a') return InList(found, key, StrCat(number));
  const std::vector<std::string>* value = ValueOf(found, key);
  if (value == nullptr) return false;
  const std::string& text = (*value)[0];
  for (size_t at = 0; at + kTokenBytes <= text.size(); at += kTokenBytes) {
    int64_t token = 0;
    size_t from = at;
    while (from < at + kTokenBytes - 2 && text[from] == '0') ++from;
    if (ParseInt64(std::string_view(text).substr(from, at + kTokenBytes - 1 - from), &token) &&
        token == static_cast<int64_t>(number)) {
      return true;
    }
  }
  return false;
}

// Whether the operation survived.
History::Fate History::FateOf(const Operation& op, const Contents& found, std::string* torn) const {
  size_t there = 0;
  auto fate = [&](size_t of) {
    if (there != 0 && there != of) *torn = StrCat("torn: ", op.ToString());
    return there != 0 ? Fate::kThere : Fate::kGone;
  };
  switch (op.kind) {
    case Kind::kPush:
      for (const std::string& key : op.keys) there += Holds(found, key, op.number);
      return fate(op.keys.size());
    case Kind::kMset: {
      for (const std::string& key : op.keys) there += found.contains(key);
      const Fate keys = fate(op.keys.size());
      if (keys == Fate::kThere || op.deleted_by == 0) return keys;
      const auto deleter = operations_.find(op.deleted_by);
      if (deleter == operations_.end() || deleter->second.kind == Kind::kDrop) {
        return Fate::kUnknown;
      }
      return Holds(found, deleter->second.keys[0], op.deleted_by) ? Fate::kThere : Fate::kGone;
    }
    case Kind::kSet:
      return NumberAt(found, op.keys[0]) >= static_cast<int64_t>(op.number) ? Fate::kThere
                                                                            : Fate::kGone;
    case Kind::kIncr:
      if (op.level < 0) return Fate::kUnknown;
      return NumberAt(found, op.keys[0]) >= op.level ? Fate::kThere : Fate::kGone;
    case Kind::kCas: {
      const bool pushed = Holds(found, op.keys[1], op.number);
      const bool raised = NumberAt(found, op.keys[0]) >= op.level;
      if (pushed && !raised) *torn = StrCat("torn: ", op.ToString());
      // Another one may have raised it to the same level; and to which this one did is not known
      // before its answer.
      if (op.known != kNever && op.level >= 0 && raised && !pushed)
        *torn = StrCat("torn: ", op.ToString());
      return pushed ? Fate::kThere : Fate::kGone;
    }
    case Kind::kCreate: {
      const bool source = found.contains(op.keys[0]);
      const bool moved = found.contains(StrCat("r:", op.number, ":d"));
      if (source && moved) *torn = StrCat("in both places: ", op.ToString());
      return source || moved ? Fate::kThere : Fate::kGone;
    }
    case Kind::kRename:
      return found.contains(StrCat("r:", op.target, ":d")) ? Fate::kThere : Fate::kGone;
    case Kind::kQueue: {
      const std::string& key = op.keys[0];
      if (InList(found, key, StrCat(op.number))) return Fate::kThere;
      if (key[0] == 'q') {
        return InList(found, DoneKey(key), StrCat(op.number)) ? Fate::kThere : Fate::kGone;
      }
      // Popped, or lost, unless nobody had popped it.
      return InList(at_cut_, key, StrCat(op.number)) ? Fate::kGone : Fate::kUnknown;
    }
    case Kind::kMove:
      if (op.item == 0) return Fate::kUnknown;
      return InList(found, op.keys[1], StrCat(op.item)) ? Fate::kThere : Fate::kGone;
    case Kind::kPop:
      if (op.item == 0) return Fate::kUnknown;
      for (const std::string& key : op.keys) there += InList(found, key, StrCat(op.item));
      return there > 0 ? Fate::kGone : Fate::kUnknown;
    case Kind::kDelete: {
      const bool marked = Holds(found, op.keys[0], op.number);
      for (size_t i = 1; i < op.keys.size(); ++i) there += found.contains(op.keys[i]);
      if (marked && there > 0) *torn = StrCat("torn: ", op.ToString());
      return marked ? Fate::kThere : Fate::kGone;
    }
    case Kind::kDrop:
      for (const std::string& key : op.keys) there += found.contains(key);
      return there > 0 ? Fate::kGone : Fate::kUnknown;
    case Kind::kCopy:
      return found.contains(op.keys[0]) ? Fate::kThere : Fate::kGone;
    case Kind::kLease: {
      const std::string number = StrCat(op.number);
      const bool kept = InList(found, op.keys[0], number);
      const bool lives = InList(at_cut_, op.keys[0], number);
      const bool tied = op.keys.size() > 1;
      const bool marked = tied && Holds(found, op.keys[1], op.number);
      if (tied && kept != marked && (kept || lives)) *torn = StrCat("torn: ", op.ToString());
      if (kept && op.gone_us != kNotGone) *torn = StrCat("had expired, is back: ", op.ToString());
      if (kept || marked) return Fate::kThere;
      return lives || tied ? Fate::kGone : Fate::kUnknown;
    }
  }
  return Fate::kUnknown;
}

std::string History::CheckQueues(const Contents& found) const {
  for (const auto& [key, items] : found) {
    if (key[0] == 'p') {
      const std::set<std::string> once(items.begin(), items.end());
      if (once.size() != items.size()) return StrCat(key, " holds an item twice: ", Tail(items));
      continue;
    }
    if (key[0] != 'q' && key[0] != 'd') continue;
    // What was moved and what is still there are, one behind the other, what was pushed.
    auto all = [&](const Contents& contents) {
      std::vector<std::string> row;
      for (char kind : {'d', 'q'}) {
        const std::vector<std::string>* part =
            ValueOf(contents, StrCat(std::string(1, kind), key.substr(1)));
        if (part != nullptr) row.insert(row.end(), part->begin(), part->end());
      }
      return row;
    };
    const std::vector<std::string> is = all(found), was = all(at_cut_);
    if (!IsPrefix(is, was)) {
      return StrCat("d+q of ", key, " is ", Tail(is), ", which is no first part of ", Tail(was));
    }
  }
  return {};
}

// Each key holds what it held at some moment.
std::string History::CheckExplained(const Contents& found) const {
  for (const auto& [key, value] : found) {
    const std::vector<std::string>* before = ValueOf(at_cut_, key);
    auto wrong = [&](const char* what) {
      return StrCat(key, " ", std::string_view(what), ": it holds ", Tail(value),
                    ", before the cut ",
                    before == nullptr ? std::string("nothing") : Tail(*before));
    };
    switch (key[0]) {
      case 'l':
      case 'd':
      case 'x':
      case 'e':
        if (before == nullptr || !IsPrefix(value, *before)) return wrong("is no first part");
        break;
      case 'a':
        if (before == nullptr || !(*before)[0].starts_with(value[0]))
          return wrong("is no first part");
        break;
      case 'c':
      case 's':
      case 'w':
      case 'f':
        if (NumberAt(found, key) > NumberAt(at_cut_, key)) return wrong("is of the future");
        break;
      case 'm':
      case 'r': {
        // m:<number>:... holds the number.
        const std::string number = key.substr(2, key.find(':', 2) - 2);
        if (value[0] != number) return wrong("holds another's value");
        int64_t of = 0;
        if (!ParseInt64(number, &of) || !operations_.contains(static_cast<uint64_t>(of))) {
          return wrong("had been lost for good");
        }
        break;
      }
      case 'k': {
        if (before == nullptr || value != *before) return wrong("is not what was copied");
        const std::vector<std::string>* source = ValueOf(found, key.substr(key.find(':', 2) + 1));
        if (source == nullptr || !IsPrefix(value, *source)) {
          return wrong("holds what its source has lost");
        }
        break;
      }
      default:
        break;
    }
  }
  return CheckQueues(found);
}

// What was known and is not there: whether it had to be.
std::string History::CheckKnown(const Contents& found, uint64_t last_called) {
  auto broken = [&](uint64_t known, int64_t known_us) -> const char* {
    if (known == 0) return "lost, although it survived an earlier cut";
    if (known < durable_before_) return "lost, although it was known to be durable";
    if (known < last_called) return "no prefix: lost";
    if (only_everysec_ && known_us < cut_us_ - kEverysecLimitUs) return "lost, although it is old";
    return nullptr;
  };
  for (const auto& [number, op] : operations_) {
    if (op.known == kNever || op.done_nothing) continue;
    std::string torn;
    if (FateOf(op, found, &torn) != Fate::kGone) continue;
    if (const char* why = broken(op.known, op.known_us)) {
      return StrCat(std::string_view(why), ": ", op.ToString(),
                    "; the last survivor was asked for at ", last_called);
    }
    ++counts_.known_lost;
  }
  for (const auto& [key, sights] : sights_) {
    for (const Sight& sight : sights) {
      if (NumberAt(found, key) >= sight.level) continue;
      if (const char* why = broken(sight.when, sight.when_us)) {
        return StrCat(std::string_view(why), ": ", key, " had been seen at ", sight.level,
                      " at moment ", sight.when, ", and is ", NumberAt(found, key));
      }
    }
  }
  return {};
}

std::string History::CheckSaved(const Contents& found, int64_t now_ms) const {
  if (snapshots_.empty()) return {};
  std::string why;
  for (size_t i = saved_; i < snapshots_.size(); ++i) {
    const std::string key = DifferenceIn(found, LivingAt(now_ms, snapshots_[i]));
    if (key.empty()) return {};
    if (why.empty())
      why = StrCat("snapshot ", i, " of ", snapshots_.size() - 1, " differs in ", key);
  }
  return StrCat("not what a snapshot saw: the ", why);
}

std::string History::Check(const Contents& found, int64_t now_ms) {
  ++counts_.checks;
  at_cut_ = LivingAt(now_ms, std::move(at_cut_));
  if (std::string why = CheckExplained(found); !why.empty()) return why;
  if (std::string why = CheckSaved(found, now_ms); !why.empty()) return why;
  if (clean_) {
    const std::string key = DifferenceIn(found, at_cut_);
    if (!key.empty()) return StrCat("not what there was at a clean end: ", key);
  }
  uint64_t last_called = 0;
  for (const auto& [number, op] : operations_) {
    if (op.done_nothing || op.called == kNever) continue;
    std::string torn;
    const Fate fate = FateOf(op, found, &torn);
    if (!torn.empty()) return torn;
    if (fate == Fate::kThere) last_called = std::max(last_called, op.called);
  }
  if (std::string why = CheckKnown(found, last_called); !why.empty()) return why;

  // What is there stays for ever; of the rest nothing is heard again.
  for (auto it = operations_.begin(); it != operations_.end();) {
    Operation& op = it->second;
    std::string torn;
    const bool there = FateOf(op, found, &torn) == Fate::kThere;
    const bool stays =
        there && op.kind != Kind::kIncr && op.kind != Kind::kCas && op.kind != Kind::kSet;
    counts_.survived += there && op.known != 0;
    if (stays) {
      op.known = 0;
      op.called = 0;
      if (op.gone_us != kNotGone) op.gone_us = -1;  // before anything that is asked now
      ++it;
    } else {
      it = operations_.erase(it);
    }
  }
  for (auto& [number, op] : operations_) {
    if (!operations_.contains(op.deleted_by)) op.deleted_by = 0;
  }
  sights_.clear();
  for (const auto& [key, value] : found) {
    if (std::string_view("cswf").find(key[0]) != std::string_view::npos)
      sights_[key].push_back({NumberAt(found, key), 0, 0});
  }
  at_cut_ = found;
  return {};
}

}  // namespace basalt::sim
