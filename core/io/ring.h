// One ring per shard: sockets, log writes, wake-ups, all through the same one. In a server it is an
// io_uring (Ring::Create); the simulator (tests/sim) brings its own.
//
// Owner: the shard's thread. It alone submits (IORING_SETUP_SINGLE_ISSUER) and completions are
// posted only while it is inside SubmitAndReap (IORING_SETUP_DEFER_TASKRUN), so nothing here needs
// a lock. Every submission carries a Token; this file is the only place that knows how a Token is
// packed into user_data.
#pragma once

#include <liburing.h>  // before any <linux/io_uring.h>, whose buffers begin 8 bytes too late in C++

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace basalt {

// Who gets a completion. One value per kind of submission.
enum class Op : uint8_t {
  kNone,  // nobody: completion is dropped (cancel, close)
  kWake,  // the shard's own event counter
  kAccept,
  kReceive,
  kSend,
  kLogWrite,
  kLogSync,
  kCount
};

// | op:8 | generation:24 | slot:32 |  The generation tells a late completion of a closed connection
// from one of the connection that has the slot now.
struct Token {
  Op op = Op::kNone;
  uint32_t generation = 0;  // 24 bits
  uint32_t slot = 0;

  uint64_t Pack() const {
    return uint64_t{static_cast<uint8_t>(op)} << 56 | uint64_t{generation & 0xffffff} << 32 | slot;
  }
  static Token Unpack(uint64_t v) {
    return {static_cast<Op>(v >> 56), static_cast<uint32_t>(v >> 32) & 0xffffff,
            static_cast<uint32_t>(v)};
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

// Receives the completions of the ops it is registered for. Called inside the reap stage; it must
// only take note.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void OnCompletion(const Completion& completion) = 0;
};

struct RingOptions {
  uint32_t submissions = 1024;
  uint32_t completions = 8192;
  uint32_t buffers = 1024;  // power of two
  uint32_t buffer_bytes = 16384;
};

class Ring {
 public:
  // An io_uring. Errors say in plain words what forbids it here and what to change. Must run on the
  // thread that will use it.
  static absl::StatusOr<std::unique_ptr<Ring>> Create(const RingOptions& options);
  virtual ~Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void SetSink(Op op, CompletionSink* sink) { sinks_[static_cast<int>(op)] = sink; }

  virtual void AcceptMultishot(int fd, Token token) = 0;
  // Received data comes in a buffer of the ring, which is to be given back.
  virtual void ReceiveMultishot(int fd, Token token) = 0;
  virtual void Send(int fd, std::string_view data, Token token) = 0;
  // Writes `data` at `offset`; with `then_sync`, an fdatasync follows that starts only after a full
  // write.
  virtual void WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write,
                             Token sync) = 0;
  virtual void Write(int fd, uint64_t offset, std::string_view data, Token token) = 0;
  virtual void Datasync(int fd, Token token) = 0;
  virtual void PollMultishot(int fd, Token token) = 0;
  // Cancels everything submitted with exactly this token.
  virtual void Cancel(Token token) = 0;
  // Cancels everything in flight on `fd`, then closes it (the two are linked).
  virtual void CancelAndClose(int fd) = 0;

  // Submits what is queued, waits up to `wait_us` microseconds for a completion (0: not at all),
  // and hands every completion to its sink. Returns how many there were.
  virtual uint32_t SubmitAndReap(int64_t wait_us) = 0;

  char* buffer(uint16_t id) const { return buffer_memory_ + size_t{id} * buffer_bytes_; }
  // Gives a receive buffer back. Takes effect at once.
  virtual void Recycle(uint16_t id) = 0;

 protected:
  Ring() = default;
  void Deliver(const Completion& done) {
    if (CompletionSink* sink = sinks_[static_cast<int>(done.token.op)]) sink->OnCompletion(done);
  }

  char* buffer_memory_ = nullptr;
  uint32_t buffer_bytes_ = 0;

 private:
  CompletionSink* sinks_[static_cast<int>(Op::kCount)] = {};
};

}  // namespace basalt
