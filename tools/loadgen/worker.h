// One thread of load: some connections, one epoll, one stream of due times when the loop is open.
// A Worker is made by the main thread, runs on a thread of its own, and is read again after that
// thread ended.
//
// Closed loop: a connection sends its next batch when all replies to the last one are in.
// Open loop: batches fall due by the clock alone; one that finds every connection busy waits in
// `due_`. Its latency counts from when it was due, so that the time a slow server made it wait is
// part of the figures.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tools/loadgen/key_chooser.h"
#include "tools/loadgen/load_thread.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/reply_scanner.h"
#include "tools/loadgen/request.h"

namespace basalt::loadgen {

class Worker final : public LoadThread {
 public:
  Worker(const Options& options, const std::vector<Request>& requests,
         const std::vector<uint32_t>& zipf_table, uint32_t index);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool Connect() override;
  void Run(uint64_t start_ns) override;

 private:
  struct Connection {
    int fd = -1;
    ReplyScanner scanner;
    Batch* batch = nullptr;     // in flight; null when idle
    uint32_t requests = 0;      // of `batch` that were sent
    uint32_t answered = 0;      // of those
    uint32_t replies_left = 0;  // of the request that is answered next
    size_t sent_bytes = 0;
    uint64_t since_ns = 0;        // where the latency of this batch counts from
    bool waits_for_room = false;  // EPOLLOUT is on
  };

  bool open_loop() const { return options_.rate_per_s > 0; }
  bool StartBatch(Connection& connection, uint64_t since_ns);
  void SendRest(Connection& connection);
  void Receive(Connection& connection);
  void Account(Connection& connection, size_t replies, uint64_t now_ns);
  void FinishBatch(Connection& connection, uint64_t now_ns);
  void Lose(Connection& connection);
  void WatchForRoom(Connection& connection, bool on);
  void PumpDue(uint64_t now_ns);
  uint64_t GapNanos();
  void WaitForEvents(uint64_t until_ns);
  bool NothingLeft() const;
  void Stop();
  Batch* TakeBatch();

  const Options& options_;
  const std::vector<Request>& requests_;
  KeyChooser keys_;
  std::mt19937_64 random_;
  int epoll_fd_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;  // open loop: which to use next
  std::deque<Batch*> spare_;      // batches not in flight, used in turn
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<char> receive_buffer_;

  uint64_t quota_;  // requests still to send when --count is given
  uint64_t deadline_ns_ = UINT64_MAX;
  uint64_t next_due_ns_ = UINT64_MAX;
  std::deque<uint64_t> due_;
  bool stopping_ = false;
  uint32_t in_flight_ = 0;  // connections with a batch
};

}  // namespace basalt::loadgen
