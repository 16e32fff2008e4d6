// Keys that expire: lists to which many push (x:), of which each expires when its time has come and
// then begins anew, and strings of one operation each (e:).
#include "core/base/strings.h"
#include "tests/sim/names.h"
#include "tests/sim/sim_client.h"

namespace basalt::sim {
namespace {

using Kind = Operation::Kind;

constexpr uint64_t kExpiringLists = 3;

// Whoever begins the list says how long it is there; nobody else changes that.
constexpr char kPushForAWhile[] =
    "redis.call('RPUSH', KEYS[1], ARGV[1])\n"
    "redis.call('PEXPIRE', KEYS[1], ARGV[2], 'NX')\n"
    "if KEYS[2] then redis.call('RPUSH', KEYS[2], ARGV[1]) end\n"
    "return redis.call('PEXPIRETIME', KEYS[1])";

}  // namespace

int64_t SimClient::now_ms() const { return workload_.simulation_.clock().UnixMillis(); }

void SimClient::MakeLease() {
  const uint64_t roll = Below(10);
  if (roll < 4) return MakeLeasePush();
  if (roll < 6) return MakeLeaseSet();
  MakeLeaseRead();
}

int64_t SimClient::SomeMillis() {
  const uint64_t most[] = {5, 60, 3000};
  return 1 + static_cast<int64_t>(Below(most[Below(3)]));
}

void SimClient::MakeLeasePush() {
  Operation& op = New(Kind::kLease);
  const uint64_t number = op.number;
  op.keys = {Key('x', kExpiringLists)};
  if (Below(2) == 0) op.keys.push_back(Key('l', kLists));
  const std::string ms = StrCat(SomeMillis());
  auto knows = [this, number](int64_t expires_ms) {
    if (Operation* known = workload_.history_.Find(number)) known->expires_ms = expires_ms;
    Known(number);
  };
  if (workload_.options_.scripts && Below(3) == 0) {
    return Ask(number, {Eval(kPushForAWhile, op.keys, {StrCat(number), ms})},
               [knows](const Replies& replies) { knows(replies[0].integer); });
  }
  std::vector<Words> commands = {
      PushTo(op.keys[0], number), {"PEXPIRE", op.keys[0], ms, "NX"}, {"PEXPIRETIME", op.keys[0]}};
  if (op.keys.size() > 1) commands.push_back(PushTo(op.keys[1], number));
  AskAtOnce(number, commands, [knows](const Replies& replies) { knows(replies[2].integer); });
}

void SimClient::MakeLeaseSet() {
  Operation& op = New(Kind::kLease);
  op.keys = {StrCat("e:", op.number)};
  const std::string value = StrCat(op.number);
  Words words = {"SET", op.keys[0], value, "PX", StrCat(SomeMillis())};
  if (Below(2) == 0) {
    op.expires_ms = now_ms() + SomeMillis();
    words[3] = "PXAT";
    words[4] = StrCat(op.expires_ms);
  } else if (Below(2) == 0) {
    words = {"PSETEX", op.keys[0], words[4], value};
  }
  workload_.leases_.push_back(op.keys[0]);
  Ask(op.number, {words}, Knows(op.number));
}

void SimClient::MakeLeaseRead() {
  std::string key = Key('x', kExpiringLists);
  if (Below(3) == 0 && !workload_.leases_.empty())
    key = workload_.leases_[Below(workload_.leases_.size())];
  const Words read = ReadOf(key);
  if (Below(2) == 0) {
    return Ask(0, {read}, [this, key](const Replies& replies) { NoteLease(key, replies[0], -1); });
  }
  AskAtOnce(0, {read, {"PEXPIRETIME", key}}, [this, key](const Replies& replies) {
    NoteLease(key, replies[0], replies[1].integer);
  });
}

// `expires_ms`: below 0 unknown, or there is no such key.
void SimClient::NoteLease(const std::string& key, const ReplyValue& value, int64_t expires_ms) {
  const bool list = value.is_aggregate();
  std::set<uint64_t> shown;
  if (!list && !value.is_null()) shown.insert(NumberOf(value.text));
  for (const ReplyValue& item : value.elements) shown.insert(NumberOf(item.text));
  for (uint64_t number : shown) NoteShown(number, expires_ms);
  workload_.history_.ForEachLease(key, [&](Operation& op) {
    if (shown.contains(op.number) || (op.known != 0 && op.known_us >= asked_us_)) return;
    if (op.known == kNever || op.done_nothing) return;
    if (op.expires_ms >= now_ms()) {
      workload_.Fail(StrCat("client ", id_, " was not shown ", op.ToString(), " before its time, ",
                            op.expires_ms));
    }
    if (op.gone_us == kNotGone) op.gone_us = now();
  });
}

void SimClient::NoteShown(uint64_t number, int64_t expires_ms) {
  Known(number);
  Operation* op = workload_.history_.Find(number);
  if (op == nullptr) return;
  if (op->gone_us < asked_us_) {
    workload_.Fail(StrCat("client ", id_, " was shown what had expired: ", op->ToString()));
  }
  if (expires_ms >= 0) {
    if (op->expires_ms >= 0 && op->expires_ms != expires_ms) {
      workload_.Fail(
          StrCat(op->ToString(), " changed its time from ", op->expires_ms, " to ", expires_ms));
    }
    op->expires_ms = expires_ms;
  }
  if (op->expires_ms >= 0 && op->expires_ms < asked_ms_) {
    workload_.Fail(StrCat("client ", id_, " was shown, after its time, ", op->expires_ms, ": ",
                          op->ToString()));
  }
}

}  // namespace basalt::sim
