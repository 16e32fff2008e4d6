// Replies that must not leave yet, under `appendfsync always`: a transaction over several shards
// has run its part here, but is not durable everywhere. Commands on its keys wait until those are
// let go (KeyLocks). SCAN names no keys; it looks at what is there and may have seen some of that
// part, of which a power cut could leave nothing. So it runs at once, and its reply waits for all
// parts that had run by then. For those alone: however many follow, it leaves when they are over.
//
// Owner: the shard's thread. Bounded by what connections may have under way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/shard/hop.h"
#include "core/shard/reply_queue.h"

namespace basalt {

class Client;

class HeldReplies {
 public:
  struct Item {
    HopBatch* batch;  // of another shard, to be sent back; null for an own command
    uint32_t index;   // in the batch
    Client* client;   // of an own command, and so the rest
    ReplyQueue::Ticket ticket;
    std::string reply;
    Gate gate;
  };

  // --- parts
  // Returns a number, for the end.
  uint64_t PartHasRun() {
    parts_.push_back(++last_part_);
    return last_part_;
  }
  void PartIsOver(uint64_t part) { std::erase(parts_, part); }
  bool any_part() const { return !parts_.empty(); }

  // --- replies
  bool empty() const { return items_.empty(); }
  void Add(Item item) { items_.push_back({last_part_, std::move(item)}); }
  // Calls release(item), in order, for those whose parts are over.
  template <class F>
  bool Release(F&& release) {
    bool any = false;
    while (!items_.empty() && (parts_.empty() || parts_.front() > items_.front().first)) {
      Item item = std::move(items_.front().second);
      items_.pop_front();
      release(item);
      any = true;
    }
    return any;
  }

 private:
  std::vector<uint64_t> parts_;  // that have run and are not over, ascending
  uint64_t last_part_ = 0;
  std::deque<std::pair<uint64_t, Item>> items_;  // with the last part each waits for
};

}  // namespace basalt
