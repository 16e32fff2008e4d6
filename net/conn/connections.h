// All connections of one shard: the receive, route and reply stages of its tick. Owner: the shard's
// thread.
//
// Input is parsed where the kernel put it. What must outlive the tick (the beginning of a command
// that has not arrived whole, or what a paused connection may not run yet) is copied to the
// connection. Receive buffers go back to the kernel at the end of the tick, when every command that
// points into them has run or has been copied to another shard.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/io/ring.h"
#include "core/shard/shard.h"
#include "core/tx/dispatcher.h"
#include "net/conn/connection.h"
#include "net/conn/placement.h"

namespace basalt {

class Connections final : public Frontend, public CompletionSink {
 public:
  explicit Connections(Placement* placement) : placement_(*placement) {}
  ~Connections() override;

  // Sockets this shard accepts on; `spread` ones are shared out over all shards, others stay here.
  // Before Start.
  void Listen(int socket, bool spread) { listeners_.push_back({socket, spread}); }

  absl::Status Start(Shard& shard) override;
  bool Receive() override;
  bool Reply() override;
  int64_t MicrosToDeadline() const override;
  void ReceiveWhileBusy() override;
  void ReplyWhileBusy() override;
  void Adopt(int socket) override { Serve(socket)->may_move = true; }
  void TakeOver(Client* client) override;
  void Dirty(Client* client) override;
  void Drop(Client* client) override { Close(static_cast<Connection*>(client)); }
  void Housekeep(int64_t now_ms) override;

  void OnCompletion(const Completion& completion) override;

  // All live connections; for a parked world (CLIENT LIST).
  template <class F>
  void ForEach(F&& f) {
    for (auto& c : table_) {
      if (c != nullptr && !c->closed) f(c.get());
    }
  }
  size_t live() const { return live_; }
  // Closes the connection; after its pending replies unless `now`. Own thread, or parked world.
  void Kill(Connection* c, bool now);
  // Stops accepting (shutdown).
  void StopListening();

 private:
  struct Listener {
    int socket;
    bool spread;
    bool armed = false;
  };
  // Input beyond this is not read while the connection cannot run it, and output beyond it not
  // added to.
  static constexpr size_t kInputHighWater = 1 << 20;
  static constexpr size_t kOutputHighWater = 4 << 20;
  // Buffers larger than this are large: an empty one stays for the connection's next command while
  // all that stay in this shard are below kRoomMax, and until the connection has been idle for a
  // while. Fresh memory costs a page fault every 4 KB, more than all else about a large command.
  static constexpr size_t kLargeBuffer = 16 << 10;
  static constexpr size_t kRoomMax = 64 << 20;
  static constexpr int64_t kRoomIdleMs = 2000;
  // The first answers of a pipeline linger while the rest is on its way on other shards: so they
  // leave with one send. But no longer than that, and not when there are many.
  static constexpr int64_t kLingerMicros = 1000;
  static constexpr size_t kLingerBytes = 16 << 10;
  // What a command's claims alone may make its input buffer grow by.
  static constexpr size_t kInputAhead = 256 << 10;

  void OnAccept(const Completion& completion);
  Connection* Serve(int socket);
  void PutIn(std::unique_ptr<Connection> owned);
  std::unique_ptr<Connection> TakeOut(Connection* c);
  // connection_moves.cc
  void ConsiderMove(Connection* c);
  void BeginMove(Connection* c, ShardId to);
  void ContinueMove(Connection* c);
  bool HandOver(Connection* c);
  void Rebalance(int64_t now_ms);
  void Refuse(int fd, std::string_view text);
  void OnReceive(const Completion& completion);
  void OnSend(const Completion& completion);
  Connection* Find(Token token) {
    if (token.slot >= table_.size()) return nullptr;
    Connection* c = table_[token.slot].get();
    return c != nullptr && (c->generation & 0xffffff) == token.generation ? c : nullptr;
  }
  void Activate(Connection* c) {
    if (c->active) return;
    c->active = true;
    active_.push_back(c);
  }
  void KeepInput(Connection* c, std::string_view data);
  void TendRoom(Connection* c, std::string* emptied) {
    if (emptied->capacity() > kLargeBuffer) KeepRoom(c, emptied);
  }
  void KeepRoom(Connection* c, std::string* emptied);
  void GiveRoomBack(Connection* c);
  void Parse(Connection* c);
  size_t ParseInput(Connection* c, std::string_view input);
  bool MayParse(const Connection& c) const;
  void LearnReplySize(Connection* c);
  void Arm(Connection* c);
  void StopReading(Connection* c);
  void Tend(Connection* c);
  void FlushReplies(Connection* c);
  bool WaitsInVain(const Connection& c) const;
  void Hold(Connection* c);
  bool Lingers(Connection* c);
  void EndLingering();
  void StartSend(Connection* c);
  void SendRest(Connection* c);
  size_t SendableBytes(Connection* c);
  void Close(Connection* c);
  void Destroy(Connection* c);

  Placement& placement_;
  Shard* shard_ = nullptr;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<Connection>> table_;
  std::vector<uint32_t> free_slots_;
  std::vector<uint32_t> generations_;  // by slot
  size_t live_ = 0;
  size_t kept_room_ = 0;                // of all connections
  std::vector<Completion> arrived_;     // receives reaped in this tick
  std::vector<uint16_t> used_buffers_;  // to be given back when the tick ends
  std::vector<uint16_t>
      buffers_in_use_;  // of a tick in the middle of which a script keeps the shard busy
  std::vector<Connection*> active_;   // to be parsed
  std::vector<Connection*> starved_;  // their receive found no buffer, or ended: to be armed again
  std::vector<Connection*> dirty_;    // to be looked at in the reply stage
  std::vector<Connection*> held_;     // wait for the log
  std::vector<Connection*> lingering_;
  int64_t linger_until_us_ = INT64_MAX;  // all of them
  bool may_linger_ = true;
  std::vector<std::string_view> words_;
};

}  // namespace basalt
