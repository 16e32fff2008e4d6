// A ring without a kernel: its connections send requests that were made beforehand, and take the
// replies. What is submitted has ended by the next SubmitAndReap. So a shard's ticks depend on
// nothing but its input, and its instructions can be counted exactly. Owner: the one thread there
// is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/ring.h"

namespace basalt::ticks {

// What every connection sends again and again, a closed loop: the next batch goes out when the last
// is answered.
struct Load {
  std::vector<std::string> batches;  // of requests; taken in turn. At most 65536
  uint64_t reply_bytes = 0;          // that each batch is answered with
  char reply_begins = 0;             // a reply's first byte
  uint64_t rounds = 0;               // batches that each connection sends
};

class MemoryRing final : public Ring {
 public:
  // Numbers of sockets; none that the kernel knows.
  static constexpr int kFirstSocket = 1 << 20;

  // Replaces the load. Only when the last is done.
  void SetLoad(const Load& load);
  // All batches are answered.
  bool done() const { return unfinished_ == 0; }
  // A reply was not what the load says; nothing is sent on that connection any more.
  bool wrong() const { return wrong_; }

  void AcceptMultishot(int, Token) override {}
  void ReceiveMultishot(int fd, Token token) override;
  void Send(int fd, std::string_view data, Token token) override;
  void WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write,
                     Token sync) override;
  void Write(int fd, uint64_t offset, std::string_view data, Token token) override;
  void Datasync(int fd, Token token) override;
  void PollMultishot(int, Token) override {}
  void Cancel(Token) override {}
  void CancelAndClose(int) override {}
  uint32_t SubmitAndReap(int64_t wait_us) override;
  void Recycle(uint16_t) override {}  // the requests in it will be sent again

 private:
  struct Connection {
    Token receive;
    uint64_t rounds_left = 0;
    uint64_t bytes_due = 0;  // of replies
  };

  std::vector<Connection> connections_;
  std::vector<uint32_t> sizes_;  // of what stands in the buffers
  uint64_t reply_bytes_ = 0;
  char reply_begins_ = 0;
  size_t next_batch_ = 0;
  size_t unfinished_ = 0;  // connections
  bool wrong_ = false;
  std::vector<Completion> done_;
  std::vector<Completion> reaped_;
  std::unique_ptr<char[]> memory_;
};

}  // namespace basalt::ticks
