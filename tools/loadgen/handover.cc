#include "tools/loadgen/handover.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "tools/loadgen/request.h"

namespace basalt::loadgen {
namespace {

constexpr uint64_t kListsPerPair = 16;

void AppendWords(std::initializer_list<std::string_view> words, std::string* out) {
  AppendHeader('*', words.size(), out);
  for (std::string_view word : words) {
    AppendHeader('$', word.size(), out);
    out->append(word).append("\r\n");
  }
}

std::string ListOf(uint32_t thread, uint32_t pair, uint64_t number) {
  return "handover:" + std::to_string(thread) + ":" + std::to_string(pair) + ":" +
         std::to_string(number % kListsPerPair);
}

}  // namespace

void Handover::AppendPop(uint32_t thread, uint32_t pair, uint64_t number, std::string* out) {
  AppendWords({"BLPOP", ListOf(thread, pair, number), "0"}, out);
}

void Handover::AppendPush(uint32_t thread, uint32_t pair, uint64_t number, const std::string& value,
                          std::string* out) {
  AppendWords({"LPUSH", ListOf(thread, pair, number), value}, out);
}

Handover::Handover(const Options& options, uint32_t index)
    : options_(options),
      index_(index),
      value_(options.value_size, 'x'),
      quota_(options.count == 0 ? UINT64_MAX : ShareOf(options.count, options.threads, index)),
      receive_buffer_(16 << 10) {
  const uint32_t share = ShareOf(options.connections / 2, options.threads, index);
  for (uint32_t i = 0; i < share; ++i) {
    pairs_.push_back(std::make_unique<Pair>());
    Pair& pair = *pairs_.back();
    pair.number = i;
    pair.consumer.pair = pair.producer.pair = &pair;
  }
}

Handover::~Handover() {
  for (auto& pair : pairs_) {
    for (End* end : {&pair->consumer, &pair->producer}) {
      if (end->fd >= 0) close(end->fd);
    }
  }
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

bool Handover::Connect() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  for (auto& pair : pairs_) {
    for (End* end : {&pair->consumer, &pair->producer}) {
      end->fd = ConnectTo(options_, &result_.failure);
      if (end->fd < 0) return false;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = end;
      epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, end->fd, &event);
    }
  }
  return true;
}

void Handover::Run(uint64_t start_ns) {
  result_.measured_from_ns = start_ns + static_cast<uint64_t>(options_.warmup_s * 1e9);
  if (options_.count == 0) stop_ns_ = start_ns + static_cast<uint64_t>(options_.duration_s * 1e9);
  for (auto& pair : pairs_) {
    Ask(*pair, 0);
    HandOver(*pair);
  }
  const auto busy = [&](const auto& pair) { return !pair->lost && under_way(*pair); };
  uint64_t give_up_ns = UINT64_MAX;
  while (std::any_of(pairs_.begin(), pairs_.end(), busy)) {
    const uint64_t now_ns = MonotonicNanos();
    if (give_up_ns == UINT64_MAX && now_ns >= stop_ns_)
      give_up_ns = now_ns + static_cast<uint64_t>(options_.drain_s * 1e9);
    if (now_ns >= give_up_ns) break;
    epoll_event events[256];
    const int count = epoll_wait(epoll_fd_, events, 256, 10);
    for (int i = 0; i < count; ++i) Receive(*static_cast<End*>(events[i].data.ptr));
  }
  result_.measured_to_ns = std::min(MonotonicNanos(), stop_ns_);
  result_.unanswered += static_cast<uint64_t>(std::count_if(pairs_.begin(), pairs_.end(), busy));
}

bool Handover::SendAll(End& end, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(end.fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    at += static_cast<size_t>(sent);
  }
  return true;
}

void Handover::Ask(Pair& pair, uint64_t item) {
  request_.clear();
  AppendPop(index_, pair.number, item, &request_);
  if (!SendAll(pair.consumer, request_)) Lose(pair);
}

// The consumer waits for the item, or is about to; before it is sent the next one is asked for.
void Handover::HandOver(Pair& pair) {
  if (pair.lost || quota_ == 0) return;
  if (quota_ != UINT64_MAX) --quota_;
  Ask(pair, pair.item + 1);
  if (pair.lost) return;
  pair.consumer.owes = pair.producer.owes = true;
  request_.clear();
  AppendPush(index_, pair.number, pair.item, value_, &request_);
  pair.since_ns = MonotonicNanos();
  if (!SendAll(pair.producer, request_)) Lose(pair);
}

void Handover::Receive(End& end) {
  Pair& pair = *end.pair;
  if (pair.lost) return;
  const ssize_t got = recv(end.fd, receive_buffer_.data(), receive_buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Lose(pair);
  const size_t replies =
      end.scanner.Feed(receive_buffer_.data(), static_cast<size_t>(got), &result_.replies);
  if (end.scanner.broken() || replies > 1 || (replies == 1 && !end.owes)) {
    result_.replies.AddError("(bytes that are no reply to what was asked)");
    return Lose(pair);
  }
  if (replies == 0) return;
  end.owes = false;
  const uint64_t now_ns = MonotonicNanos();
  if (&end == &pair.consumer) {
    ++result_.answered;
    if (now_ns >= result_.measured_from_ns && now_ns < stop_ns_) {
      result_.latency.Record(now_ns - pair.since_ns);
      ++result_.measured;
    }
  }
  if (under_way(pair)) return;
  ++pair.item;
  if (now_ns < stop_ns_) HandOver(pair);
}

void Handover::Lose(Pair& pair) {
  if (pair.lost) return;
  pair.lost = true;
  ++result_.lost_connections;
  result_.unanswered += under_way(pair);
}

}  // namespace basalt::loadgen
