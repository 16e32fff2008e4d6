#include "tests/sim/sim_server.h"

#include <utility>

#include "core/base/strings.h"
#include "core/cmd/all_commands.h"
#include "core/script/engine.h"
#include "core/script/script_store.h"
#include "core/shard/shard.h"
#include "core/tx/tx_coordinator.h"
#include "net/conn/connections.h"
#include "persistence/aof/shard_log.h"
#include "persistence/recovery/load_plan.h"
#include "tests/sim/sim_ring.h"

namespace basalt::sim {

// --- the child

absl::Status SimChild::Start(const char* purpose, std::function<absl::Status(Report&)> work) {
  simulation_.Trace(purpose, " begins");
  report_->next_look_us = INT64_MAX;  // no look through the pages of this process
  disk_.StartRecording();
  end_ = work(*report_);
  calls_ = disk_.StopRecording();
  running_ = true;
  ++number_;
  outcome_.reset();
  Next();
  return absl::OkStatus();
}

void SimChild::Next() {
  const auto us = 1 + static_cast<int64_t>(random_.Below(uint64_t{1} << random_.Below(14)));
  simulation_.In(us, [this, number = number_] {
    if (!running_ || number != number_) return;
    if (calls_.empty()) {
      outcome_ = end_;
      return;
    }
    absl::Status status = calls_.front()();
    calls_.pop_front();
    if (status.ok()) return Next();
    calls_.clear();
    outcome_ = std::move(status);
  });
}

std::optional<absl::Status> SimChild::Poll() {
  if (!running_ || !outcome_.has_value()) return std::nullopt;
  running_ = false;
  simulation_.Trace("the child ends: ", std::string(outcome_->message()));
  return std::exchange(outcome_, std::nullopt);
}

void SimChild::End() {
  if (!running_ || outcome_.has_value()) return;
  simulation_.Trace("the child is ended");
  ++number_;
  calls_.clear();
  outcome_ = absl::InternalError("the child was ended by a signal");
}

bool SimChild::Kill() {
  if (!running_) return false;
  simulation_.Trace("the child is killed");
  running_ = false;
  calls_.clear();
  outcome_.reset();
  return true;
}

// --- the server

SimServer::SimServer(Simulation* simulation, SimDisk* disk, SimNetwork* network,
                     const Options& options)
    : simulation_(*simulation),
      disk_(*disk),
      network_(*network),
      options_(options),
      random_(options.seed),
      child_(simulation, disk, random_.Next()) {
  config_.shards = options.shards;
  config_.appendonly = log_begun_ = options.log;
  old_log_ = options.old_log;
  config_.appendfsync = options.policy;
  config_.aof_file_size = static_cast<int64_t>(options.log_file_bytes);
  config_.move_connections_after = 2;
  config_.save = {};
  if (options.save_points) config_.save = {{.seconds = 0, .changes = 1}};
  config_.protected_mode = false;
  config_.auto_aof_rewrite_percentage = 0;
  config_.slowlog_log_slower_than = -1;
}

SimServer::~SimServer() = default;

void SimServer::Begin(std::function<void()> on_ready) {
  simulation_.Spawn("main", [this, on_ready = std::move(on_ready)] { MainThread(on_ready); });
}

void SimServer::Stop() {
  stopped_ = true;
  if (world_ != nullptr) world_->stopping = true;
  simulation_.WakeAll();
}

absl::Status SimServer::Start() {
  const auto n = static_cast<uint32_t>(config_.shards);
  world_ = std::make_unique<World>(&config_, &AllCommands(), &simulation_.clock(), n);
  world_->set_host(this);
  world_->set_wait_hook(&simulation_);
  auto scripts = std::make_unique<script::ScriptStore>(&AllCommands());
  script::ScriptStore* const script_store = scripts.get();
  world_->set_scripts(std::move(scripts));
  placement_ = std::make_unique<Placement>(n);
  saver_ = std::make_unique<Saver>(world_.get(), &disk_, &child_);
  logs_ = std::make_unique<LogSet>(world_.get(), &disk_, &child_);
  absl::StatusOr<LoadPlan> plan = PlanLoad(disk_, config_, logs_->store());
  if (!plan.ok()) return plan.status();
  loader_ = std::make_unique<Loader>(world_.get(), &disk_, *std::move(plan),
                                     [this](Shard& shard) -> absl::StatusOr<bool> {
                                       if (!config_.appendonly) return true;
                                       return logs_->OpenFor(shard);
                                     });
  const LoadPlan& load = loader_->plan();
  if (load.recovery.has_value()) {
    world_->SetEpoch(load.recovery->resume_epoch);
    world_->SetNextTx(load.recovery->next_tx);
    simulation_.Trace(load.recovery->Summary());
    for (const Finding& finding : load.recovery->findings) simulation_.Trace(finding.ToString());
  }
  if (config_.appendonly) {
    const bool goes_on = load.recovery.has_value() && load.parts.size() == n;
    logs_->PrepareStart(goes_on ? &*load.recovery : nullptr,
                        load.source != LoadPlan::Source::kNothing);
  }
  world_->loading = true;
  for (uint32_t i = 0; i < n; ++i) {
    auto shard = std::make_unique<Shard>(world_.get(), ShardId(static_cast<uint16_t>(i)));
    auto log =
        std::make_unique<ShardLog>(shard->id(), &shard->keyspace(), &world_->clock(), &config_);
    logs_->AddShard(log.get());
    shard->set_log(std::move(log));
    shard->set_ring(std::make_unique<SimRing>(&simulation_, &disk_, &network_, &world_->mail(),
                                              shard->id(), random_.Next()));
    shard->set_scripts(std::make_unique<script::ScriptEngine>(script_store));
    shard->set_coordinator(std::make_unique<TxCoordinator>(shard.get()));
    auto connections = std::make_unique<Connections>(placement_.get());
    if (i == 0) connections->Listen(SimNetwork::kListener, /*spread=*/true);
    shard->set_frontend(std::move(connections));
    shard->set_job(loader_->JobFor(shard.get()));
    world_->Adopt(std::move(shard));
  }
  world_->SetAlways(config_.appendonly && config_.appendfsync == AppendFsync::kAlways);
  world_->stopping = stopped_;
  for (uint32_t i = 0; i < n; ++i) {
    Shard& shard = world_->shard(i);
    if (absl::Status s = shard.Start(); !s.ok()) return s;
    static_cast<ShardLog&>(shard.log()).Attach(&shard.ring());
  }
  for (uint32_t i = 0; i < n; ++i) {
    simulation_.Spawn(StrCat("shard ", i), [this, i] { world_->shard(i).Run(); });
  }
  return absl::OkStatus();
}

void SimServer::MainThread(const std::function<void()>& on_ready) {
  failure_ = Start();
  if (!failure_.ok()) return;
  simulation_.WaitUntil([this] { return loader_->finished() || loader_->failed() || stopped_; });
  if (loader_->failed()) {
    failure_ = loader_->error();
    world_->stopping = true;
    return;
  }
  if (loader_->finished() && !stopped_) on_ready();
  while (!world_->stopping) {
    if (std::optional<absl::Status> outcome = child_.Poll()) OnChildDone(*outcome);
    logs_->Tend(config_);
    simulation_.Sleep(1000 + static_cast<int64_t>(random_.Below(50'000)),
                      [this] { return world_->stopping.load(); });
  }
  simulation_.WakeAll();
}

// Here and below as net/server does: what needs a park is queued as a task of its own.
void SimServer::Cron(Shard& shard) {
  if (world_->loading.load(std::memory_order_relaxed) || fork_queued_) return;
  const bool cut = logs_->ReadyToCut();
  if (!cut && !saver_->Due(world_->clock().UnixMillis() / 1000)) return;
  fork_queued_ = true;
  static_cast<TxCoordinator&>(shard.coordinator()).AddTask([this, cut] {
    fork_queued_ = false;
    if (cut && logs_->ReadyToCut()) {
      logs_->CutAndFork();
    } else if (!child_.running()) {
      (void)SaveInBackground();
    }
  });
}

void SimServer::OnChildDone(const absl::Status& outcome) {
  if (logs_->child_is_ours()) return logs_->OnChildDone(outcome);
  saver_->OnChildDone(outcome);
  if (outcome.ok()) on_saved();
}

absl::Status SimServer::SaveInBackground() {
  on_snapshot();
  return saver_->SaveInBackground();
}

absl::Status SimServer::Save(SaveMode mode, std::string* reply) {
  if (saver_->in_progress()) return absl::FailedPreconditionError("ERR already in progress");
  if (mode == SaveMode::kForeground) {
    on_snapshot();
    if (!saver_->SaveNow().ok()) return absl::InternalError("ERR");
    on_saved();
    *reply = "OK";
    return absl::OkStatus();
  }
  if (child_.running()) {
    if (mode != SaveMode::kBackgroundSchedule)
      return absl::FailedPreconditionError("ERR another child is at work");
    saver_->Schedule();
    *reply = "Background saving scheduled";
    return absl::OkStatus();
  }
  if (!SaveInBackground().ok()) return absl::InternalError("ERR");
  *reply = "Background saving started";
  return absl::OkStatus();
}

absl::Status SimServer::RewriteLog(std::string* reply) {
  if (!logs_->on()) return absl::FailedPreconditionError("ERR there is no log");
  if (logs_->in_progress()) return absl::FailedPreconditionError("ERR already in progress");
  *reply = "Background append only file rewriting started";
  logs_->RequestRewrite();
  return absl::OkStatus();
}

absl::Status SimServer::Shutdown(int save, bool, bool force) {
  left_saved_ = false;
  if (save > 0 || (save < 0 && !config_.save.empty())) {
    if (child_.Kill()) OnChildDone(absl::CancelledError("ended by SHUTDOWN"));
    on_snapshot();
    if (saver_->SaveNow().ok()) {
      on_saved();
      left_saved_ = true;
    } else if (!force) {
      return absl::InternalError("ERR Errors trying to SHUTDOWN. Check logs.");
    }
  }
  left_ = true;
  world_->stopping = true;
  return absl::OkStatus();
}

absl::Status SimServer::ApplyOptions(OptionHooks hooks, const Config& old) {
  if (hooks.Has(OptionHook::kAppendFsync))
    return logs_->SetPolicy(config_.appendfsync, old.appendfsync);
  if (!hooks.Has(OptionHook::kAppendonly)) return absl::OkStatus();
  if (!config_.appendonly) {
    logs_->TurnOff();
    old_log_ = true;
    on_log_end();
    return absl::OkStatus();
  }
  on_base();
  if (!old_log_) log_begun_ = true;
  if (absl::Status s = logs_->TurnOn(); !s.ok()) return s;
  log_begun_ = true;
  old_log_ = false;
  on_log();
  return absl::OkStatus();
}

void SimServer::OnAlwaysBegun(bool durable) {
  if (std::optional<AppendFsync> before = logs_->EndPolicyChange(durable)) {
    config_.appendfsync = *before;
  }
}

}  // namespace basalt::sim
