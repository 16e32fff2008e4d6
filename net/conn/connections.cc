#include "net/conn/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

std::string AddressText(int fd, int (*get)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (get(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "?:0";
  char host[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
    return StrCat("[", std::string_view(host), "]:", ntohs(v6->sin6_port));
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
  return StrCat(std::string_view(host), ":", ntohs(v4->sin_port));
}

bool FromThisMachine(int fd) {
  std::string peer = AddressText(fd, getpeername);
  return peer.starts_with("127.") || peer.starts_with("[::1]");
}

void SetSocketOptions(int fd, int keepalive_s) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (keepalive_s <= 0) return;
  int interval = std::max(1, keepalive_s / 3);
  int probes = 3;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &keepalive_s, sizeof(keepalive_s));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

}  // namespace

Connections::~Connections() {
  for (auto& c : table_) {
    if (c != nullptr && c->fd >= 0) close(c->fd);
  }
}

absl::Status Connections::Start(Shard& shard) {
  shard_ = &shard;
  dispatcher_ = std::make_unique<Dispatcher>(&shard);
  for (Op op : {Op::kAccept, Op::kReceive, Op::kSend}) shard.ring().SetSink(op, this);
  for (uint32_t i = 0; i < listeners_.size(); ++i) {
    shard.ring().AcceptMultishot(listeners_[i].socket, {.op = Op::kAccept, .slot = i});
    listeners_[i].armed = true;
  }
  return absl::OkStatus();
}

void Connections::StopListening() {
  for (Listener& l : listeners_) shutdown(l.socket, SHUT_RDWR);
}

// --- reap: completions are only noted, except for bookkeeping that nothing else can observe

void Connections::OnCompletion(const Completion& completion) {
  switch (completion.token.op) {
    case Op::kAccept:
      return OnAccept(completion);
    case Op::kReceive:
      arrived_.push_back(completion);
      return;
    case Op::kSend:
      return OnSend(completion);
    default:
      return;
  }
}

void Connections::OnAccept(const Completion& completion) {
  Listener& listener = listeners_[completion.token.slot];
  if (!completion.more()) listener.armed = false;  // housekeeping arms it again
  if (completion.result < 0) {
    if (completion.result == -EMFILE || completion.result == -ENFILE) {
      LogWarning("Cannot accept a connection: ", std::string_view(strerror(-completion.result)));
    }
    return;
  }
  int fd = completion.result;
  Config& config = shard_->world().config();
  if (config.protected_mode && config.requirepass.empty() && !FromThisMachine(fd)) {
    return Refuse(fd,
                  "-DENIED The server is in protected mode and has no password, so it accepts "
                  "connections from this "
                  "machine only. Set a password (requirepass), or turn protected-mode off if the "
                  "network is trusted.\r\n");
  }
  if (placement_.Total() >= static_cast<uint32_t>(config.maxclients)) {
    return Refuse(fd, StrCat("-", errors::kMaxClients, "\r\n"));
  }
  if (!listener.spread) {
    placement_.Add(shard_->id());
    Serve(fd);
    return;
  }
  ShardId shard = placement_.Place();
  if (shard == shard_->id()) return Adopt(fd);
  Message message{
      .kind = Message::Kind::kConnection, .from = shard_->id(), .value = static_cast<uint64_t>(fd)};
  if (shard_->world().mail().Send(shard, message, Mailboxes::kControlReserve)) return;
  placement_.Remove(shard);
  placement_.Add(shard_->id());
  Adopt(fd);
}

// Closes a connection that was just accepted, with a word why.
void Connections::Refuse(int fd, std::string_view text) {
  // The socket is new and its buffer empty: this does not block.
  [[maybe_unused]] ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  close(fd);
  ++shard_->stats().rejected_connections;
}

// Gives the connection a place in the table.
void Connections::PutIn(std::unique_ptr<Connection> owned) {
  Connection* c = owned.get();
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(table_.size()));
    table_.emplace_back();
    generations_.push_back(0);
  }
  c->slot = free_slots_.back();
  free_slots_.pop_back();
  c->generation = generations_[c->slot];
  c->home = shard_->id();
  table_[c->slot] = std::move(owned);
  TendRoom(c, &c->query);
  TendRoom(c, &c->sending);
}

// Its place is free then, and completions for it are nobody's.
std::unique_ptr<Connection> Connections::TakeOut(Connection* c) {
  std::erase(starved_, c);
  kept_room_ -= std::exchange(c->kept_room, 0);
  ++generations_[c->slot];
  free_slots_.push_back(c->slot);
  return std::move(table_[c->slot]);
}

Connection* Connections::Serve(int socket) {
  World& world = shard_->world();
  SetSocketOptions(socket, static_cast<int>(world.config().tcp_keepalive));
  auto owned = std::make_unique<Connection>();
  Connection* c = owned.get();
  PutIn(std::move(owned));
  c->fd = socket;
  c->id = world.NextClient();
  c->peer = AddressText(socket, getpeername);
  c->local = AddressText(socket, getsockname);
  c->authenticated = world.config().requirepass.empty();
  c->connected_at_ms = c->last_input_ms = shard_->keyspace().now_ms;
  c->parser.set_bulk_max(static_cast<size_t>(world.config().proto_max_bulk_len));
  ++live_;
  ++shard_->stats().connections;
  Arm(c);
  return c;
}

Connection* Connections::Find(Token token) {
  if (token.slot >= table_.size()) return nullptr;
  Connection* c = table_[token.slot].get();
  return c != nullptr && (c->generation & 0xffffff) == token.generation ? c : nullptr;
}

void Connections::Arm(Connection* c) {
  shard_->ring().ReceiveMultishot(
      c->fd, {.op = Op::kReceive, .generation = c->generation & 0xffffff, .slot = c->slot});
  c->receiving = true;
}

void Connections::StopReading(Connection* c) {
  if (!c->receiving || c->cancelling) return;
  c->cancelling = true;
  shard_->ring().Cancel(
      {.op = Op::kReceive, .generation = c->generation & 0xffffff, .slot = c->slot});
}

// --- receive and route

bool Connections::Receive() {
  dispatcher_->BeginTick();
  bool worked = !arrived_.empty() || !active_.empty();
  for (Connection* c : starved_) {
    if (!c->closed && !c->receiving && !c->moving) Arm(c);
  }
  starved_.clear();
  for (const Completion& completion : arrived_) OnReceive(completion);
  arrived_.clear();
  // Parsing may make a connection active again only from the reply stage on, so the list does not
  // grow under us.
  for (size_t i = 0; i < active_.size(); ++i) {
    active_[i]->active = false;
    Parse(active_[i]);
  }
  active_.clear();
  return worked;
}

void Connections::OnReceive(const Completion& completion) {
  if (completion.has_buffer()) used_buffers_.push_back(completion.buffer_id());
  Connection* c = Find(completion.token);
  if (c == nullptr) return;
  if (!completion.more()) {
    c->receiving = false;
    c->cancelling = false;
    if (c->moving) Dirty(c);
  }
  if (c->closed) return Dirty(c);  // perhaps the last reference
  if (completion.result == -ENOBUFS) {
    ++shard_->stats().buffers_exhausted;
  } else if (completion.result == -ECANCELED || completion.result == -EINTR ||
             completion.result == -EAGAIN) {
    // Reading was stopped; it starts again when there is room (Parse).
    if (completion.result == -ECANCELED) return Activate(c);
  } else if (completion.result == 0) {
    // The peer has said all it will: what came before the end still runs and is answered (Parse).
    c->end_of_input = true;
    return Activate(c);
  } else if (completion.result < 0) {
    return Close(c);
  }
  if (!c->receiving) starved_.push_back(c);
  if (completion.result < 0) return;
  std::string_view data(shard_->ring().buffer(completion.buffer_id()),
                        static_cast<size_t>(completion.result));
  shard_->stats().bytes_in += data.size();
  c->last_input_ms = shard_->keyspace().now_ms;
  c->incomplete = false;
  if (c->chunk.empty() && c->query.empty()) {
    c->chunk = data;
  } else {
    if (!c->chunk.empty()) KeepInput(c, std::exchange(c->chunk, {}));
    KeepInput(c, data);
  }
  Activate(c);
}

// A long argument gets its room at once, as far as what has arrived of it vouches for the rest.
void Connections::KeepInput(Connection* c, std::string_view data) {
  std::string& query = c->query;
  if (c->query_pos > 0) {
    query.erase(0, c->query_pos);
    c->query_pos = 0;
  }
  const size_t size = query.size() + data.size();
  if (size > query.capacity()) {
    const size_t claimed = query.size() + c->parser.need_hint();
    query.reserve(std::max(size, std::min(claimed, size + std::max(size, kInputAhead))));
  }
  query.append(data);
}

void Connections::Activate(Connection* c) {
  if (c->active) return;
  c->active = true;
  active_.push_back(c);
}

bool Connections::MayParse(const Connection& c) const {
  if (c.closed || c.paused || c.close_after_reply || !c.protocol_error.empty()) return false;
  size_t under_way = c.queued_local + c.replies.size();
  return c.UnsentBytes() + under_way * c.reply_estimate < kOutputHighWater;
}

// What the commands of this tick answered on average, falling slowly where replies get smaller.
void Connections::LearnReplySize(Connection* c) {
  uint64_t commands = c->commands - c->commands_before;
  if (commands == 0 || c->out.size() < c->out_before) return;
  c->reply_estimate = std::max((c->out.size() - c->out_before) / commands, c->reply_estimate / 2);
  c->commands_before = c->commands;
}

void Connections::Parse(Connection* c) {
  if (c->closed) {
    c->chunk = {};
    return Dirty(c);
  }
  if (!c->chunk.empty()) {
    std::string_view input = c->chunk;
    c->chunk = {};
    size_t consumed = ParseInput(c, input);
    if (consumed < input.size()) KeepInput(c, input.substr(consumed));
  } else if (c->query_pos < c->query.size()) {
    c->query_pos += ParseInput(c, std::string_view(c->query).substr(c->query_pos));
    // The bytes stay where they are until the tick is over: commands point into them. The reply
    // stage drops them.
    Dirty(c);
  }
  if (c->end_of_input) {
    if (c->blocked) return Close(c);  // nobody is there to be served
    if (MayParse(*c)) Kill(c, /*now=*/false);
    return;
  }
  size_t limit = static_cast<size_t>(shard_->world().config().client_query_buffer_limit);
  if (c->UnparsedBytes() > limit) {
    LogWarning("Closing client ", c->id.value, " at ", c->peer,
               ": its query buffer reached the limit of ", limit, " bytes");
    return Close(c);
  }
  bool full = !MayParse(*c) && c->UnparsedBytes() > kInputHighWater;
  if (full) {
    StopReading(c);
  } else if (!c->receiving && !c->closed && !c->moving) {
    starved_.push_back(c);  // reading was stopped, and now there is room
  }
}

// Runs the whole commands at the front of `input`; returns how many bytes they took.
size_t Connections::ParseInput(Connection* c, std::string_view input) {
  size_t at = 0;
  while (at < input.size() && MayParse(*c)) {
    size_t consumed = 0;
    std::string_view raw;
    RequestParser::Result result = c->parser.Next(input.substr(at), &consumed, &words_, &raw);
    if (result == RequestParser::Result::kNeedMore) {
      c->incomplete = true;
      return at + consumed;
    }
    if (result == RequestParser::Result::kError) {
      basalt::Reply(&c->protocol_error, c->resp).Error(c->parser.error());
      Dirty(c);
      return input.size();
    }
    Dispatcher::Outcome outcome = dispatcher_->Submit(c, {words_.data(), words_.size()}, raw);
    if (outcome == Dispatcher::Outcome::kRetry) {
      Dirty(c);
      return at;
    }
    at += consumed;
    if (outcome == Dispatcher::Outcome::kPause) break;
  }
  return at;
}

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
  StartSend(c);
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

// --- while a script keeps the shard busy in the middle of a tick

// A connection with commands that the tick has still to run stays as it is: they point into its
// input.
void Connections::ReceiveWhileBusy() {
  buffers_in_use_ = std::exchange(used_buffers_, {});
  std::vector<Completion> arrived = std::exchange(arrived_, {});
  for (const Completion& completion : arrived) {
    const Connection* c = Find(completion.token);
    if (c != nullptr && c->queued_local > 0) {
      arrived_.push_back(completion);
    } else {
      OnReceive(completion);
    }
  }
  std::vector<Connection*> active = std::exchange(active_, {});
  for (Connection* c : active) {
    if (c->queued_local > 0) {
      active_.push_back(c);
      continue;
    }
    c->active = false;
    Parse(c);
  }
}

void Connections::ReplyWhileBusy() {
  for (uint16_t id : used_buffers_) shard_->ring().Recycle(id);
  used_buffers_ = std::exchange(buffers_in_use_, {});
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

// How much of `out` may leave: all of it, or what stands before the first hold that the log has not
// reached.
size_t Connections::SendableBytes(Connection* c) {
  uint64_t durable = shard_->log().durable_batch();
  while (!c->holds.empty() && c->holds.front().batch <= durable) c->holds.pop_front();
  return c->holds.empty() ? c->out.size() : c->holds.front().offset;
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
  c->send_in_flight = true;
  shard_->ring().Send(c->fd, c->sending,
                      {.op = Op::kSend, .generation = c->generation & 0xffffff, .slot = c->slot});
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
  }
  if (c->sent < c->sending.size()) {
    c->send_in_flight = true;
    shard_->ring().Send(c->fd, std::string_view(c->sending).substr(c->sent),
                        {.op = Op::kSend, .generation = c->generation & 0xffffff, .slot = c->slot});
    return;
  }
  c->sending.clear();
  c->sent = 0;
  TendRoom(c, &c->sending);
  // Nothing more to say, and nothing that waits for room in the output: the common case is done
  // here.
  if (!c->out.empty() || !c->replies.empty() || c->close_after_reply || c->HasInput())
    return Dirty(c);
  ConsiderMove(c);
}

// One of the connection's large buffers is empty now.
void Connections::KeepRoom(Connection* c, std::string* emptied) {
  const size_t room = c->query.capacity() + c->sending.capacity() + c->out.capacity();
  if (kept_room_ - c->kept_room + room > kRoomMax) {
    emptied->shrink_to_fit();
    return;
  }
  kept_room_ += room - c->kept_room;
  c->kept_room = room;
}

void Connections::GiveRoomBack(Connection* c) {
  if (c->query.empty()) c->query.shrink_to_fit();
  if (c->out.empty()) c->out.shrink_to_fit();
  if (!c->send_in_flight) c->sending.shrink_to_fit();
  kept_room_ -= std::exchange(c->kept_room, 0);
}

// --- end of a connection

void Connections::Kill(Connection* c, bool now) {
  if (now || c->blocked) return Close(c);
  c->close_after_reply = true;
  Dirty(c);
}

void Connections::Close(Connection* c) {
  if (c->closed) return;
  c->closed = true;
  dispatcher_->Forget(c);
  // Answers that borrow a hop's memory let go of it; those still to come see that the client is
  // closed.
  c->replies.Drop([&](HopBatch* batch) { shard_->Release(batch); });
  shard_->ring().CancelAndClose(c->fd);
  c->fd = -1;
  placement_.Remove(shard_->id());
  --live_;
  Dirty(c);
}

void Connections::Destroy(Connection* c) {
  if (c->held) std::erase(held_, c);
  if (c->active) std::erase(active_, c);
  TakeOut(c);
}

void Connections::Housekeep(int64_t now_ms) {
  for (uint32_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].armed || shard_->world().stopping.load(std::memory_order_relaxed)) continue;
    shard_->ring().AcceptMultishot(listeners_[i].socket, {.op = Op::kAccept, .slot = i});
    listeners_[i].armed = true;
  }
  Rebalance(now_ms);
  const int64_t timeout_ms = shard_->world().config().timeout * 1000;
  if (timeout_ms <= 0 && kept_room_ == 0) return;
  for (auto& c : table_) {
    if (c == nullptr || c->closed) continue;
    const int64_t idle_ms = now_ms - c->last_input_ms;
    if (c->kept_room > 0 && idle_ms > kRoomIdleMs) GiveRoomBack(c.get());
    if (timeout_ms > 0 && c->Idle() && idle_ms > timeout_ms) Close(c.get());
  }
}

}  // namespace basalt
