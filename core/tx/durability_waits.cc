#include "core/tx/durability_waits.h"

#include <algorithm>

#include "core/resp/errors.h"
#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

// A shard may not have heard, or may have had a transaction of that epoch still open.
constexpr int64_t kAskAgainMicros = 200'000;
// While somebody waits, the other shards' progress is looked at so often.
constexpr int64_t kLookMicros = 1000;

}  // namespace

void DurabilityWaits::Add(Client* client, const Coordinator::DurabilityWait& wait) {
  Waiting w{client, wait, Epoch(), 0};
  const int64_t now_us = shard_.keyspace().now_us;
  if (wait.timeout_ms > 0 && wait.timeout_ms < (INT64_MAX - now_us) / 1000)
    w.until_us = now_us + wait.timeout_ms * 1000;
  if (wait.local && !shard_.world().always()) w.epoch = shard_.SyncAllSoon();
  client->blocked = true;
  waiting_.push_back(w);
  ask_again_us_ = shard_.mono_us() + kAskAgainMicros;
  CountWaits();
}

bool DurabilityWaits::Local(const Waiting& w) const {
  return w.epoch.value == 0 || shard_.world().DurableCut() >= w.epoch;
}

// appendonly was turned off meanwhile.
bool DurabilityWaits::LogGone(const Waiting& w) const {
  return w.wait.local && !shard_.world().config().appendonly;
}

bool DurabilityWaits::Over(const Waiting& w) const {
  if (w.until_us != 0 && w.until_us <= shard_.keyspace().now_us) return true;
  if (LogGone(w)) return true;
  return w.wait.replicas <= 0 && (!w.wait.local || Local(w));
}

std::string DurabilityWaits::ReplyOf(const Waiting& w) const {
  std::string text;
  Reply reply(&text, w.client->resp);
  if (LogGone(w)) {
    reply.Error(errors::kWaitaofWithoutLog);
    return text;
  }
  if (w.wait.replies_local) {
    reply.Array(2);
    reply.Integer(w.wait.local && Local(w));
  }
  reply.Integer(0);
  return text;
}

void DurabilityWaits::AskAgain() {
  if (shard_.mono_us() < ask_again_us_) return;
  ask_again_us_ = shard_.mono_us() + kAskAgainMicros;
  Epoch newest;
  for (const Waiting& w : waiting_) newest = std::max(newest, w.epoch);
  if (newest.value != 0 && shard_.world().DurableCut() < newest) shard_.SyncAllSoon(newest);
}

bool DurabilityWaits::Remove(Client* client, std::string* reply) {
  auto it = std::find_if(waiting_.begin(), waiting_.end(),
                         [&](const Waiting& w) { return w.client == client; });
  if (it == waiting_.end()) return false;
  *reply = ReplyOf(*it);
  client->blocked = false;
  waiting_.erase(it);
  CountWaits();
  return true;
}

int64_t DurabilityWaits::MicrosToDeadline(int64_t now_us) const {
  int64_t wait_us = INT64_MAX;
  for (const Waiting& w : waiting_) {
    if (w.wait.local && !Local(w) && !shard_.world().log_trouble().any()) return kLookMicros;
    if (w.until_us != 0) wait_us = std::min(wait_us, std::max<int64_t>(1, w.until_us - now_us));
  }
  return wait_us;
}

void DurabilityWaits::CountWaits() { shard_.stats().durability_waits = waiting_.size(); }

}  // namespace basalt
