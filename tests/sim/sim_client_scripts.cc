// The same operations as in sim_client_writes.cc and sim_client_reads.cc, done by scripts: with
// keys that they declare, that they do not declare, on one shard or several, and with calls that
// fail.
#include <algorithm>
#include <utility>

#include "core/base/strings.h"
#include "tests/sim/names.h"
#include "tests/sim/sim_client.h"

namespace basalt::sim {
namespace {

using Kind = Operation::Kind;

// Its text says that it keeps to its keys.
constexpr char kRaise[] =
    "local level = tonumber(redis.call('GET', KEYS[1]) or '0') + 1\n"
    "redis.call('SET', KEYS[1], level)\n"
    "redis.call('RPUSH', KEYS[2], ARGV[1])\n"
    "return level";
constexpr char kCopyItems[] =
    "local items = redis.call('LRANGE', KEYS[2], 0, -1)\n"
    "if #items == 0 then return 0 end\n"
    "redis.call('RPUSH', KEYS[1], unpack(items))\n"
    "return 1";
// These compute names.
constexpr char kSetAll[] = "for i = 2, #ARGV do redis.call('SET', ARGV[i], ARGV[1]) end";
constexpr char kReadAll[] =
    "local all = {}\n"
    "for i, key in ipairs(ARGV) do\n"
    "  if string.find('ldqpk', string.sub(key, 1, 1)) then\n"
    "    all[i] = redis.call('LRANGE', key, 0, -1)\n"
    "  else\n"
    "    all[i] = redis.call('GET', key)\n"
    "  end\n"
    "end\n"
    "return all";

std::string CallOf(const std::vector<std::string>& command, bool protectedly) {
  std::string text = protectedly ? "redis.pcall(" : "redis.call(";
  for (size_t i = 0; i < command.size(); ++i) {
    const std::string& word = command[i];
    // KEYS[...] and ARGV[...] stand for themselves.
    const bool literal = !word.ends_with(']');
    StrAppend(&text, i == 0 ? "" : ", ", literal ? StrCat("'", word, "'") : word);
  }
  return StrCat(text, ")\n");
}

}  // namespace

SimClient::Words SimClient::Eval(const std::string& code, const Words& keys, const Words& args) {
  Words words = {"EVAL", code, StrCat(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), args.begin(), args.end());
  return words;
}

void SimClient::MakeScript() {
  const uint64_t roll = Below(100);
  if (roll < 55) return MakeScriptPush();
  if (roll < 65) return MakeScriptCopy();
  if (roll < 75) return MakeScriptRaise();
  if (roll < 85) return MakeScriptMset();
  MakeScriptRead();
}

// Pushes to some keys, in a text of its own. A call that is wrong may stand somewhere: by
// redis.call it ends the script there, and what was done before stays done.
void SimClient::MakeScriptPush() {
  enum Naming { kDeclared, kPassed, kLiteral };
  const auto naming = static_cast<Naming>(Below(3));
  Operation& op = New(Kind::kPush);
  const uint64_t number = op.number;
  Words keys, args = {StrCat(number), TextOf(number)};
  const uint64_t n = 1 + Below(3);
  const uint64_t wrong_at = Below(4) == 0 ? Below(n) : n;  // n: nothing is
  const bool may_end = Below(2) == 0;
  bool ends = false;
  std::string code;
  for (uint64_t i = 0; i < n; ++i) {
    const std::string key = Below(5) == 0 ? Key('a', kStrings) : Key('l', kLists);
    if (std::find(op.keys.begin(), op.keys.end(), key) != op.keys.end()) continue;
    std::string name = key;
    if (naming == kDeclared) {
      keys.push_back(key);
      name = StrCat("KEYS[", keys.size(), "]");
    } else if (naming == kPassed) {
      args.push_back(key);
      name = StrCat("ARGV[", args.size(), "]");
    }
    const bool list = key[0] == 'l';
    StrAppend(&code,
              CallOf({list ? "RPUSH" : "APPEND", name, list ? "ARGV[1]" : "ARGV[2]"}, false));
    op.keys.push_back(key);
    if (i != wrong_at) continue;
    StrAppend(&code, CallOf({list ? "INCR" : "RPOP", name}, !may_end));
    if ((ends = may_end)) break;
  }
  if (naming == kLiteral && Below(2) == 0) keys = {op.keys.back()};
  const Words eval = Eval(code, keys, args);
  if (ends) return Ask(number, {eval}, Knows(number), /*fails=*/true);
  if (Below(3) != 0) return Ask(number, {eval}, Knows(number));
  // Among others in a transaction.
  std::vector<Words> commands = {eval};
  const std::string other = Key('l', kLists);
  if (std::find(op.keys.begin(), op.keys.end(), other) == op.keys.end()) {
    op.keys.push_back(other);
    commands.insert(commands.begin() + static_cast<ptrdiff_t>(Below(2)), PushTo(other, number));
  }
  AskAtOnce(number, commands, Knows(number));
}

void SimClient::MakeScriptCopy() {
  Operation& op = NewCopy();
  Ask(op.number, {Eval(kCopyItems, op.keys, {})}, KnowsIfOne(op.number));
}

void SimClient::MakeScriptRaise() {
  Operation& op = New(Kind::kCas);
  op.keys = {Key('w', kRaised), Key('l', kLists)};
  Ask(op.number, {Eval(kRaise, op.keys, {StrCat(op.number)})}, KnowsLevel(op.number));
}

void SimClient::MakeScriptMset() {
  Operation& op = NewMset();
  Words args = {StrCat(op.number)};
  args.insert(args.end(), op.keys.begin(), op.keys.end());
  // Some are declared, some are not.
  const Words keys(op.keys.begin(), op.keys.begin() + static_cast<ptrdiff_t>(Below(2)));
  Ask(op.number, {Eval(kSetAll, keys, args)}, Knows(op.number));
}

void SimClient::MakeScriptRead() {
  const Words keys = {Key('l', kLists), Key('c', kCounters), Key('w', kRaised), Key('a', kStrings)};
  const Words declared(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(Below(3)));
  Ask(0, {Eval(kReadAll, declared, keys)}, [this, keys](const Replies& replies) {
    // A table ends at its first nil.
    for (size_t i = 0; i < replies[0].elements.size(); ++i) {
      NoteRead(keys[i], replies[0].elements[i]);
    }
  });
}

}  // namespace basalt::sim
