#include "tests/sim/sim_ring.h"

#include <cerrno>
#include <utility>

namespace basalt::sim {

SimRing::SimRing(Simulation* simulation, SimDisk* disk, SimNetwork* network, const Mailboxes* mail,
                 ShardId shard, uint64_t seed)
    : simulation_(*simulation),
      disk_(*disk),
      network_(*network),
      mail_(*mail),
      shard_(shard),
      random_(seed) {
  // Few and small ones, so that commands come in pieces and buffers run out.
  const auto count = static_cast<uint16_t>(2 + random_.Below(7));
  buffer_bytes_ = static_cast<uint32_t>(64 << random_.Below(6));
  memory_.reset(new char[size_t{count} * buffer_bytes_]);
  buffer_memory_ = memory_.get();
  for (uint16_t i = 0; i < count; ++i) free_buffers_.push_back(i);
}

int64_t SimRing::DiskDelay() {
  // Mostly tens to thousands of microseconds, sometimes tens of milliseconds.
  const uint64_t scale = random_.Below(64) == 0 ? 16 : 4 + random_.Below(9);
  return 5 + static_cast<int64_t>(random_.Below(uint64_t{1} << scale));
}

void SimRing::AcceptMultishot(int, Token token) {
  Do([this, token] { network_.Listen(this, token); });
}

void SimRing::ReceiveMultishot(int fd, Token token) {
  Do([this, fd, token] { network_.ArmReceive(this, fd, token); });
}

void SimRing::Send(int fd, std::string_view data, Token token) {
  Do([this, fd, data, token] {
    simulation_.In(static_cast<int64_t>(random_.Below(uint64_t{2} << random_.Below(8))),
                   [this, fd, data, token] {
                     Complete({token, network_.Deliver(fd, data), 0});
                   });
  });
}

void SimRing::StartWrite(int fd, uint64_t offset, std::string_view data, Token write, bool link,
                         Token sync) {
  simulation_.In(DiskDelay(), [this, fd, offset, data, write, link, sync] {
    const int result = disk_.Write(fd, offset, data);
    simulation_.Trace("shard ", shard_.value, " wrote ", data.size(), " bytes at ", offset, ": ",
                      result);
    Complete({write, result, 0});
    if (!link) return;
    if (result == static_cast<int>(data.size())) {
      StartSync(fd, sync);
    } else {
      Complete({sync, -ECANCELED, 0});
    }
  });
}

void SimRing::StartSync(int fd, Token token) {
  simulation_.In(DiskDelay(), [this, fd, token] {
    const int result = disk_.Sync(fd);
    simulation_.Trace("shard ", shard_.value, " synced: ", result);
    Complete({token, result, 0});
  });
}

void SimRing::Write(int fd, uint64_t offset, std::string_view data, Token token) {
  Do([this, fd, offset, data, token] { StartWrite(fd, offset, data, token, false, {}); });
}

void SimRing::WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write,
                            Token sync) {
  Do([this, fd, offset, data, write, sync] { StartWrite(fd, offset, data, write, true, sync); });
}

void SimRing::Datasync(int fd, Token token) {
  Do([this, fd, token] { StartSync(fd, token); });
}

void SimRing::Cancel(Token token) {
  Do([this, token] { network_.CancelReceives(this, token); });
}

void SimRing::CancelAndClose(int fd) {
  Do([this, fd] { network_.Close(this, fd); });
}

int SimRing::TakeBuffer() {
  if (free_buffers_.empty()) return -1;
  const int id = free_buffers_.back();
  free_buffers_.pop_back();
  return id;
}

uint32_t SimRing::SubmitAndReap(int64_t wait_us) {
  for (auto& submission : std::exchange(queued_, {})) submission();
  if (wait_us > 0 && done_.empty()) {
    // A tick says that it sleeps; a flush of the log does not, and is woken by its disk only.
    const bool wakes = mail_.Asleep(shard_);
    simulation_.Sleep(wait_us, [&] { return !done_.empty() || (wakes && !mail_.Asleep(shard_)); });
  } else {
    simulation_.Yield();
  }
  const std::vector<Completion> done = std::exchange(done_, {});
  for (const Completion& completion : done) Deliver(completion);
  return static_cast<uint32_t>(done.size());
}

}  // namespace basalt::sim
