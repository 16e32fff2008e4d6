// The simulated clients of one life of the server: scripts drawn from the seed, whose every request
// and reply goes into the History.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/resp/reply_parser.h"
#include "tests/sim/history.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/simulation.h"

namespace basalt::sim {

class Workload {
 public:
  struct Options {
    uint64_t seed = 0;
    uint32_t clients = 3;
    uint32_t operations = 30;    // per client
    bool change_policy = false;  // while it runs
    bool rewrite = false;        // the log
    bool snapshots = false;      // SAVE and BGSAVE
    bool begin_log = false;      // CONFIG SET appendonly yes, once there is a snapshot
    bool end_log = false;        // CONFIG SET appendonly no, and yes again
    bool shutdown = false;       // at last
    bool leases = false;         // keys that expire
    bool functions = false;      // libraries, and what their functions do
    bool scripts = false;        // do a part of the work
    bool errors = false;         // the disk fails: writes may be refused
  };
  Workload(Simulation* simulation, SimNetwork* network, History* history, const Options& options);
  ~Workload();

  void Begin();
  // All have done what they wanted.
  bool idle() const { return working_ == 0; }
  // What a client was told and must not have been; or nothing.
  const std::string& failure() const { return failure_; }

 private:
  friend class SimClient;

  void Connect(uint32_t operations);
  void Fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  Simulation& simulation_;
  SimNetwork& network_;
  History& history_;
  const Options options_;
  Random random_;
  std::vector<std::unique_ptr<ClientEnd>> clients_;
  uint32_t working_ = 0;
  std::string failure_;
  // Numbers of what later operations may work on.
  std::vector<uint64_t> msets_, creates_;
  std::vector<std::string> copies_, leases_, libraries_;  // keys
};

}  // namespace basalt::sim
