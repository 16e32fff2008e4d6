// The load loop. See worker.h.
#include "tools/loadgen/worker.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace basalt::loadgen {
namespace {

constexpr size_t kReceiveBytes = 256 * 1024;
constexpr uint64_t kSpinNanos = 60'000;  // a sleep this short would overshoot; poll instead

// A batch that mixes kinds of requests is drawn once, so there are several to make the mix come
// out.
constexpr uint32_t kBatchesOfMix = 64;

}  // namespace

Worker::Worker(const Options& options, const std::vector<Request>& requests,
               const std::vector<uint32_t>& zipf_table, uint32_t index)
    : options_(options),
      requests_(requests),
      keys_(options, zipf_table, index),
      random_(options.seed * 7919 + index),
      receive_buffer_(kReceiveBytes),
      quota_(options.count == 0 ? UINT64_MAX
                                : options.count * (index + 1) / options.threads -
                                      options.count * index / options.threads) {
  const uint32_t share = ShareOf(options.connections, options.threads, index);
  for (uint32_t i = 0; i < share; ++i) connections_.push_back(std::make_unique<Connection>());
}

Worker::~Worker() {
  for (auto& connection : connections_) {
    if (connection->fd >= 0) close(connection->fd);
  }
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

bool Worker::Connect() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  for (auto& connection : connections_) {
    const int fd = connection->fd = ConnectTo(options_, &result_.failure);
    if (fd < 0) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  }
  return true;
}

void Worker::Run(uint64_t start_ns) {
  prctl(PR_SET_TIMERSLACK, 1);  // nanosecond; the default lets a wake-up be 50 us late
  result_.measured_from_ns = start_ns + static_cast<uint64_t>(options_.warmup_s * 1e9);
  if (options_.count == 0)
    deadline_ns_ = start_ns + static_cast<uint64_t>(options_.duration_s * 1e9);
  for (auto& connection : connections_) {
    if (open_loop()) {
      idle_.push_back(connection.get());
    } else {
      StartBatch(*connection, MonotonicNanos());
    }
  }
  if (open_loop()) next_due_ns_ = start_ns + GapNanos();

  while (!stopping_ || in_flight_ > 0) {
    uint64_t now_ns = MonotonicNanos();
    if (!stopping_ && now_ns >= deadline_ns_) Stop();
    if (stopping_ && now_ns >= deadline_ns_)
      break;  // Stop() has moved the deadline to the end of the drain
    if (open_loop() && !stopping_) PumpDue(now_ns);
    if (!stopping_ && NothingLeft()) Stop();
    if (stopping_ && in_flight_ == 0) break;
    WaitForEvents(std::min(deadline_ns_, stopping_ ? UINT64_MAX : next_due_ns_));
  }
  if (!stopping_) Stop();
  for (auto& connection : connections_) {
    if (connection->batch != nullptr)
      result_.unanswered += connection->requests - connection->answered;
  }
}

bool Worker::NothingLeft() const {
  if (result_.lost_connections == connections_.size()) return true;
  return in_flight_ == 0 && due_.empty() && (quota_ == 0 || !open_loop());
}

void Worker::Stop() {
  stopping_ = true;
  const uint64_t now_ns = MonotonicNanos();
  result_.measured_to_ns = now_ns;
  result_.never_sent = due_.size() * options_.pipeline;
  deadline_ns_ = now_ns + static_cast<uint64_t>(options_.drain_s * 1e9);
}

// Even gaps divide the rate over the workers; random ones are exponential, which makes arrivals a
// Poisson process.
uint64_t Worker::GapNanos() {
  const double batches_per_s = options_.rate_per_s / options_.pipeline / options_.threads;
  double gap_s = 1 / batches_per_s;
  if (options_.poisson) gap_s = std::exponential_distribution<double>(batches_per_s)(random_);
  return std::max<uint64_t>(static_cast<uint64_t>(gap_s * 1e9), 1);
}

void Worker::PumpDue(uint64_t now_ns) {
  while (next_due_ns_ <= now_ns && next_due_ns_ < deadline_ns_) {
    due_.push_back(next_due_ns_);
    next_due_ns_ += GapNanos();
  }
  while (!due_.empty() && !idle_.empty()) {
    Connection& connection = *idle_.front();
    if (!StartBatch(connection, due_.front())) break;
    idle_.pop_front();
    due_.pop_front();
  }
  if (quota_ == 0) due_.clear(), next_due_ns_ = UINT64_MAX;
}

Batch* Worker::TakeBatch() {
  const size_t enough = requests_.size() > 1 ? kBatchesOfMix : 1;
  if (spare_.empty() || batches_.size() < enough) {
    batches_.push_back(
        std::make_unique<Batch>(requests_, options_.pipeline, options_.digits(), random_));
    return batches_.back().get();
  }
  Batch* batch = spare_.front();
  spare_.pop_front();
  return batch;
}

bool Worker::StartBatch(Connection& connection, uint64_t since_ns) {
  if (quota_ == 0 || connection.fd < 0) return false;
  const uint32_t count = static_cast<uint32_t>(std::min<uint64_t>(options_.pipeline, quota_));
  if (quota_ != UINT64_MAX) quota_ -= count;
  connection.batch = TakeBatch();
  connection.batch->DrawKeys(keys_, count);
  connection.requests = count;
  connection.answered = 0;
  connection.replies_left = connection.batch->Replies(0);
  connection.sent_bytes = 0;
  connection.since_ns = since_ns;
  ++in_flight_;
  SendRest(connection);
  return true;
}

void Worker::SendRest(Connection& connection) {
  const std::string_view bytes = connection.batch->Bytes(connection.requests);
  while (connection.sent_bytes < bytes.size()) {
    const ssize_t sent = send(connection.fd, bytes.data() + connection.sent_bytes,
                              bytes.size() - connection.sent_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return WatchForRoom(connection, true);
    if (sent < 0) return;  // a lost connection shows when it is read
    connection.sent_bytes += static_cast<size_t>(sent);
  }
  WatchForRoom(connection, false);
}

void Worker::WatchForRoom(Connection& connection, bool on) {
  if (connection.waits_for_room == on) return;
  connection.waits_for_room = on;
  epoll_event event{};
  event.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Worker::WaitForEvents(uint64_t until_ns) {
  constexpr int kMost = 256;
  epoll_event events[kMost];
  const uint64_t now_ns = MonotonicNanos();
  uint64_t sleep_ns = until_ns > now_ns ? until_ns - now_ns : 0;
  if (open_loop() && !stopping_) sleep_ns = sleep_ns > kSpinNanos ? sleep_ns - kSpinNanos : 0;
  const timespec timeout = {static_cast<time_t>(std::min<uint64_t>(sleep_ns / 1'000'000'000, 3600)),
                            static_cast<long>(sleep_ns % 1'000'000'000)};
  const int count = epoll_pwait2(epoll_fd_, events, kMost, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
    if ((events[i].events & EPOLLOUT) && connection.batch != nullptr) SendRest(connection);
    if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Receive(connection);
  }
}

void Worker::Receive(Connection& connection) {
  const ssize_t got =
      recv(connection.fd, receive_buffer_.data(), receive_buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Lose(connection);
  const size_t replies =
      connection.scanner.Feed(receive_buffer_.data(), static_cast<size_t>(got), &result_.replies);
  Account(connection, replies, MonotonicNanos());
  if (connection.scanner.broken()) {
    result_.replies.AddError("(bytes that are no reply)");
    Lose(connection);
  }
}

void Worker::Account(Connection& connection, size_t replies, uint64_t now_ns) {
  if (connection.batch == nullptr) {
    if (replies > 0) result_.replies.AddError("(a reply that nothing had asked for)");
    return;
  }
  uint32_t done = 0;
  while (replies > 0 && connection.answered + done < connection.requests) {
    const size_t step = std::min<size_t>(replies, connection.replies_left);
    replies -= step;
    connection.replies_left -= static_cast<uint32_t>(step);
    if (connection.replies_left > 0) break;
    ++done;
    if (connection.answered + done < connection.requests) {
      connection.replies_left = connection.batch->Replies(connection.answered + done);
    }
  }
  connection.answered += done;
  result_.answered += done;
  // The open loop counts stragglers as well: leaving out the slowest would flatter the tail.
  if (done > 0 && now_ns >= result_.measured_from_ns && (!stopping_ || open_loop())) {
    result_.latency.Record(now_ns - connection.since_ns, done);
    result_.measured += done;
  }
  if (connection.answered == connection.requests) FinishBatch(connection, now_ns);
}

void Worker::FinishBatch(Connection& connection, uint64_t now_ns) {
  spare_.push_back(connection.batch);
  connection.batch = nullptr;
  --in_flight_;
  if (stopping_) return;
  if (open_loop()) {
    idle_.push_back(&connection);
    PumpDue(now_ns);
  } else if (now_ns < deadline_ns_) {
    StartBatch(connection, now_ns);
  }
}

void Worker::Lose(Connection& connection) {
  ++result_.lost_connections;
  close(connection.fd);
  connection.fd = -1;
  std::erase(idle_, &connection);
  if (connection.batch == nullptr) return;
  result_.unanswered += connection.requests - connection.answered;
  connection.batch = nullptr;
  --in_flight_;
}

}  // namespace basalt::loadgen
