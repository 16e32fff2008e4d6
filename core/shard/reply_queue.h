// Keeps a connection's replies in request order while its commands run on several shards at once.
//
// Owner: the connection's shard. A command whose reply cannot be written at once reserves a Ticket;
// tickets are answered in any order, and Flush moves the answered ones from the front of the line
// to the output. Under `appendfsync always` an answer carries a Gate, the log batch it depends on,
// and stays in line until that batch is durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/base/ids.h"
#include "core/base/ring_deque.h"
#include "core/shard/hop.h"

namespace basalt {

// "Batch number `batch` of that shard's log is durable"; batch 0 asks for nothing.
struct Gate {
  ShardId shard;
  uint64_t batch = 0;
};

// Of what must not be revealed because a log has failed, until it has recovered (Shard::Freeze).
inline constexpr uint64_t kNeverDurable = ~uint64_t{0};

class ReplyQueue {
 public:
  using Ticket = uint64_t;

  bool empty() const { return slots_.empty(); }
  size_t size() const { return slots_.size(); }
  // Whether every place in the line has its answer; some may still wait for their gates.
  bool AllAnswered() const { return unanswered_ == 0; }

  Ticket Reserve() {
    slots_.emplace_back();
    ++unanswered_;
    return first_ + slots_.size() - 1;
  }

  // Gives the last place in the line back: its command will answer in another way.
  void Unreserve() {
    BASALT_CHECK(!slots_.empty() && !slots_.back().answered);
    slots_.pop_back();
    --unanswered_;
  }

  // Answer by copy.
  void Answer(Ticket ticket, std::string_view bytes, Gate gate) {
    Slot& slot = At(ticket);
    slot.own = std::make_unique<std::string>(bytes);
    NoteAnswer(slot, gate);
  }

  // Answer that stays where it is, in batch->replies[begin .. end), until it is flushed; then
  // `release(batch)` is called. More may be appended there meanwhile.
  void Answer(Ticket ticket, HopBatch* batch, uint64_t begin, uint64_t end, Gate gate) {
    Slot& slot = At(ticket);
    slot.batch = batch;
    slot.begin = begin;
    slot.end = end;
    NoteAnswer(slot, gate);
  }

  // What the answer at the front of the line waits for; null when it has none yet, or waits for
  // nothing.
  const Gate* front_gate() const {
    const bool waits = !slots_.empty() && slots_.front().answered && slots_.front().gate.batch != 0;
    return waits ? &slots_.front().gate : nullptr;
  }

  // Forgets the whole line: its connection is gone. Later answers must not come.
  template <class Release>
  void Drop(Release&& release) {
    for (; !slots_.empty(); slots_.pop_front(), ++first_) {
      if (slots_.front().batch != nullptr) release(slots_.front().batch);
    }
    unanswered_ = 0;
  }

  // Appends to `out` every answer that may leave. `durable(gate)` says whether a gate is open.
  // Returns true when the front of the line waits for a gate (not for an answer).
  template <class Durable, class Release>
  bool Flush(std::string* out, Durable&& durable, Release&& release) {
    while (!slots_.empty()) {
      Slot& slot = slots_.front();
      if (!slot.answered) return false;
      if (slot.gate.batch != 0 && !durable(slot.gate)) return true;
      if (slot.batch != nullptr) {
        out->append(slot.batch->replies, slot.begin, slot.end - slot.begin);
        release(slot.batch);
      } else {
        out->append(*slot.own);
      }
      slots_.pop_front();
      ++first_;
    }
    return false;
  }

 private:
  struct Slot {
    HopBatch* batch = nullptr;
    uint64_t begin = 0, end = 0;
    std::unique_ptr<std::string> own;
    Gate gate;
    bool answered = false;
  };
  Slot& At(Ticket ticket) { return slots_[ticket - first_]; }
  void NoteAnswer(Slot& slot, Gate gate) {
    slot.gate = gate;
    slot.answered = true;
    --unanswered_;
  }

  RingDeque<Slot> slots_;
  Ticket first_ = 0;
  size_t unanswered_ = 0;
};

}  // namespace basalt
