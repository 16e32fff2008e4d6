// Sockets between the simulated clients and the shards' rings. Bytes arrive in order, in pieces of
// any size, some time after they were sent; numbers of sockets are none that the kernel knows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/io/ring.h"
#include "tests/sim/simulation.h"

namespace basalt::sim {

class SimRing;

class ClientEnd {
 public:
  virtual ~ClientEnd() = default;
  virtual void OnBytes(std::string_view bytes) = 0;
  virtual void OnClosed() = 0;
};

class SimNetwork {
 public:
  SimNetwork(Simulation* simulation, uint64_t seed) : simulation_(*simulation), random_(seed) {}

  // --- clients
  // The number of a new socket, whose connection the server has yet to accept.
  int Connect(ClientEnd* client);
  void Send(int fd, std::string bytes);
  void HangUp(int fd);

  // --- rings
  static constexpr int kListener = 1 << 20;
  void Listen(SimRing* ring, Token token);
  void ArmReceive(SimRing* ring, int fd, Token token);
  void CancelReceives(SimRing* ring, Token token);
  void Close(SimRing* ring, int fd);
  // What the ring has to answer.
  int Deliver(int fd, std::string_view bytes);

  // The machine is gone: nobody hears anything any more.
  void Off() { off_ = true; }

 private:
  struct Socket {
    ClientEnd* client;      // null: hung up
    std::string to_server;  // arrived, and not yet received
    int64_t last_arrival = 0;
    bool end_arrived = false;
    bool end_received = false;
    bool closed = false;  // by the server
    SimRing* ring = nullptr;
    Token token;
    bool armed = false;
  };

  int64_t Delay();
  void Arrive(int fd, std::string bytes, bool end);
  void Pump(Socket& socket);

  Simulation& simulation_;
  Random random_;
  std::map<int, Socket> sockets_;
  int next_fd_ = kListener + 1;
  SimRing* listening_ = nullptr;
  Token accept_;
  bool off_ = false;
};

}  // namespace basalt::sim
