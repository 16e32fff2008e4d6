// One io_uring per shard: sockets, log writes, wake-ups, all through the same ring.
//
// Owner: the shard's thread. It alone submits (IORING_SETUP_SINGLE_ISSUER) and completions are posted only while it is
// inside SubmitAndReap (IORING_SETUP_DEFER_TASKRUN), so nothing here needs a lock.
// Every submission carries a Token; this file is the only place that knows how a Token is packed into user_data.
#pragma once

#include <liburing.h>
#include <poll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace basalt {

// Who gets a completion. One value per kind of submission.
enum class Op : uint8_t {
  kNone,      // nobody: completion is dropped (cancel, close)
  kWake,      // the shard's own event counter
  kAccept,
  kReceive,
  kSend,
  kLogWrite,
  kLogSync,
  kCount
};

// | op:8 | generation:24 | slot:32 |  The generation tells a late completion of a closed connection from one of the
// connection that has the slot now.
struct Token {
  Op op = Op::kNone;
  uint32_t generation = 0;  // 24 bits
  uint32_t slot = 0;

  uint64_t Pack() const {
    return uint64_t{static_cast<uint8_t>(op)} << 56 | uint64_t{generation & 0xffffff} << 32 | slot;
  }
  static Token Unpack(uint64_t v) {
    return {static_cast<Op>(v >> 56), static_cast<uint32_t>(v >> 32) & 0xffffff, static_cast<uint32_t>(v)};
  }
};

struct Completion {
  Token token;
  int32_t result;  // bytes or fd, or -errno
  uint32_t flags;  // IORING_CQE_F_*

  bool more() const { return flags & IORING_CQE_F_MORE; }
  bool has_buffer() const { return flags & IORING_CQE_F_BUFFER; }
  uint16_t buffer_id() const { return flags >> IORING_CQE_BUFFER_SHIFT; }
};

// Receives the completions of the ops it is registered for. Called inside the reap stage; it must only take note.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void OnCompletion(const Completion& completion) = 0;
};

// The receive buffers that the kernel picks from. `count` is a power of two.
class BufferRing {
 public:
  BufferRing() = default;
  ~BufferRing();
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;

  absl::Status Register(io_uring* ring, uint16_t group, uint32_t count, uint32_t size);
  char* data(uint16_t id) const { return memory_ + size_t{id} * size_; }
  // Gives a buffer back to the kernel. Takes effect at once.
  void Recycle(uint16_t id);
  uint32_t size() const { return size_; }

 private:
  io_uring* ring_ = nullptr;
  io_uring_buf_ring* entries_ = nullptr;
  char* memory_ = nullptr;
  size_t entries_bytes_ = 0;
  size_t memory_bytes_ = 0;
  uint32_t count_ = 0;
  uint32_t size_ = 0;
  uint16_t group_ = 0;
};

struct RingOptions {
  uint32_t submissions = 1024;
  uint32_t completions = 8192;
  uint32_t buffers = 1024;         // power of two
  uint32_t buffer_bytes = 16384;
};

class Ring {
 public:
  // Errors say in plain words what forbids io_uring here and what to change. Must run on the thread that will use it.
  static absl::StatusOr<std::unique_ptr<Ring>> Create(const RingOptions& options);
  ~Ring();

  void SetSink(Op op, CompletionSink* sink) { sinks_[static_cast<int>(op)] = sink; }

  void AcceptMultishot(int fd, Token token);
  void ReceiveMultishot(int fd, Token token);
  void Send(int fd, std::string_view data, Token token);
  // Writes `data` at `offset`; with `then_sync`, an fdatasync follows that starts only after a full write.
  void WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write, Token sync);
  void Write(int fd, uint64_t offset, std::string_view data, Token token);
  void Datasync(int fd, Token token);
  void PollMultishot(int fd, Token token);
  // Cancels everything submitted with exactly this token.
  void Cancel(Token token);
  // Cancels everything in flight on `fd`, then closes it (the two are linked).
  void CancelAndClose(int fd);

  // Submits what is queued, waits up to `wait_us` microseconds for a completion (0: not at all), and hands every
  // completion to its sink. Returns how many there were.
  uint32_t SubmitAndReap(int64_t wait_us);

  BufferRing& buffers() { return buffers_; }

 private:
  Ring() = default;
  io_uring_sqe* NextEntry();

  io_uring ring_{};
  bool ready_ = false;
  BufferRing buffers_;
  CompletionSink* sinks_[static_cast<int>(Op::kCount)] = {};
};

}  // namespace basalt
