#include "tests/sim/sim_network.h"

#include <algorithm>
#include <cerrno>

#include "tests/sim/sim_ring.h"

namespace basalt::sim {

int64_t SimNetwork::Delay() { return static_cast<int64_t>(random_.Below(2 << random_.Below(10))); }

int SimNetwork::Connect(ClientEnd* client) {
  const int fd = next_fd_++;
  sockets_[fd].client = client;
  listening_->Complete({accept_, fd, IORING_CQE_F_MORE});
  return fd;
}

void SimNetwork::Send(int fd, std::string bytes) {
  Socket& socket = sockets_.at(fd);
  size_t at = 0;
  while (at < bytes.size()) {
    // Mostly in one piece.
    size_t n = bytes.size() - at;
    if (random_.Below(6) == 0) n = 1 + random_.Below(n);
    const int64_t when = std::max(simulation_.now() + Delay(), socket.last_arrival);
    socket.last_arrival = when;
    simulation_.In(when - simulation_.now(),
                   [this, fd, piece = bytes.substr(at, n)] { Arrive(fd, piece, false); });
    at += n;
  }
}

void SimNetwork::HangUp(int fd) {
  Socket& socket = sockets_.at(fd);
  socket.client = nullptr;
  const int64_t when = std::max(simulation_.now() + Delay(), socket.last_arrival);
  simulation_.In(when - simulation_.now(), [this, fd] { Arrive(fd, "", true); });
}

void SimNetwork::Arrive(int fd, std::string bytes, bool end) {
  if (off_) return;
  Socket& socket = sockets_.at(fd);
  socket.to_server += bytes;
  socket.end_arrived |= end;
  Pump(socket);
}

void SimNetwork::Pump(Socket& socket) {
  while (socket.armed && !socket.to_server.empty()) {
    const int buffer = socket.ring->TakeBuffer();
    if (buffer < 0) {
      socket.armed = false;
      return socket.ring->Complete({socket.token, -ENOBUFS, 0});
    }
    const auto id = static_cast<uint16_t>(buffer);
    const size_t n = socket.to_server.copy(socket.ring->buffer(id), socket.ring->buffer_bytes());
    socket.to_server.erase(0, n);
    const uint32_t flags =
        IORING_CQE_F_MORE | IORING_CQE_F_BUFFER | uint32_t{id} << IORING_CQE_BUFFER_SHIFT;
    socket.ring->Complete({socket.token, static_cast<int32_t>(n), flags});
  }
  if (socket.armed && socket.end_arrived && !socket.end_received) {
    socket.armed = false;
    socket.end_received = true;
    socket.ring->Complete({socket.token, 0, 0});
  }
}

void SimNetwork::Listen(SimRing* ring, Token token) {
  listening_ = ring;
  accept_ = token;
}

void SimNetwork::ArmReceive(SimRing* ring, int fd, Token token) {
  Socket& socket = sockets_.at(fd);
  socket.ring = ring;
  socket.token = token;
  socket.armed = true;
  if (socket.end_received) socket.end_received = false;  // the end is still there
  Pump(socket);
}

void SimNetwork::CancelReceives(SimRing* ring, Token token) {
  for (auto& [fd, socket] : sockets_) {
    if (!socket.armed || socket.ring != ring || socket.token.Pack() != token.Pack()) continue;
    socket.armed = false;
    ring->Complete({token, -ECANCELED, 0});
  }
}

void SimNetwork::Close(SimRing* ring, int fd) {
  Socket& socket = sockets_.at(fd);
  if (socket.armed) {
    socket.armed = false;
    ring->Complete({socket.token, -ECANCELED, 0});
  }
  socket.closed = true;
  ClientEnd* client = std::exchange(socket.client, nullptr);
  if (client != nullptr && !off_) client->OnClosed();
}

int SimNetwork::Deliver(int fd, std::string_view bytes) {
  Socket& socket = sockets_.at(fd);
  if (socket.closed) return -ECANCELED;
  if (off_ || socket.client == nullptr) return -EPIPE;
  size_t n = bytes.size();
  if (random_.Below(20) == 0) n = 1 + random_.Below(n);
  socket.client->OnBytes(bytes.substr(0, n));
  return static_cast<int>(n);
}

}  // namespace basalt::sim
