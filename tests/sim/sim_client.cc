#include "tests/sim/sim_client.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/base/numbers.h"
#include "core/base/strings.h"

namespace basalt::sim {
namespace {

using Kind = Operation::Kind;

constexpr uint64_t kLists = 6, kStrings = 3, kCounters = 3, kRaised = 2, kQueues = 2;

std::string TextOf(uint64_t number) {
  char text[16];
  std::snprintf(text, sizeof(text), "%07llu;", static_cast<unsigned long long>(number));
  return text;
}

uint64_t NumberOf(std::string_view text) {
  while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
  int64_t number = 0;
  return ParseInt64(text, &number) && number > 0 ? static_cast<uint64_t>(number) : 0;
}

// Of the operation that made the key.
uint64_t NumberInName(std::string_view key) {
  return NumberOf(key.substr(2, key.find(':', 2) - 2));
}

std::string Encode(const std::vector<std::string>& words) {
  std::string text = StrCat("*", words.size(), "\r\n");
  for (const std::string& word : words) StrAppend(&text, "$", word.size(), "\r\n", word, "\r\n");
  return text;
}

// What may be refused while the disk fails.
bool IsRefusal(const ReplyValue& reply) {
  return reply.is_error() && (std::string_view(reply.text).starts_with("MISCONF") ||
                              std::string_view(reply.text).starts_with("EXECABORT"));
}

}  // namespace

SimClient::SimClient(Workload* workload, uint64_t seed, uint32_t operations, bool admin)
    : workload_(*workload),
      random_(seed),
      admin_(admin),
      left_(operations),
      pipeline_(admin           ? 1
                : Below(3) == 0 ? 2 + Below(12)
                                : 1) {}

int64_t SimClient::now() const { return workload_.simulation_.now(); }

void SimClient::Start() {
  fd_ = workload_.network_.Connect(this);
  id_ = StrCat(fd_ - SimNetwork::kListener);
  Later(static_cast<int64_t>(Below(500)));
}

void SimClient::Later(int64_t us) {
  workload_.simulation_.In(us, [this] {
    if (!gone_) Next();
  });
}

void SimClient::Think() {
  if (left_ == 0) return End();
  const uint64_t roll = Below(100);
  const uint64_t most = admin_      ? (roll < 50 ? 200'000 : 4000)
                        : roll < 60 ? 50
                        : roll < 90 ? 2000
                        : roll < 97 ? 20'000
                                    : 400'000;
  Later(static_cast<int64_t>(Below(most)));
}

void SimClient::Next() {
  if (admin_) {
    --left_;
    MakeAdmin();
  } else {
    const uint64_t n = std::min<uint64_t>(left_, 1 + Below(pipeline_));
    left_ -= static_cast<uint32_t>(n);
    for (uint64_t i = 0; i < n; ++i) MakeOne(n == 1);
  }
  Flush();
  if (expected_.empty()) return Think();
  if (!admin_ && Below(120) == 0) HangUp();
}

void SimClient::HangUp() {
  workload_.simulation_.Trace("client ", id_, " hangs up");
  gone_ = true;
  workload_.network_.HangUp(fd_);
  if (left_ > 0) workload_.Connect(left_);
  End();
}

void SimClient::End() { --workload_.working_; }

void SimClient::OnClosed() {
  if (gone_) return;
  gone_ = true;
  // It does when what a reply waits for may never become durable.
  if (!workload_.options_.errors) {
    workload_.Fail(StrCat("client ", id_, ": the server closed the connection"));
  } else if (left_ > 0) {
    workload_.Connect(left_);
  }
  End();
}

// --- requests and replies

void SimClient::Ask(uint64_t number, const std::vector<Words>& commands,
                    std::function<void(const Replies&)> then) {
  for (const Words& words : commands) payload_ += Encode(words);
  if (number != 0) asking_.push_back(number);
  expected_.push_back({number, commands.size(), std::move(then), {}});
  if (!workload_.simulation_.tracing()) return;
  for (const Words& words : commands) {
    std::string text;
    for (const std::string& word : words) StrAppend(&text, " ", word);
    workload_.simulation_.Trace("client ", id_, " >", text);
  }
}

void SimClient::AskAtOnce(uint64_t number, const std::vector<Words>& commands,
                          std::function<void(const Replies&)> then) {
  std::vector<Words> all = {{"MULTI"}};
  all.insert(all.end(), commands.begin(), commands.end());
  all.push_back({"EXEC"});
  Ask(number, all, [this, number, then = std::move(then)](const Replies& replies) {
    if (replies.back().is_null()) return Nothing(number);
    for (const ReplyValue& reply : replies.back().elements) {
      if (reply.is_error()) workload_.Fail(StrCat("EXEC: ", reply.text));
    }
    then(replies.back().elements);
  });
}

void SimClient::Flush() {
  if (payload_.empty()) return;
  for (uint64_t number : std::exchange(asking_, {})) {
    workload_.history_.Ask(*workload_.history_.Find(number));
  }
  workload_.network_.Send(fd_, std::exchange(payload_, {}));
}

void SimClient::OnBytes(std::string_view bytes) {
  if (gone_) return;
  parser_.Feed(bytes);
  ReplyValue reply;
  while (parser_.Next(&reply) == ReplyParser::Result::kReply) {
    if (expected_.empty())
      return workload_.Fail(StrCat("a reply that nobody asked for: ", reply.ToString()));
    Expected& front = expected_.front();
    workload_.simulation_.Trace("client ", id_, " < ", reply.ToString());
    front.got.push_back(std::move(reply));
    if (front.got.size() < front.replies) continue;
    Expected done = std::move(front);
    expected_.pop_front();
    Answered(done);
  }
  if (expected_.empty()) Think();
}

void SimClient::Answered(Expected& expected) {
  for (const ReplyValue& reply : expected.got) {
    if (!reply.is_error()) continue;
    if (admin_) return;  // a rewrite is under way already
    if (!workload_.options_.errors || !IsRefusal(reply)) {
      workload_.Fail(StrCat("client ", id_, " was answered ", reply.ToString()));
    }
    if (expected.number != 0) Nothing(expected.number);
    return;
  }
  expected.then(expected.got);
}

void SimClient::Known(uint64_t number) { workload_.history_.Know(number, now()); }

void SimClient::Nothing(uint64_t number) {
  if (Operation* op = workload_.history_.Find(number)) op->done_nothing = true;
}

// --- operations

void SimClient::MakeOne(bool alone) {
  const uint64_t roll = Below(100);
  if (roll < 13) return MakePush();
  if (roll < 17) return MakeCopy();
  if (roll < 30) return MakePushes();
  if (roll < 40) return MakeMset();
  if (roll < 47) return MakeSet();
  if (roll < 55) return MakeIncr();
  if (roll < 60) return alone ? MakeCas() : MakeIncr();
  if (roll < 64) return MakeCreate();
  if (roll < 69) return MakeRename();
  if (roll < 75) return MakeQueue();
  if (roll < 79) return MakeMove(alone);
  if (roll < 83) return MakePop(alone);
  if (roll < 88) return MakeDelete();
  if (roll < 96) return MakeRead();
  return MakeReads();
}

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

void SimClient::MakeMset() {
  Operation& op = New(Kind::kMset);
  Words words = {"MSET"};
  for (uint64_t i = 0, n = 2 + Below(3); i < n; ++i) {
    op.keys.push_back(StrCat("m:", op.number, ":", i));
    words.push_back(op.keys.back());
    words.push_back(StrCat(op.number));
  }
  workload_.msets_.push_back(op.number);
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
  Ask(op.number, {{"INCR", op.keys[0]}}, [this, n = op.number](const Replies& replies) {
    if (Operation* known = workload_.history_.Find(n)) known->level = replies[0].integer;
    Known(n);
  });
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

// Takes what others may have pushed just now, and nobody knows yet, to another shard.
void SimClient::MakeCopy() {
  Operation& op = New(Kind::kCopy);
  const std::string source = Key('l', kLists);
  op.keys = {StrCat("k:", op.number, ":", source), source};
  workload_.copies_.push_back(op.keys[0]);
  Ask(op.number, {{"COPY", source, op.keys[0]}}, [this, n = op.number](const Replies& replies) {
    replies[0].integer == 1 ? Known(n) : Nothing(n);
  });
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

// --- reading

SimClient::Words SimClient::ReadOf(const std::string& key) {
  if (std::string_view("ldqpk").find(key[0]) != std::string_view::npos) {
    return {"LRANGE", key, key[0] == 'l' || key[0] == 'k' ? "-4" : "0", "-1"};
  }
  return {"GET", key};
}

void SimClient::NoteRead(const std::string& key, const ReplyValue& value) {
  if (value.is_aggregate()) {
    for (const ReplyValue& item : value.elements) Known(NumberOf(item.text));
    if (key[0] == 'k' && !value.elements.empty()) Known(NumberInName(key));
    return;
  }
  if (value.is_null()) return;
  if (key[0] == 'a') {
    for (size_t at = 0; at + 8 <= value.text.size(); at += 8)
      Known(NumberOf(value.text.substr(at, 7)));
    return;
  }
  workload_.history_.Saw(key, static_cast<int64_t>(NumberOf(value.text)), now());
}

void SimClient::NoteMset(uint64_t number, const Replies& values) {
  size_t there = 0;
  for (const ReplyValue& value : values) there += !value.is_null();
  if (there != 0 && there != values.size()) {
    workload_.Fail(StrCat("client ", id_, " saw half of MSET #", number));
  }
  if (there != 0) Known(number);
}

// Keys that are there show what made them.
void SimClient::MakeScan() {
  Ask(0, {{"SCAN", "0", "COUNT", "40"}}, [this](const Replies& replies) {
    for (const ReplyValue& key : replies[0].elements[1].elements) {
      const std::string_view name = key.text;
      if (std::string_view("mrk").find(name[0]) != std::string_view::npos) {
        Known(NumberInName(name));
      }
    }
  });
}

void SimClient::MakeRead() {
  if (Below(4) == 0) return MakeScan();
  if (Below(3) == 0 && !workload_.msets_.empty()) {
    const Operation* mset =
        workload_.history_.Find(workload_.msets_[Below(workload_.msets_.size())]);
    if (mset != nullptr) {
      Words words = {"MGET"};
      words.insert(words.end(), mset->keys.begin(), mset->keys.end());
      return Ask(0, {words}, [this, n = mset->number](const Replies& replies) {
        NoteMset(n, replies[0].elements);
      });
    }
  }
  if (Below(6) == 0 && !workload_.copies_.empty()) {
    const std::string& copy = workload_.copies_[Below(workload_.copies_.size())];
    return Ask(0, {ReadOf(copy)}, [this, copy](const Replies& r) { NoteRead(copy, r[0]); });
  }
  static constexpr struct {
    char kind;
    uint64_t n;
  } kKinds[] = {{'l', kLists},  {'l', kLists},  {'a', kStrings}, {'c', kCounters},
                {'w', kRaised}, {'q', kQueues}, {'d', kQueues},  {'p', kQueues}};
  const auto& kind = kKinds[Below(std::size(kKinds))];
  const std::string key = Key(kind.kind, kind.n);
  Ask(0, {ReadOf(key)}, [this, key](const Replies& replies) { NoteRead(key, replies[0]); });
}

// Several at once, over shards.
void SimClient::MakeReads() {
  const std::vector<std::string> keys = {Key('l', kLists), Key('c', kCounters), Key('l', kLists)};
  std::vector<Words> commands;
  for (const std::string& key : keys) commands.push_back(ReadOf(key));
  AskAtOnce(0, commands, [this, keys](const Replies& replies) {
    for (size_t i = 0; i < keys.size(); ++i) NoteRead(keys[i], replies[i]);
  });
}

// --- the server itself

void SimClient::MakeAdmin() {
  const Workload::Options& options = workload_.options_;
  if (options.change_policy && (!options.rewrite || Below(2) == 0)) {
    static constexpr const char* kPolicies[] = {"always", "everysec", "no"};
    const uint64_t policy = Below(3);
    const bool always = policy == 0;
    workload_.history_.AskForPolicy(always);
    return Ask(0, {{"CONFIG", "SET", "appendfsync", kPolicies[policy]}},
               [this, always](const Replies&) { workload_.history_.PolicyHolds(always); });
  }
  if (!options.rewrite) return;
  Ask(0, {{"BGREWRITEAOF"}}, [](const Replies&) {});
}

}  // namespace basalt::sim
