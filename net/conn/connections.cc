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
  if (c->lingers) std::erase(lingering_, c);
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
