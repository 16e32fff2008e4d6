// Function libraries, and what their functions do.
#include <algorithm>

#include "core/base/strings.h"
#include "tests/sim/names.h"
#include "tests/sim/sim_client.h"

namespace basalt::sim {
namespace {

using Kind = Operation::Kind;

constexpr uint64_t kLibraries = 2;  // of a client

std::string NameOf(const std::string& library) { return library.substr(2); }

}  // namespace

void SimClient::MakeFunction() {
  const uint64_t roll = Below(10);
  if (roll < 4 || workload_.libraries_.empty()) return MakeLibrary();
  if (roll < 7) return MakeFunctionPush();
  const std::string library = workload_.libraries_[Below(workload_.libraries_.size())];
  Ask(0, {{Below(2) == 0 ? "FCALL" : "FCALL_RO", NameOf(library) + "_get", "0"}},
      [this, library](const Replies& replies) {
        workload_.history_.Saw(library, replies[0].integer, now());
      });
}

// A client's own, each time with a larger number: as with SET.
void SimClient::MakeLibrary() {
  Operation& op = New(Kind::kSet);
  op.keys = {StrCat("f:c", id_, "_", Below(kLibraries))};
  const std::string library = op.keys[0];
  Ask(op.number, {{"FUNCTION", "LOAD", "REPLACE", LibraryCode(NameOf(library), op.number)}},
      [this, library, n = op.number](const Replies&) {
        Known(n);
        workload_.libraries_.push_back(library);
      });
}

void SimClient::MakeFunctionPush() {
  Operation& op = New(Kind::kPush);
  for (uint64_t i = 0, n = 1 + Below(3); i < n; ++i) {
    const std::string key = Below(5) == 0 ? Key('a', kStrings) : Key('l', kLists);
    if (std::find(op.keys.begin(), op.keys.end(), key) == op.keys.end()) op.keys.push_back(key);
  }
  const std::string& library = workload_.libraries_[Below(workload_.libraries_.size())];
  Words words = {"FCALL", NameOf(library) + "_push", StrCat(op.keys.size())};
  words.insert(words.end(), op.keys.begin(), op.keys.end());
  words.insert(words.end(), {StrCat(op.number), TextOf(op.number)});
  Ask(op.number, {words}, Knows(op.number));
}

}  // namespace basalt::sim
