// basalt-floor answers +PONG to every command and does nothing else. What it costs per operation is
// the floor that the kernel's network path sets on this machine: a real server is judged by how far
// above it stands. One thread, one ring: multishot accept, multishot receive into provided buffers,
// one send per connection per wake-up. A connection is freed only when neither a receive nor a send
// of it is in the kernel, so an fd in user_data is never stale.
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "bench/floor/command_counter.h"
#include "core/base/check.h"

namespace basalt {
namespace {

constexpr unsigned kRingEntries = 1024;
constexpr unsigned kBuffers = 128;  // a power of two; few, so that they stay in the cache
constexpr unsigned kBufferBytes = 16 * 1024;
constexpr int kBufferGroup = 0;
constexpr char kPong[] = "+PONG\r\n";
constexpr size_t kPongBytes = sizeof(kPong) - 1;
constexpr size_t kPongsPerSend = 8192;

enum Operation : uint64_t { kAccept, kReceive, kSend };
uint64_t Tag(int fd, Operation operation) { return static_cast<uint64_t>(fd) << 2 | operation; }

struct Connection {
  CommandCounter counter;
  size_t owed_bytes = 0;  // of replies not yet accepted by the kernel
  size_t phase = 0;       // position within kPong where the next byte stands
  bool receiving = false;
  bool sending = false;
  bool dirty = false;
};

class Floor {
 public:
  explicit Floor(int listen_fd) : listen_fd_(listen_fd) {
    for (size_t i = 0; i < kPongsPerSend; ++i)
      replies_.insert(replies_.end(), kPong, kPong + kPongBytes);
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = kRingEntries * 8;
    int error = io_uring_queue_init_params(kRingEntries, &ring_, &params);
    if (error < 0) {
      fprintf(stderr, "basalt-floor: io_uring: %s (kernel 6.1 or newer is needed)\n",
              strerror(-error));
      exit(1);
    }
    RegisterBuffers();
  }

  [[noreturn]] void Run() {
    ArmAccept();
    while (true) {
      const int error = io_uring_submit_and_wait(&ring_, 1);
      BASALT_CHECK(error >= 0 || error == -EINTR || error == -EBUSY);
      unsigned head, seen = 0;
      io_uring_cqe* cqe;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        Complete(*cqe);
        ++seen;
      }
      io_uring_cq_advance(&ring_, seen);
      for (int fd : dirty_) {
        connections_[fd]->dirty = false;
        SendOrClose(fd);
      }
      dirty_.clear();
    }
  }

 private:
  void RegisterBuffers() {
    const size_t ring_bytes = kBuffers * sizeof(io_uring_buf);
    void* memory = mmap(nullptr, ring_bytes + kBuffers * kBufferBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    BASALT_CHECK(memory != MAP_FAILED);
    buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
    buffers_ = static_cast<char*>(memory) + ring_bytes;
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uint64_t>(memory);
    registration.ring_entries = kBuffers;
    registration.bgid = kBufferGroup;
    BASALT_CHECK(io_uring_register_buf_ring(&ring_, &registration, 0) == 0);
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned id = 0; id < kBuffers; ++id) GiveBack(id);
  }

  void GiveBack(unsigned id) {
    io_uring_buf_ring_add(buffer_ring_, buffers_ + size_t{id} * kBufferBytes, kBufferBytes,
                          static_cast<uint16_t>(id), io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffer_ring_, 1);
  }

  io_uring_sqe* Entry() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
      io_uring_submit(&ring_);
      sqe = io_uring_get_sqe(&ring_);
      BASALT_CHECK(sqe != nullptr);
    }
    return sqe;
  }

  void ArmAccept() {
    io_uring_sqe* sqe = Entry();
    io_uring_prep_multishot_accept(sqe, listen_fd_, nullptr, nullptr, 0);
    sqe->user_data = Tag(listen_fd_, kAccept);
  }

  void ArmReceive(int fd) {
    io_uring_sqe* sqe = Entry();
    io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
    sqe->user_data = Tag(fd, kReceive);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = kBufferGroup;
    connections_[fd]->receiving = true;
  }

  void Complete(const io_uring_cqe& cqe) {
    const int fd = static_cast<int>(cqe.user_data >> 2);
    switch (static_cast<Operation>(cqe.user_data & 3)) {
      case kAccept:
        return OnAccept(cqe);
      case kReceive:
        return OnReceive(fd, cqe);
      case kSend:
        return OnSend(fd, cqe.res);
    }
  }

  void OnAccept(const io_uring_cqe& cqe) {
    if (cqe.res >= 0) {
      const int fd = cqe.res, on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      if (static_cast<size_t>(fd) >= connections_.size()) connections_.resize(fd + 1);
      connections_[fd] = std::make_unique<Connection>();
      ArmReceive(fd);
    }
    if (!(cqe.flags & IORING_CQE_F_MORE)) ArmAccept();
  }

  void OnReceive(int fd, const io_uring_cqe& cqe) {
    Connection& connection = *connections_[fd];
    if (cqe.flags & IORING_CQE_F_BUFFER) {
      const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
      if (cqe.res > 0) {
        connection.owed_bytes +=
            kPongBytes * connection.counter.Feed(buffers_ + size_t{id} * kBufferBytes, cqe.res);
      }
      GiveBack(id);
    }
    if (!(cqe.flags & IORING_CQE_F_MORE)) {
      connection.receiving = false;
      if (cqe.res > 0 || cqe.res == -ENOBUFS) ArmReceive(fd);
    }
    MarkDirty(fd);
  }

  void OnSend(int fd, int result) {
    Connection& connection = *connections_[fd];
    connection.sending = false;
    if (result < 0) {
      connection.owed_bytes = 0;
      shutdown(fd, SHUT_RDWR);  // ends the receive as well, and that frees the connection
    } else {
      connection.owed_bytes -= std::min<size_t>(connection.owed_bytes, result);
      connection.phase = (connection.phase + result) % kPongBytes;
    }
    if (connection.owed_bytes > 0 || !connection.receiving) MarkDirty(fd);
  }

  void MarkDirty(int fd) {
    if (connections_[fd]->dirty) return;
    connections_[fd]->dirty = true;
    dirty_.push_back(fd);
  }

  void SendOrClose(int fd) {
    Connection& connection = *connections_[fd];
    if (connection.sending) return;
    if (connection.owed_bytes > 0) {
      io_uring_sqe* sqe = Entry();
      io_uring_prep_send(sqe, fd, replies_.data() + connection.phase,
                         std::min(connection.owed_bytes, replies_.size() - connection.phase),
                         MSG_NOSIGNAL);
      sqe->user_data = Tag(fd, kSend);
      connection.sending = true;
    } else if (!connection.receiving) {
      connections_[fd].reset();
      close(fd);
    }
  }

  const int listen_fd_;
  io_uring ring_{};
  io_uring_buf_ring* buffer_ring_ = nullptr;
  char* buffers_ = nullptr;
  std::vector<char> replies_;  // kPong over and over: a reply is never built, only sent
  std::vector<std::unique_ptr<Connection>> connections_;  // by fd
  std::vector<int> dirty_;
};

int Listen(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, 511) != 0) {
    perror("basalt-floor: listen");
    exit(1);
  }
  return fd;
}

}  // namespace
}  // namespace basalt

int main(int argc, char** argv) {
  if (argc != 3 || strcmp(argv[1], "--port") != 0 || atoi(argv[2]) <= 0 || atoi(argv[2]) > 65535) {
    fprintf(stderr,
            "usage: basalt-floor --port N\n\nAnswers +PONG to every command on 127.0.0.1:N, over "
            "one io_uring in one\n"
            "thread, and stores nothing: the yardstick for CPU time per operation.\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  basalt::Floor(basalt::Listen(static_cast<uint16_t>(atoi(argv[2])))).Run();
}
