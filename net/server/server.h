// Server: one process. Wires shards, logs, connections and commands together, and is the Host they
// call for what concerns the process: saves, rewrites, shutdown, configuration.
//
// Threads: the shards; the main thread, which does the blocking work that no shard may wait for
// (signals, the child's end, manifests); and the log's file keeper. State shared between them is
// atomic, or changes only while all shards are parked.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/admin/config.h"
#include "core/io/file.h"
#include "core/shard/host.h"
#include "core/shard/world.h"
#include "net/conn/connections.h"
#include "net/conn/placement.h"
#include "net/server/idle_cores.h"
#include "persistence/recovery/loader.h"
#include "persistence/snapshot/child.h"
#include "persistence/snapshot/log_set.h"
#include "persistence/snapshot/saver.h"

namespace basalt {

class Server final : public Host {
 public:
  explicit Server(Config* config);
  ~Server() override;

  // Checks the surroundings, reads what is to be loaded, opens the sockets and starts the shards.
  // The error is for the operator.
  absl::Status Start();
  // Until the server is told to stop; returns the process's exit code. `signals` is a signalfd of
  // SIGTERM and SIGINT, which stop it, and SIGCHLD: the end of a snapshot's child is noted at once.
  int Run(int signals);

  absl::Status Save(SaveMode mode, std::string* reply) override;
  absl::Status CancelSave(std::string* reply) override;
  absl::Status RewriteLog(std::string* reply) override;
  int64_t last_save_unix_s() const override { return saver_->last_save_unix_s(); }
  absl::Status Shutdown(int save, bool now, bool force) override;
  absl::Status AbortShutdown() override;
  absl::Status ApplyOptions(OptionHooks hooks, const Config& old) override;
  void OnAlwaysBegun(bool durable) override;
  void AppendInfo(std::string_view section, std::string* out) override;
  std::vector<Client*> Clients() override;
  void Kill(Client* client, bool now) override;
  void Cron(Shard& shard) override;

 private:
  absl::Status LockDirectory();
  absl::Status OpenSockets();
  absl::Status StartShards();
  void RunShard(uint32_t i);
  void Tick();
  void OnChildDone(const absl::Status& outcome);  // a snapshot's or a rewrite's
  void LogBanner() const;
  void AppendPersistence(std::string* out);
  void AppendServer(std::string* out);
  void AppendClients(std::string* out);
  void AppendShards(std::string* out);

  Config& config_;
  FileSystem& fs_;
  SnapshotChild child_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Placement> placement_;
  std::unique_ptr<Saver> saver_;
  std::unique_ptr<LogSet> logs_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<DirectoryLock> lock_;
  std::vector<Connections*> connections_;  // by shard
  std::vector<std::vector<int>> core_sockets_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  IdleCores idle_cores_;        // the main thread's
  int64_t next_sample_us_ = 0;  // likewise
  std::atomic<uint32_t> started_{0};
  std::vector<absl::Status> start_status_;
  std::atomic<bool> ready_to_run_{false}, abort_start_{false};

  std::atomic<bool> stop_requested_{false};  // by a signal
  std::atomic<bool> stop_queued_{false};
  std::atomic<int> exit_code_{0};
  bool fork_task_queued_ = false;  // shard 0's thread
};

}  // namespace basalt
