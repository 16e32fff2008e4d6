#include "bench/ticks/memory_ring.h"

#include <algorithm>
#include <cstring>

namespace basalt::ticks {

void MemoryRing::SetLoad(const Load& load) {
  sizes_.clear();
  buffer_bytes_ = 0;
  for (const std::string& batch : load.batches)
    buffer_bytes_ = std::max(buffer_bytes_, static_cast<uint32_t>(batch.size()));
  memory_ = std::make_unique<char[]>(load.batches.size() * buffer_bytes_);
  buffer_memory_ = memory_.get();
  for (const std::string& batch : load.batches) {
    memcpy(buffer(static_cast<uint16_t>(sizes_.size())), batch.data(), batch.size());
    sizes_.push_back(static_cast<uint32_t>(batch.size()));
  }
  reply_bytes_ = load.reply_bytes;
  reply_begins_ = load.reply_begins;
  next_batch_ = 0;
  unfinished_ = load.rounds > 0 ? connections_.size() : 0;
  for (Connection& c : connections_) c.rounds_left = load.rounds;
}

void MemoryRing::ReceiveMultishot(int fd, Token token) {
  const auto index = static_cast<size_t>(fd - kFirstSocket);
  if (index >= connections_.size()) connections_.resize(index + 1);
  connections_[index].receive = token;
}

void MemoryRing::Send(int fd, std::string_view data, Token token) {
  Connection& c = connections_[static_cast<size_t>(fd - kFirstSocket)];
  if (data.size() > c.bytes_due || data.front() != reply_begins_) {
    wrong_ = true;
  } else {
    c.bytes_due -= data.size();
    if (c.bytes_due == 0 && c.rounds_left == 0) --unfinished_;
  }
  done_.push_back({token, static_cast<int32_t>(data.size()), 0});
}

void MemoryRing::Write(int, uint64_t, std::string_view data, Token token) {
  done_.push_back({token, static_cast<int32_t>(data.size()), 0});
}

void MemoryRing::Datasync(int, Token token) { done_.push_back({token, 0, 0}); }

void MemoryRing::WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write,
                               Token sync) {
  Write(fd, offset, data, write);
  Datasync(fd, sync);
}

uint32_t MemoryRing::SubmitAndReap(int64_t) {
  for (Connection& c : connections_) {
    if (c.bytes_due > 0 || c.rounds_left == 0 || wrong_) continue;
    const auto id = static_cast<uint32_t>(next_batch_);
    if (++next_batch_ == sizes_.size()) next_batch_ = 0;
    --c.rounds_left;
    c.bytes_due = reply_bytes_;
    done_.push_back({c.receive, static_cast<int32_t>(sizes_[id]),
                     IORING_CQE_F_MORE | IORING_CQE_F_BUFFER | id << IORING_CQE_BUFFER_SHIFT});
  }
  reaped_.swap(done_);
  for (const Completion& completion : reaped_) Deliver(completion);
  const auto n = static_cast<uint32_t>(reaped_.size());
  reaped_.clear();
  return n;
}

}  // namespace basalt::ticks
