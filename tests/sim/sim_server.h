// One life of a server in the simulator: the real shards, logs, transactions, connections, recovery
// and rewrites, wired as net/server does it, on simulated rings, disk and network. It begins with a
// start on whatever the disk holds and ends with a cut (or when told to stop).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/admin/config.h"
#include "core/shard/host.h"
#include "core/shard/world.h"
#include "net/conn/placement.h"
#include "persistence/recovery/loader.h"
#include "persistence/snapshot/child.h"
#include "persistence/snapshot/log_set.h"
#include "persistence/snapshot/saver.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/simulation.h"

namespace basalt::sim {

// A child that is not forked (sim_disk.h).
class SimChild final : public SnapshotChild {
 public:
  SimChild(Simulation* simulation, SimDisk* disk, uint64_t seed)
      : simulation_(*simulation), disk_(*disk), random_(seed) {}
  absl::Status Start(const char* purpose, std::function<absl::Status(Report&)> work) override;
  bool running() const override { return running_; }
  std::optional<absl::Status> Poll() override;
  // Nothing more of what it was doing is done.
  void End() override;
  bool Kill() override;

 private:
  void Next();

  Simulation& simulation_;
  SimDisk& disk_;
  Random random_;
  bool running_ = false;
  uint64_t number_ = 0;  // of this child; what was to be done by another is not
  std::deque<SimDisk::Call> calls_;
  absl::Status end_;  // how it ends when all calls have succeeded
  std::optional<absl::Status> outcome_;
};

class SimServer final : public Host {
 public:
  struct Options {
    uint64_t seed = 0;
    uint32_t shards = 1;
    AppendFsync policy = AppendFsync::kAlways;
    uint64_t log_file_bytes = 4096;
    bool log = true;           // appendonly
    bool old_log = false;      // without: there is one from before it was turned off
    bool save_points = false;  // "save 0 1"
  };
  SimServer(Simulation* simulation, SimDisk* disk, SimNetwork* network, const Options& options);
  ~SimServer() override;

  // Lets it begin: recovery, then the shards. `on_ready` is called when all data is loaded, before
  // any command runs.
  void Begin(std::function<void()> on_ready);
  // Its end, wherever it is.
  void Stop();

  World& world() { return *world_; }
  // The world stands still, and a snapshot of it begins; and: the last one to begin is whole, as
  // anybody may now hear.
  std::function<void()> on_snapshot = [] {}, on_saved = [] {};
  // While it runs: a log is about to begin, and: a log begins, with what memory holds as its base.
  std::function<void()> on_base = [] {}, on_log = [] {};
  // While it runs: the log ends.
  std::function<void()> on_log_end = [] {};
  // It has one, or had begun to make the first one, or has turned off the one it had.
  bool log_begun() const { return log_begun_; }
  // It is off, and what it was until then is still there.
  bool log_ended() const { return old_log_; }
  // It was told to stop, and has.
  bool left() const { return left_; }
  // A snapshot was the last thing it did before.
  bool left_saved() const { return left_saved_; }
  // Why it did not come up.
  const absl::Status& failure() const { return failure_; }

  absl::Status Save(SaveMode mode, std::string* reply) override;
  absl::Status CancelSave(std::string*) override {
    return absl::UnimplementedError("ERR not here");
  }
  absl::Status RewriteLog(std::string* reply) override;
  int64_t last_save_unix_s() const override { return saver_->last_save_unix_s(); }
  absl::Status Shutdown(int save, bool now, bool force) override;
  absl::Status AbortShutdown() override { return absl::UnimplementedError("ERR not here"); }
  absl::Status ApplyOptions(OptionHooks hooks, const Config& old) override;
  void OnAlwaysBegun(bool durable) override;
  void AppendInfo(std::string_view, std::string*) override {}
  void Cron(Shard& shard) override;
  std::vector<Client*> Clients() override { return {}; }
  void Kill(Client*, bool) override {}

 private:
  absl::Status Start();
  absl::Status SaveInBackground();
  void OnChildDone(const absl::Status& outcome);
  void MainThread(const std::function<void()>& on_ready);

  Simulation& simulation_;
  SimDisk& disk_;
  SimNetwork& network_;
  const Options options_;
  Random random_;
  Config config_;
  SimChild child_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Placement> placement_;
  std::unique_ptr<Saver> saver_;
  std::unique_ptr<LogSet> logs_;
  std::unique_ptr<Loader> loader_;
  absl::Status failure_;
  bool stopped_ = false;
  bool fork_queued_ = false;
  bool log_begun_ = false;
  bool old_log_ = false;
  bool left_ = false;
  bool left_saved_ = false;
};

}  // namespace basalt::sim
