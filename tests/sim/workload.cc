#include "tests/sim/workload.h"

#include "tests/sim/sim_client.h"

namespace basalt::sim {

Workload::Workload(Simulation* simulation, SimNetwork* network, History* history,
                   const Options& options)
    : simulation_(*simulation),
      network_(*network),
      history_(*history),
      options_(options),
      random_(options.seed) {}

Workload::~Workload() = default;

void Workload::Connect(uint32_t operations) {
  ++working_;
  auto client = std::make_unique<SimClient>(this, random_.Next(), operations, false);
  SimClient& started = *client;
  clients_.push_back(std::move(client));
  started.Start();
}

void Workload::Begin() {
  for (uint32_t i = 0; i < options_.clients; ++i) Connect(options_.operations);
  if (!options_.change_policy && !options_.rewrite && !options_.snapshots && !options_.shutdown)
    return;
  ++working_;
  uint64_t operations = options_.snapshots ? 16 : 6;
  // While the others are still at work.
  if (options_.shutdown && random_.Below(2) == 0) operations = 2;
  auto admin = std::make_unique<SimClient>(
      this, random_.Next(), 1 + static_cast<uint32_t>(random_.Below(operations)), true);
  SimClient& started = *admin;
  clients_.push_back(std::move(admin));
  started.Start();
}

}  // namespace basalt::sim
