// Connections: what leaves - answers in order, held back and sent.
#include <errno.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/shard/world.h"
#include "net/conn/connections.h"

namespace basalt {

// --- reply

void Connections::Dirty(Client* client) {
  auto* c = static_cast<Connection*>(client);
  if (c->dirty) return;
  c->dirty = true;
  dirty_.push_back(c);
}

bool Connections::Reply() {
  for (uint16_t id : used_buffers_) shard_->ring().Recycle(id);
  used_buffers_.clear();
  if (!held_.empty()) {
    for (Connection* c : held_) {
      c->held = false;
      Dirty(c);
    }
    held_.clear();
  }
  may_linger_ = shard_->mono_us() < linger_until_us_;
  if (!may_linger_) EndLingering();
  if (dirty_.empty()) return !active_.empty();
  for (size_t i = 0; i < dirty_.size(); ++i) Tend(dirty_[i]);
  dirty_.clear();
  return !active_.empty();
}

// What there is to do for a connection at the end of a tick.
void Connections::Tend(Connection* c) {
  c->dirty = false;
  if (c->query_pos == c->query.size()) {
    c->query.clear();
    c->query_pos = 0;
    TendRoom(c, &c->query);
  }
  if (c->blocked && c->end_of_input)
    return Close(c);  // it is dirty again, and goes when its turn comes
  if (c->closed) {
    if (c->Quiet()) Destroy(c);
    return;
  }
  FlushReplies(c);
  if (!c->protocol_error.empty() && c->Idle()) {
    c->out += std::exchange(c->protocol_error, {});
    c->close_after_reply = true;
  }
  if (c->reply_mode != Client::ReplyMode::kOn) c->DropMuted();
  LearnReplySize(c);
  if (c->in_flight == 0 || !Lingers(c)) StartSend(c);
  if (c->held && WaitsInVain(*c)) {
    LogNotice("Closing client ", c->id.value, " at ", c->peer,
              ": what it waits for could not be made durable");
    return Close(c);
  }
  c->out_before = c->out.size();
  // Input that had to wait may go on now.
  if (MayParse(*c) && (c->HasInput() || (!c->receiving && !c->moving) || c->end_of_input))
    Activate(c);
  if (c->moving) ContinueMove(c);
}

void Connections::ReplyWhileBusy() {
  for (uint16_t id : used_buffers_) shard_->ring().Recycle(id);
  used_buffers_ = std::exchange(buffers_in_use_, {});
  may_linger_ = false;
  EndLingering();
  std::vector<Connection*> dirty = std::exchange(dirty_, {});
  for (Connection* c : dirty) {
    if (c->queued_local > 0) {
      dirty_.push_back(c);
    } else {
      Tend(c);
    }
  }
}

void Connections::FlushReplies(Connection* c) {
  World& world = shard_->world();
  bool held = c->replies.Flush(
      &c->out, [&](const Gate& gate) { return world.DurableBatch(gate.shard) >= gate.batch; },
      [&](HopBatch* batch) { shard_->Release(batch); });
  if (held) Hold(c);
}

// A log has failed: whether the effect will last nobody knows, so it is neither acknowledged nor
// refused.
bool Connections::WaitsInVain(const Connection& c) const {
  const World& world = shard_->world();
  const Gate* gate = c.replies.front_gate();
  if (!c.holds.empty() && world.MayNeverOpen({shard_->id(), c.holds.front().batch})) return true;
  return gate != nullptr && world.MayNeverOpen(*gate);
}

void Connections::Hold(Connection* c) {
  if (c->held) return;
  c->held = true;
  held_.push_back(c);
}

// Whether what is in `out` stays for now, as more is on its way.
bool Connections::Lingers(Connection* c) {
  if (!may_linger_ || c->send_in_flight || c->out.empty() || c->out.size() > kLingerBytes ||
      c->close_after_reply)
    return false;
  if (c->lingers) return true;
  if (lingering_.empty()) linger_until_us_ = shard_->mono_us() + kLingerMicros;
  c->lingers = true;
  lingering_.push_back(c);
  return true;
}

void Connections::EndLingering() {
  for (Connection* c : lingering_) {
    c->lingers = false;
    Dirty(c);
  }
  lingering_.clear();
  linger_until_us_ = INT64_MAX;
}

int64_t Connections::MicrosToDeadline() const {
  if (lingering_.empty()) return INT64_MAX;
  return std::max<int64_t>(linger_until_us_ - shard_->mono_us(), 1);
}

// How much of `out` may leave: all of it, or what stands before the first hold that the log has not
// reached.
size_t Connections::SendableBytes(Connection* c) {
  uint64_t durable = shard_->log().durable_batch();
  while (!c->holds.empty() && c->holds.front().batch <= durable) c->holds.pop_front();
  return c->holds.empty() ? c->out.size() : c->holds.front().offset;
}

// Of `sending`, from `sent` on.
inline void Connections::SendRest(Connection* c) {
  c->send_in_flight = true;
  shard_->ring().Send(c->fd, std::string_view(c->sending).substr(c->sent),
                      {.op = Op::kSend, .generation = c->generation & 0xffffff, .slot = c->slot});
}

void Connections::StartSend(Connection* c) {
  if (c->send_in_flight) return;
  size_t n = SendableBytes(c);
  if (!c->holds.empty()) Hold(c);
  if (n == 0) {
    if (c->close_after_reply && c->out.empty() && c->Idle()) Close(c);
    return;
  }
  if (n == c->out.size()) {
    c->sending.swap(c->out);
    c->out.clear();
  } else {
    c->sending.assign(c->out, 0, n);
    c->out.erase(0, n);
    for (size_t i = 0; i < c->holds.size(); ++i) c->holds[i].offset -= n;
  }
  c->muted_from -= std::min(n, c->muted_from);
  c->sent = 0;
  SendRest(c);
}

void Connections::OnSend(const Completion& completion) {
  Connection* c = Find(completion.token);
  if (c == nullptr) return;
  c->send_in_flight = false;
  if (c->closed) return Dirty(c);
  if (completion.result < 0) {
    if (completion.result != -EINTR && completion.result != -EAGAIN) return Close(c);
  } else {
    c->sent += static_cast<size_t>(completion.result);
    shard_->stats().bytes_out += static_cast<uint64_t>(completion.result);
    ++shard_->stats().writes;
  }
  if (c->sent < c->sending.size()) return SendRest(c);
  c->sending.clear();
  c->sent = 0;
  TendRoom(c, &c->sending);
  // Nothing more to say, and nothing that waits for room in the output: the common case is done
  // here.
  if (!c->out.empty() || !c->replies.empty() || c->close_after_reply || c->HasInput())
    return Dirty(c);
  ConsiderMove(c);
}

}  // namespace basalt
