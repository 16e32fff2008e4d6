// What clients write.
#include <algorithm>
#include <utility>

#include "core/base/strings.h"
#include "tests/sim/names.h"
#include "tests/sim/sim_client.h"

namespace basalt::sim {
namespace {

using Kind = Operation::Kind;

}  // namespace

SimClient::Words SimClient::PushTo(const std::string& key, uint64_t number) {
  if (key[0] == 'a') return {"APPEND", key, TextOf(number)};
  return {"RPUSH", key, StrCat(number)};
}

void SimClient::MakePush() {
  Operation& op = New(Kind::kPush);
  op.keys = {Below(4) == 0 ? Key('a', kStrings) : Key('l', kLists)};
  Ask(op.number, {PushTo(op.keys[0], op.number)}, Knows(op.number));
}

void SimClient::MakePushes() {
  Operation& op = New(Kind::kPush);
  std::vector<Words> commands;
  for (uint64_t i = 0, n = 2 + Below(2); i < n; ++i) {
    std::string key = Below(5) == 0 ? Key('a', kStrings) : Key('l', kLists);
    if (std::find(op.keys.begin(), op.keys.end(), key) != op.keys.end()) continue;
    commands.push_back(PushTo(key, op.number));
    op.keys.push_back(std::move(key));
  }
  AskAtOnce(op.number, commands, Knows(op.number));
}

// Of keys of its own.
Operation& SimClient::NewMset() {
  Operation& op = New(Kind::kMset);
  for (uint64_t i = 0, n = 2 + Below(3); i < n; ++i)
    op.keys.push_back(StrCat("m:", op.number, ":", i));
  workload_.msets_.push_back(op.number);
  return op;
}

void SimClient::MakeMset() {
  Operation& op = NewMset();
  Words words = {"MSET"};
  for (const std::string& key : op.keys) {
    words.push_back(key);
    words.push_back(StrCat(op.number));
  }
  Ask(op.number, {words}, Knows(op.number));
}

void SimClient::MakeSet() {
  Operation& op = New(Kind::kSet);
  op.keys = {StrCat("s:", id_, ":", Below(3))};
  Ask(op.number, {{"SET", op.keys[0], StrCat(op.number)}}, Knows(op.number));
}

void SimClient::MakeIncr() {
  Operation& op = New(Kind::kIncr);
  op.keys = {Key('c', kCounters)};
  Ask(op.number, {{"INCR", op.keys[0]}}, KnowsLevel(op.number));
}

SimClient::Then SimClient::KnowsLevel(uint64_t number) {
  return [this, number](const Replies& replies) {
    if (Operation* known = workload_.history_.Find(number)) known->level = replies[0].integer;
    Known(number);
  };
}

// Raises a number by one unless somebody else does meanwhile; and that one did shows, too.
void SimClient::MakeCas() {
  const std::string key = Key('w', kRaised);
  Ask(0, {{"GET", key}, {"WATCH", key}, {"GET", key}}, [this, key](const Replies& replies) {
    const auto level = static_cast<int64_t>(NumberOf(replies[2].text));
    const bool steady = NumberOf(replies[0].text) == NumberOf(replies[2].text);
    if (level > 0) workload_.history_.Saw(key, level, now());
    Operation& op = New(Kind::kCas);
    op.keys = {key, Key('l', kLists)};
    op.level = level + 1;
    const std::vector<Words> commands = {
        {"MULTI"}, {"SET", key, StrCat(op.level)}, PushTo(op.keys[1], op.number), {"EXEC"}};
    Ask(op.number, commands, [this, key, level, steady, n = op.number](const Replies& all) {
      if (!all.back().is_null()) return Known(n);
      Nothing(n);
      if (steady) workload_.history_.Saw(key, level + 1, now());
    });
    Flush();
  });
}

void SimClient::MakeCreate() {
  Operation& op = New(Kind::kCreate);
  op.keys = {StrCat("r:", op.number, ":s")};
  Ask(op.number, {{"SET", op.keys[0], StrCat(op.number)}}, [this, n = op.number](const Replies&) {
    Known(n);
    workload_.creates_.push_back(n);
  });
}

void SimClient::MakeRename() {
  if (workload_.creates_.empty()) return MakeCreate();
  const size_t i = Below(workload_.creates_.size());
  const uint64_t target = workload_.creates_[i];
  workload_.creates_.erase(workload_.creates_.begin() + static_cast<ptrdiff_t>(i));
  Operation& op = New(Kind::kRename);
  op.target = target;
  Ask(op.number, {{"RENAME", StrCat("r:", target, ":s"), StrCat("r:", target, ":d")}},
      Knows(op.number));
}

// Takes what others may have pushed just now, and nobody knows yet, to another shard. Its keys are
// the copy and the source.
Operation& SimClient::NewCopy() {
  Operation& op = New(Kind::kCopy);
  const std::string source = Key('l', kLists);
  op.keys = {StrCat("k:", op.number, ":", source), source};
  workload_.copies_.push_back(op.keys[0]);
  return op;
}

SimClient::Then SimClient::KnowsIfOne(uint64_t number) {
  return [this, number](const Replies& replies) {
    replies[0].integer == 1 ? Known(number) : Nothing(number);
  };
}

void SimClient::MakeCopy() {
  Operation& op = NewCopy();
  Ask(op.number, {{"COPY", op.keys[1], op.keys[0]}}, KnowsIfOne(op.number));
}

void SimClient::MakeQueue() {
  Operation& op = New(Kind::kQueue);
  op.keys = {Key(Below(2) == 0 ? 'q' : 'p', kQueues)};
  Ask(op.number, {PushTo(op.keys[0], op.number)}, Knows(op.number));
}

void SimClient::MakeMove(bool alone) {
  Operation& op = New(Kind::kMove);
  const uint64_t i = Below(kQueues);
  op.keys = {StrCat("q:", i), StrCat("d:", i)};
  Words words = {"LMOVE", op.keys[0], op.keys[1], "LEFT", "RIGHT"};
  if (alone && Below(2) == 0) {
    words[0] = "BLMOVE";
    words.push_back(StrCat("0.", 1 + Below(9)));
  }
  Ask(op.number, {words}, [this, n = op.number](const Replies& replies) {
    if (replies[0].is_null()) return Nothing(n);
    if (Operation* known = workload_.history_.Find(n)) known->item = NumberOf(replies[0].text);
    Known(NumberOf(replies[0].text));
    Known(n);
  });
}

void SimClient::MakePop(bool alone) {
  Operation& op = New(Kind::kPop);
  for (uint64_t i = 0; i < kQueues; ++i) op.keys.push_back(StrCat("p:", i));
  const bool blocking = alone && Below(3) != 0;
  Words words = {"LPOP", op.keys[Below(kQueues)]};
  if (blocking) words = {"BLPOP", op.keys[0], op.keys[1], StrCat("0.", 1 + Below(9))};
  Ask(op.number, {words}, [this, n = op.number, blocking](const Replies& replies) {
    if (replies[0].is_null()) return Nothing(n);
    const uint64_t item = NumberOf(blocking ? replies[0].elements[1].text : replies[0].text);
    if (Operation* known = workload_.history_.Find(n)) known->item = item;
    Known(n);
  });
}

// Of an MSET whose answer nobody may have seen yet: then there may be nothing to delete, and it
// comes back.
void SimClient::MakeDelete() {
  std::erase_if(workload_.msets_, [&](uint64_t n) {
    const Operation* mset = workload_.history_.Find(n);
    return mset == nullptr || mset->done_nothing;
  });
  std::vector<uint64_t> known;
  for (uint64_t n : workload_.msets_) {
    const Operation* mset = workload_.history_.Find(n);
    if (mset->known != kNever && mset->deleted_by == 0) known.push_back(n);
  }
  if (known.empty()) return MakeMset();
  const uint64_t target = known[Below(known.size())];
  const bool marked = Below(2) == 0;
  Operation& op = New(marked ? Kind::kDelete : Kind::kDrop);
  Operation& mset = *workload_.history_.Find(target);
  mset.deleted_by = op.number;
  op.target = target;
  Words del = {Below(2) == 0 ? "DEL" : "UNLINK"};
  del.insert(del.end(), mset.keys.begin(), mset.keys.end());
  if (marked) op.keys = {Key('l', kLists)};
  op.keys.insert(op.keys.end(), mset.keys.begin(), mset.keys.end());
  if (!marked) return Ask(op.number, {del}, Knows(op.number));
  AskAtOnce(op.number, {del, PushTo(op.keys[0], op.number)}, Knows(op.number));
}

}  // namespace basalt::sim
