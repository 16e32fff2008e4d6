// What clients read, and what that tells.
#include <iterator>

#include "core/base/strings.h"
#include "tests/sim/names.h"
#include "tests/sim/sim_client.h"

namespace basalt::sim {

SimClient::Words SimClient::ReadOf(const std::string& key) {
  if (std::string_view("ldqpkx").find(key[0]) != std::string_view::npos) {
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
      if (name[0] == 'e') NoteShown(NumberInName(name), -1);
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

}  // namespace basalt::sim
