// The clients of one shard that wait in WAIT or WAITAOF: not for keys, but for what is written to
// become durable everywhere. Owner: the shard's thread, or who it is lent to while it is parked.
//
// WAITAOF under everysec and no: the epoch of now is closed on every shard and their logs are asked
// to make it durable; whatever the client has seen the answer of belongs to it or to an earlier
// one. Under always there is nothing to wait for: the answers before this one leave only when they
// are durable, and this one leaves behind them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/shard/client.h"
#include "core/shard/shard.h"

namespace basalt {

class DurabilityWaits {
 public:
  explicit DurabilityWaits(Shard* shard) : shard_(*shard) {}

  // The client is paused until End is called for it.
  void Add(Client* client, const Coordinator::DurabilityWait& wait);
  // Calls end(client, reply) for each whose wait is over. True when there was any.
  template <class End>
  bool Step(End&& end) {
    if (waiting_.empty()) return false;
    AskAgain();
    size_t kept = 0;
    for (Waiting& w : waiting_) {
      if (Over(w)) {
        Client* client = w.client;
        const std::string reply = ReplyOf(w);
        client->blocked = false;
        end(client, reply);
      } else {
        waiting_[kept++] = w;
      }
    }
    const bool any = kept < waiting_.size();
    waiting_.resize(kept);
    CountWaits();
    return any;
  }
  // CLIENT UNBLOCK, or the connection is gone: the wait's reply as it is now. False: the client
  // does not wait here.
  bool Remove(Client* client, std::string* reply);
  int64_t MicrosToDeadline(int64_t now_us) const;

 private:
  struct Waiting {
    Client* client;
    Coordinator::DurabilityWait wait;
    Epoch epoch;       // to become durable everywhere; 0: it is
    int64_t until_us;  // 0: for ever
  };

  bool Local(const Waiting& w) const;
  bool LogGone(const Waiting& w) const;
  bool Over(const Waiting& w) const;
  std::string ReplyOf(const Waiting& w) const;
  void AskAgain();
  void CountWaits();

  Shard& shard_;
  std::vector<Waiting> waiting_;
  int64_t ask_again_us_ = 0;
};

}  // namespace basalt
