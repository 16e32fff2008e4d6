#include "tests/sim/sim_client.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/strings.h"

namespace basalt::sim {
namespace {

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

void SimClient::Ask(uint64_t number, const std::vector<Words>& commands, Then then, bool fails) {
  for (const Words& words : commands) payload_ += Encode(words);
  if (number != 0) asking_.push_back(number);
  expected_.push_back({number, commands.size(), std::move(then), fails, now(), now_ms(), {}});
  if (!workload_.simulation_.tracing()) return;
  for (const Words& words : commands) {
    std::string text;
    for (const std::string& word : words) StrAppend(&text, " ", word);
    workload_.simulation_.Trace("client ", id_, " >", text);
  }
}

void SimClient::AskAtOnce(uint64_t number, const std::vector<Words>& commands, Then then) {
  std::vector<Words> all = {{"MULTI"}};
  all.insert(all.end(), commands.begin(), commands.end());
  all.push_back({"EXEC"});
  Ask(number, all, [this, number, then = std::move(then)](const Replies& replies) {
    if (replies.back().is_null()) return Nothing(number);
    const Replies& elements = replies.back().elements;
    size_t refused = 0;
    for (const ReplyValue& reply : elements) {
      refused += workload_.options_.errors && IsRefusal(reply);
      if (reply.is_error() && refused == 0) workload_.Fail(StrCat("EXEC: ", reply.text));
    }
    if (refused == elements.size()) return Nothing(number);
    if (refused > 0) workload_.Fail(StrCat("EXEC was done in part: ", replies.back().ToString()));
    then(elements);
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
  asked_us_ = expected.asked_us;
  asked_ms_ = expected.asked_ms;
  for (const ReplyValue& reply : expected.got) {
    if (!reply.is_error() || (expected.fails && !IsRefusal(reply))) continue;
    if (admin_) return;  // a rewrite is under way already
    if (!workload_.options_.errors || !IsRefusal(reply)) {
      workload_.Fail(StrCat("client ", id_, " was answered ", reply.ToString()));
    }
    if (expected.number != 0) Nothing(expected.number);
    return;
  }
  if (expected.fails && !expected.got.back().is_error()) {
    workload_.Fail(
        StrCat("client ", id_, " was answered without an error: ", expected.got.back().ToString()));
  }
  expected.then(expected.got);
}

void SimClient::Known(uint64_t number) { workload_.history_.Know(number, now()); }

void SimClient::Nothing(uint64_t number) {
  if (Operation* op = workload_.history_.Find(number)) op->done_nothing = true;
}

// --- operations

void SimClient::MakeOne(bool alone) {
  if (workload_.options_.scripts && Below(3) == 0) return MakeScript();
  if (workload_.options_.leases && Below(3) == 0) return MakeLease();
  if (workload_.options_.functions && Below(4) == 0) return MakeFunction();
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

// --- the server itself

void SimClient::SwitchLog() {
  const bool on = workload_.history_.log_on();
  // What comes after the request is promised no more.
  if (on) workload_.history_.AskForPolicy(/*always=*/false);
  Ask(0, {{"CONFIG", "SET", "appendonly", on ? "no" : "yes"}}, [](const Replies&) {});
}

// There is no reply, unless it cannot save.
void SimClient::AskToStop() {
  static const Words kWays[] = {
      {"SHUTDOWN"}, {"SHUTDOWN", "SAVE"}, {"SHUTDOWN", "NOSAVE"}, {"SHUTDOWN", "NOW", "FORCE"}};
  Ask(0, {kWays[Below(std::size(kWays))]}, [](const Replies&) {});
}

void SimClient::MakeAdmin() {
  const Workload::Options& options = workload_.options_;
  if (options.shutdown && left_ == 0) return AskToStop();
  if (options.end_log && Below(3) == 0) return SwitchLog();
  if (options.end_log && options.rewrite && Below(3) == 0) {
    return Ask(0, {{"BGREWRITEAOF"}}, [](const Replies&) {});
  }
  if (options.snapshots && Below(3) != 0) {
    if (options.begin_log && Below(3) == 0 && workload_.history_.AnySaved()) {
      return Ask(0, {{"CONFIG", "SET", "appendonly", "yes"}}, [](const Replies&) {});
    }
    static constexpr const char* kWays[] = {"SAVE", "BGSAVE", "BGSAVE", "LASTSAVE"};
    return Ask(0, {{kWays[Below(std::size(kWays))]}}, [](const Replies&) {});
  }
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
