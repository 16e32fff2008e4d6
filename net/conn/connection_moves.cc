// Connections move to the shard that their commands go to, so that a client with one key, or with
// keys of one hashtag, pays for no hops; and away from a shard that has too much to do.
//
// A move waits until nothing of the connection is under way: reading is stopped, what had arrived
// is run and answered; the beginning of a command goes along. What the client sends meanwhile stays
// in the socket.
#include <algorithm>
#include <memory>
#include <utility>

#include "core/shard/world.h"
#include "net/conn/connections.h"

namespace basalt {
namespace {

// A shard with this load, in percent of a core, takes no more connections while the machine has
// cores to spare: commands that hop there cost it less than their connections would. Without spare
// cores what counts is the work in all, and hops are more of it.
constexpr uint32_t kBusyPercent = 80;
// With this load it gives some away, to shards below kIdlePercent; likewise.
constexpr uint32_t kOverloadedPercent = 95;
constexpr uint32_t kIdlePercent = 50;
// One in so many of its connections in a tenth of a second.
constexpr size_t kShareToMove = 16;
// A connection that was moved away stays there for so long, whatever its commands are about.
constexpr int64_t kStayMs = 10'000;

bool HasSpareCores(const World& world) {
  return world.idle_cores_percent.load(std::memory_order_relaxed) >= kIdlePercent;
}

// In the middle of something that belongs to this shard, and may last.
bool IsBound(const Connection& c) {
  return c.closed || c.blocked || c.paused || c.gathering != nullptr || c.transaction != nullptr ||
         c.close_after_reply || c.end_of_input || !c.protocol_error.empty() ||
         c.reply_mode != Client::ReplyMode::kOn;
}

// What is under way ends by itself, and soon; then the connection is looked at again.
bool IsUnderWay(const Connection& c) {
  return c.receiving || c.dirty || c.active || c.held || c.send_in_flight || !c.Idle() ||
         !c.out.empty() || !c.holds.empty() || !c.chunk.empty() || c.HasInput();
}

}  // namespace

// After a reply has left, which is when a connection is likely to be quiet.
void Connections::ConsiderMove(Connection* c) {
  if (c->moving) return ContinueMove(c);
  if (c->drift_to == shard_->id()) return;
  World& world = shard_->world();
  const int64_t enough = world.config().move_connections_after;
  if (enough == 0 || c->drift < enough || !c->may_move || IsBound(*c)) return;
  const bool overloads = world.LoadOf(c->drift_to) >= kBusyPercent && HasSpareCores(world);
  if (overloads || shard_->keyspace().now_ms < c->stays_until_ms) {
    c->drift = 0;
    return;
  }
  BeginMove(c, c->drift_to);
}

void Connections::BeginMove(Connection* c, ShardId to) {
  c->moving = true;
  c->moves_to = to;
  if (c->receiving) {
    StopReading(c);
  } else {
    Dirty(c);
  }
}

void Connections::ContinueMove(Connection* c) {
  if (!IsBound(*c) && (IsUnderWay(*c) || HandOver(c))) return;
  c->moving = false;
  c->drift = 0;
  if (!c->receiving && !c->closed) Activate(c);
}

// The other shard may begin to use the connection at once. False: its mailbox is full.
bool Connections::HandOver(Connection* c) {
  const ShardId to = c->moves_to;
  c->moving = false;
  std::unique_ptr<Connection> owned = TakeOut(c);
  const Message message{
      .kind = Message::Kind::kClient, .from = shard_->id(), .pointer = static_cast<Client*>(c)};
  if (!shard_->world().mail().Send(to, message, Mailboxes::kControlReserve)) {
    PutIn(std::move(owned));
    return false;
  }
  (void)owned.release();
  placement_.Remove(shard_->id());
  placement_.Add(to);
  --live_;
  return true;
}

void Connections::TakeOver(Client* client) {
  auto* c = static_cast<Connection*>(client);
  PutIn(std::unique_ptr<Connection>(c));
  c->drift = 0;
  ++live_;
  ++shard_->stats().moved_connections;
  Arm(c);
}

// While this shard is overloaded and others and the machine are not, some connections go there.
void Connections::Rebalance(int64_t now_ms) {
  World& world = shard_->world();
  if (world.LoadOf(shard_->id()) < kOverloadedPercent) return;
  if (world.config().move_connections_after == 0) return;
  if (!HasSpareCores(world)) return;
  ShardId idlest = shard_->id();
  for (uint16_t i = 0; i < world.shard_count(); ++i) {
    if (world.LoadOf(ShardId(i)) < world.LoadOf(idlest)) idlest = ShardId(i);
  }
  if (world.LoadOf(idlest) >= kIdlePercent) return;
  size_t left = std::max<size_t>(live_ / kShareToMove, live_ > 1 ? 1 : 0);
  for (size_t i = 0; i < table_.size() && left > 0; ++i) {
    Connection* c = table_[i].get();
    const bool in_use = c != nullptr && now_ms - c->last_input_ms < 100;
    if (!in_use || !c->may_move || c->moving || IsBound(*c)) continue;
    c->stays_until_ms = now_ms + kStayMs;
    BeginMove(c, idlest);
    --left;
  }
}

}  // namespace basalt
