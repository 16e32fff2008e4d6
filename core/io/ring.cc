#include "core/io/ring.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"

namespace basalt {
namespace {

absl::Status SetupError(int error) {
  switch (error) {
    case ENOSYS:
      return absl::UnavailableError(
          "io_uring is missing: this kernel is too old or built without it; Basalt needs Linux 6.1 "
          "or newer");
    case EINVAL:
      return absl::UnavailableError(
          "io_uring refuses SINGLE_ISSUER with DEFER_TASKRUN: the kernel is too old; Basalt needs "
          "Linux 6.1 or newer");
    case EPERM:
    case EACCES:
      return absl::PermissionDeniedError(
          "io_uring is forbidden here: check `sysctl kernel.io_uring_disabled` (must be 0, or 1 "
          "with the group in "
          "kernel.io_uring_group), and in a container the seccomp profile (allow io_uring_setup, "
          "io_uring_enter, "
          "io_uring_register)");
    case ENOMEM:
      return absl::ResourceExhaustedError(
          "io_uring could not lock its memory: raise the memlock limit (`ulimit -l unlimited`, or "
          "LimitMEMLOCK= in "
          "the systemd unit)");
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(
          "no file descriptor left for io_uring: raise `ulimit -n`");
    default:
      return absl::InternalError(absl::StrCat("io_uring_setup failed: ", strerror(error)));
  }
}

void* MapAnonymous(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  // A snapshot child must neither copy nor touch what the kernel writes into.
  madvise(p, bytes, MADV_DONTFORK);
  return p;
}

static_assert(offsetof(io_uring_buf_ring, bufs) == 0);

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

BufferRing::~BufferRing() {
  if (entries_ != nullptr) {
    io_uring_unregister_buf_ring(ring_, group_);
    munmap(entries_, entries_bytes_);
  }
  if (memory_ != nullptr) munmap(memory_, memory_bytes_);
}

absl::Status BufferRing::Register(io_uring* ring, uint16_t group, uint32_t count, uint32_t size) {
  entries_bytes_ = count * sizeof(io_uring_buf);
  memory_bytes_ = size_t{count} * size;
  void* entries = MapAnonymous(entries_bytes_);
  void* memory = MapAnonymous(memory_bytes_);
  memory_ = static_cast<char*>(memory);
  if (entries == nullptr || memory == nullptr) {
    if (entries != nullptr) munmap(entries, entries_bytes_);
    return absl::ResourceExhaustedError("no memory for the receive buffers");
  }
  io_uring_buf_reg reg{};
  reg.ring_addr = reinterpret_cast<uint64_t>(entries);
  reg.ring_entries = count;
  reg.bgid = group;
  if (int r = io_uring_register_buf_ring(ring, &reg, 0); r < 0) {
    munmap(entries, entries_bytes_);
    return SetupError(-r);
  }
  ring_ = ring;
  entries_ = static_cast<io_uring_buf_ring*>(entries);
  group_ = group;
  count_ = count;
  size_ = size;
  io_uring_buf_ring_init(entries_);
  for (uint32_t i = 0; i < count; ++i) Recycle(static_cast<uint16_t>(i));
  return absl::OkStatus();
}

void BufferRing::Recycle(uint16_t id) {
  io_uring_buf_ring_add(entries_, data(id), size_, id, io_uring_buf_ring_mask(count_), 0);
  io_uring_buf_ring_advance(entries_, 1);
}

class Uring final : public Ring {
 public:
  Uring() = default;
  ~Uring() override;
  absl::Status Open(const RingOptions& options);

  void AcceptMultishot(int fd, Token token) override;
  void ReceiveMultishot(int fd, Token token) override;
  void Send(int fd, std::string_view data, Token token) override;
  void WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write,
                     Token sync) override;
  void Write(int fd, uint64_t offset, std::string_view data, Token token) override;
  void Datasync(int fd, Token token) override;
  void PollMultishot(int fd, Token token) override;
  void Cancel(Token token) override;
  void CancelAndClose(int fd) override;
  uint32_t SubmitAndReap(int64_t wait_us) override;
  void Recycle(uint16_t id) override { buffers_.Recycle(id); }

 private:
  io_uring_sqe* NextEntry();

  io_uring ring_{};
  bool ready_ = false;
  BufferRing buffers_;
};

absl::Status Uring::Open(const RingOptions& options) {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
  params.cq_entries = options.completions;
  if (int r = io_uring_queue_init_params(options.submissions, &ring_, &params); r < 0)
    return SetupError(-r);
  ready_ = true;
  io_uring_ring_dontfork(&ring_);
  io_uring_register_ring_fd(&ring_);  // saves a table look-up per system call; works without it too
  if (absl::Status s = buffers_.Register(&ring_, 0, options.buffers, options.buffer_bytes); !s.ok())
    return s;
  buffer_memory_ = buffers_.data(0);
  buffer_bytes_ = options.buffer_bytes;
  return absl::OkStatus();
}

Uring::~Uring() {
  if (ready_) io_uring_queue_exit(&ring_);
}

io_uring_sqe* Uring::NextEntry() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (__builtin_expect(sqe == nullptr, 0)) {
    // The submission queue is full: hand it to the kernel now; the completions wait for the next
    // reap.
    int submitted = io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
      // The completion queue overflowed and the kernel wants it drained first; make room without
      // running anything.
      BASALT_CHECK(submitted >= 0 || submitted == -EBUSY || submitted == -EAGAIN ||
                   submitted == -EINTR);
      submitted = io_uring_submit_and_get_events(&ring_);
      sqe = io_uring_get_sqe(&ring_);
    }
  }
  return sqe;
}

void Uring::AcceptMultishot(int fd, Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_multishot_accept(sqe, fd, nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data64(sqe, token.Pack());
}

void Uring::ReceiveMultishot(int fd, Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = 0;
  io_uring_sqe_set_data64(sqe, token.Pack());
}

void Uring::Send(int fd, std::string_view data, Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_send(sqe, fd, data.data(), data.size(), MSG_NOSIGNAL);
  io_uring_sqe_set_data64(sqe, token.Pack());
}

void Uring::Write(int fd, uint64_t offset, std::string_view data, Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_write(sqe, fd, data.data(), static_cast<unsigned>(data.size()), offset);
  io_uring_sqe_set_data64(sqe, token.Pack());
}

void Uring::WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write, Token sync) {
  // Both entries must enter the kernel in one submission, or the link between them is lost.
  if (io_uring_sq_space_left(&ring_) < 2) io_uring_submit(&ring_);
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_write(sqe, fd, data.data(), static_cast<unsigned>(data.size()), offset);
  sqe->flags |= IOSQE_IO_LINK;
  io_uring_sqe_set_data64(sqe, write.Pack());
  Datasync(fd, sync);
}

void Uring::Datasync(int fd, Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
  io_uring_sqe_set_data64(sqe, token.Pack());
}

void Uring::PollMultishot(int fd, Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_poll_multishot(sqe, fd, POLLIN);
  io_uring_sqe_set_data64(sqe, token.Pack());
}

void Uring::Cancel(Token token) {
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_cancel64(sqe, token.Pack(), IORING_ASYNC_CANCEL_ALL);
  io_uring_sqe_set_data64(sqe, Token{}.Pack());
}

void Uring::CancelAndClose(int fd) {
  if (io_uring_sq_space_left(&ring_) < 2) io_uring_submit(&ring_);
  io_uring_sqe* sqe = NextEntry();
  io_uring_prep_cancel_fd(sqe, fd, IORING_ASYNC_CANCEL_ALL);
  sqe->flags |= IOSQE_IO_HARDLINK;  // the close runs also when there was nothing to cancel
  io_uring_sqe_set_data64(sqe, Token{}.Pack());
  sqe = NextEntry();
  io_uring_prep_close(sqe, fd);
  io_uring_sqe_set_data64(sqe, Token{}.Pack());
}

uint32_t Uring::SubmitAndReap(int64_t wait_us) {
  if (wait_us > 0 && io_uring_cq_ready(&ring_) == 0) {
    __kernel_timespec ts{.tv_sec = wait_us / 1'000'000, .tv_nsec = (wait_us % 1'000'000) * 1000};
    io_uring_cqe* cqe = nullptr;
    io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &ts, nullptr);
  } else {
    io_uring_submit_and_get_events(&ring_);
  }
  uint32_t total = 0;
  io_uring_cqe* batch[64];
  while (unsigned n = io_uring_peek_batch_cqe(&ring_, batch, std::size(batch))) {
    for (unsigned i = 0; i < n; ++i) {
      Deliver({Token::Unpack(batch[i]->user_data), batch[i]->res, batch[i]->flags});
    }
    io_uring_cq_advance(&ring_, n);
    total += n;
  }
  return total;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ring>> Ring::Create(const RingOptions& options) {
  auto ring = std::make_unique<Uring>();
  if (absl::Status s = ring->Open(options); !s.ok()) return s;
  return ring;
}

}  // namespace basalt
