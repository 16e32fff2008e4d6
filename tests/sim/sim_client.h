// One client: sends a few operations at a time, waits for their answers, thinks, and goes on; now
// and then it hangs up without waiting, and another takes its place.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/resp/reply_parser.h"
#include "tests/sim/history.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/workload.h"

namespace basalt::sim {

class SimClient final : public ClientEnd {
 public:
  SimClient(Workload* workload, uint64_t seed, uint32_t operations, bool admin);

  void Start();
  void OnBytes(std::string_view bytes) override;
  void OnClosed() override;

 private:
  using Words = std::vector<std::string>;
  using Replies = std::vector<ReplyValue>;
  using Then = std::function<void(const Replies&)>;

  struct Expected {
    uint64_t number;  // of the operation; 0: none
    size_t replies;
    Then then;
    bool fails;
    int64_t asked_us;
    int64_t asked_ms;
    Replies got;
  };

  uint64_t Below(uint64_t n) { return random_.Below(n); }
  std::string Key(char kind, uint64_t n) {
    return std::string(1, kind) + ":" + std::to_string(Below(n));
  }
  int64_t now() const;
  int64_t now_ms() const;  // Unix time

  void Think();
  void Next();
  void Later(int64_t us);
  void HangUp();
  void End();

  // Adds commands to what is sent next; `then` gets their replies. `fails`: the last is an error.
  void Ask(uint64_t number, const std::vector<Words>& commands, Then then, bool fails = false);
  // The same as one transaction; `then` gets the elements of EXEC's reply.
  void AskAtOnce(uint64_t number, const std::vector<Words>& commands, Then then);
  void Flush();
  void Answered(Expected& expected);
  Operation& New(Operation::Kind kind) { return workload_.history_.Add(kind); }
  void Known(uint64_t number);
  void Nothing(uint64_t number);
  Then Knows(uint64_t number) {
    return [this, number](const Replies&) { Known(number); };
  }
  Then KnowsIfOne(uint64_t number);  // any other reply: it has done nothing
  Then KnowsLevel(uint64_t number);  // which is the reply
  Operation& NewMset();
  Operation& NewCopy();

  void MakeOne(bool alone);
  void MakePush();
  void MakePushes();
  void MakeMset();
  void MakeSet();
  void MakeIncr();
  void MakeCas();
  void MakeCreate();
  void MakeRename();
  void MakeCopy();
  void MakeQueue();
  void MakeMove(bool alone);
  void MakePop(bool alone);
  void MakeDelete();
  void MakeRead();
  void MakeScan();
  void MakeReads();
  void MakeScript();
  void MakeScriptPush();
  void MakeScriptCopy();
  void MakeScriptRaise();
  void MakeScriptMset();
  void MakeScriptRead();
  Words Eval(const std::string& code, const Words& keys, const Words& args);
  void MakeFunction();
  void MakeLibrary();
  void MakeFunctionPush();
  void MakeLease();
  void MakeLeasePush();
  void MakeLeaseSet();
  void MakeLeaseRead();
  int64_t SomeMillis();
  void NoteLease(const std::string& key, const ReplyValue& value, int64_t expires_ms);
  void NoteShown(uint64_t number, int64_t expires_ms);
  void MakeAdmin();
  void SwitchLog();
  void AskToStop();
  Words ReadOf(const std::string& key);
  void NoteRead(const std::string& key, const ReplyValue& value);
  void NoteMset(uint64_t number, const Replies& values);
  Words PushTo(const std::string& key, uint64_t number);

  Workload& workload_;
  Random random_;
  const bool admin_;
  uint32_t left_;
  const uint64_t pipeline_;
  int fd_ = -1;
  bool gone_ = false;
  std::string id_;
  ReplyParser parser_;
  std::string payload_;
  std::vector<uint64_t> asking_;  // operations in the payload
  std::deque<Expected> expected_;
  // Of what is being answered.
  int64_t asked_us_ = 0, asked_ms_ = 0;
};

}  // namespace basalt::sim
