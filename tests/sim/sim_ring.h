// A ring whose kernel is the simulation: what is submitted takes its time, what does not depend on
// each other ends in any order. As with io_uring, nothing is submitted and nothing ends but in
// SubmitAndReap.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/io/ring.h"
#include "core/shard/mailbox.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/simulation.h"

namespace basalt::sim {

class SimRing final : public Ring {
 public:
  SimRing(Simulation* simulation, SimDisk* disk, SimNetwork* network, const Mailboxes* mail,
          ShardId shard, uint64_t seed);

  void AcceptMultishot(int fd, Token token) override;
  void ReceiveMultishot(int fd, Token token) override;
  void Send(int fd, std::string_view data, Token token) override;
  void WriteThenSync(int fd, uint64_t offset, std::string_view data, Token write,
                     Token sync) override;
  void Write(int fd, uint64_t offset, std::string_view data, Token token) override;
  void Datasync(int fd, Token token) override;
  void PollMultishot(int, Token) override {}  // only the wake-ups, which SubmitAndReap sees itself
  void Cancel(Token token) override;
  void CancelAndClose(int fd) override;
  uint32_t SubmitAndReap(int64_t wait_us) override;
  void Recycle(uint16_t id) override { free_buffers_.push_back(id); }

  // --- the network's
  void Complete(const Completion& done) { done_.push_back(done); }
  int TakeBuffer();  // -1: none is left
  uint32_t buffer_bytes() const { return buffer_bytes_; }

 private:
  int64_t DiskDelay();
  void Do(std::function<void()> submission) { queued_.push_back(std::move(submission)); }
  void StartWrite(int fd, uint64_t offset, std::string_view data, Token write, bool link,
                  Token sync);
  void StartSync(int fd, Token token);

  Simulation& simulation_;
  SimDisk& disk_;
  SimNetwork& network_;
  const Mailboxes& mail_;
  const ShardId shard_;
  Random random_;
  std::vector<std::function<void()>> queued_;
  std::vector<Completion> done_;
  std::unique_ptr<char[]> memory_;
  std::vector<uint16_t> free_buffers_;
};

}  // namespace basalt::sim
