#include "net/server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/admin/version.h"
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/base/slab.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/cmd/all_commands.h"
#include "core/script/engine.h"
#include "core/tx/tx_coordinator.h"
#include "core/value/value_limits.h"
#include "net/server/listener.h"
#include "persistence/aof/shard_log.h"
#include "persistence/recovery/load_plan.h"

namespace basalt {
namespace {

// Of empty slabs, back to the kernel with each tick of the main thread.
constexpr size_t kTrimBytes = size_t{16} << 20;

// Cores this process may run on, in order.
std::vector<int> AvailableCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &set)) cores.push_back(i);
    }
  }
  if (cores.empty()) cores.push_back(0);
  return cores;
}

// Enough descriptors for maxclients and our own files, or as many clients as the limit allows.
void RaiseFileLimit(Config& config) {
  const rlim_t own = 128 + static_cast<rlim_t>(config.shards) * 16;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  rlim_t wanted = static_cast<rlim_t>(config.maxclients) + own;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return;
  int64_t possible = limit.rlim_cur > own + 1 ? static_cast<int64_t>(limit.rlim_cur - own) : 1;
  LogWarning("maxclients is reduced from ", config.maxclients, " to ", possible,
             ": the limit of open files is ", static_cast<uint64_t>(limit.rlim_max),
             " (ulimit -n)");
  config.maxclients = possible;
}

void ApplyEncodingLimits(const Config& config) {
  ValueLimits::hash_max_listpack_entries = static_cast<size_t>(config.hash_max_listpack_entries);
  ValueLimits::hash_max_listpack_value = static_cast<size_t>(config.hash_max_listpack_value);
  ValueLimits::zset_max_listpack_entries = static_cast<size_t>(config.zset_max_listpack_entries);
  ValueLimits::zset_max_listpack_value = static_cast<size_t>(config.zset_max_listpack_value);
  ValueLimits::set_max_intset_entries = static_cast<size_t>(config.set_max_intset_entries);
  ValueLimits::list_max_listpack_size = config.list_max_listpack_size;
}

std::string RandomHex(size_t digits) {
  Random random(RandomSeed());
  std::string out;
  while (out.size() < digits) out += "0123456789abcdef"[random.Below(16)];
  return out;
}

}  // namespace

Server::Server(Config* config) : config_(*config), fs_(PosixFileSystem()) {}

Server::~Server() {
  for (int fd : sockets_) close(fd);
  for (auto& sockets : core_sockets_) {
    for (int fd : sockets) close(fd);
  }
}

// --- start

absl::Status Server::LockDirectory() {
  if (chdir(config_.dir.c_str()) != 0) {
    return absl::NotFoundError(StrCat("cannot use the data directory '", config_.dir,
                                      "': ", std::string_view(strerror(errno))));
  }
  char buffer[4096];
  if (getcwd(buffer, sizeof(buffer)) != nullptr) config_.dir = buffer;
  bool writes = config_.appendonly || !config_.save.empty();
  if (access(".", W_OK) != 0 && writes) {
    return absl::PermissionDeniedError(
        StrCat("the data directory '", config_.dir,
               "' is not writable: ", std::string_view(strerror(errno))));
  }
  absl::StatusOr<std::unique_ptr<DirectoryLock>> lock = fs_.Lock("basalt.lock");
  // The snapshot child of a predecessor that was killed dies right after it, and until then shares
  // the lock.
  for (int i = 0; i < 20 && !lock.ok() && absl::IsFailedPrecondition(lock.status()); ++i) {
    usleep(50'000);
    lock = fs_.Lock("basalt.lock");
  }
  if (!lock.ok() && absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        StrCat("the data directory '", config_.dir,
               "' is in use by another instance (it holds basalt.lock)"));
  }
  if (!lock.ok() && !writes) return absl::OkStatus();
  if (!lock.ok()) return lock.status();
  lock_ = *std::move(lock);
  return absl::OkStatus();
}

absl::Status Server::OpenSockets() {
  int backlog = static_cast<int>(config_.tcp_backlog);
  if (config_.port != 0) {
    absl::StatusOr<std::vector<int>> sockets =
        ListenOn(config_.bind, static_cast<int>(config_.port), backlog);
    if (!sockets.ok()) return sockets.status();
    sockets_ = *std::move(sockets);
  }
  core_sockets_.resize(static_cast<size_t>(config_.shards));
  if (config_.shard_port_base == 0) return absl::OkStatus();
  for (size_t i = 0; i < core_sockets_.size(); ++i) {
    auto sockets = ListenOn(
        config_.bind, static_cast<int>(config_.shard_port_base + static_cast<int64_t>(i)), backlog);
    if (!sockets.ok()) return sockets.status();
    core_sockets_[i] = *std::move(sockets);
  }
  return absl::OkStatus();
}

absl::Status Server::Start() {
  if (config_.shards == 0)
    config_.shards = static_cast<int64_t>(std::min<size_t>(AvailableCores().size(), kMaxShards));
  if (absl::Status s = LockDirectory(); !s.ok()) return s;
  RaiseFileLimit(config_);
  if (absl::Status s = OpenSockets(); !s.ok()) return s;
  world_ = std::make_unique<World>(&config_, &AllCommands(), &SystemClock(),
                                   static_cast<uint32_t>(config_.shards));
  world_->set_host(this);
  world_->started_at_ms = SystemClock().UnixMillis();
  world_->run_id = RandomHex(40);
  placement_ = std::make_unique<Placement>(world_->shard_count());
  saver_ = std::make_unique<Saver>(world_.get(), &fs_, &child_);
  logs_ = std::make_unique<LogSet>(world_.get(), &fs_, &child_);
  ApplyEncodingLimits(config_);
  LogBanner();

  absl::StatusOr<LoadPlan> plan = PlanLoad(fs_, config_, logs_->store());
  if (!plan.ok()) return plan.status();
  loader_ = std::make_unique<Loader>(
      world_.get(), &fs_, *std::move(plan), [this](Shard& shard) -> absl::StatusOr<bool> {
        return config_.appendonly ? logs_->OpenFor(shard) : absl::StatusOr<bool>(true);
      });
  const LoadPlan& load = loader_->plan();
  if (config_.appendonly) {
    bool goes_on = load.recovery.has_value() && load.parts.size() == world_->shard_count();
    if (load.recovery.has_value()) {
      world_->SetEpoch(load.recovery->resume_epoch);
      world_->SetNextTx(load.recovery->next_tx);
    }
    logs_->PrepareStart(goes_on ? &*load.recovery : nullptr,
                        load.source != LoadPlan::Source::kNothing);
  }
  world_->loading = true;
  return StartShards();
}

absl::Status Server::StartShards() {
  const uint32_t n = world_->shard_count();
  start_status_.resize(n);
  auto scripts = std::make_unique<script::ScriptStore>(&world_->commands());
  script::ScriptStore* const script_store = scripts.get();
  world_->set_scripts(std::move(scripts));
  for (uint32_t i = 0; i < n; ++i) {
    auto shard = std::make_unique<Shard>(world_.get(), ShardId(static_cast<uint16_t>(i)));
    auto log =
        std::make_unique<ShardLog>(shard->id(), &shard->keyspace(), &world_->clock(), &config_);
    logs_->AddShard(log.get());
    shard->set_log(std::move(log));
    shard->set_coordinator(std::make_unique<TxCoordinator>(shard.get()));
    shard->set_scripts(std::make_unique<script::ScriptEngine>(script_store));
    auto connections = std::make_unique<Connections>(placement_.get());
    if (i == 0) {
      for (int fd : sockets_) connections->Listen(fd, /*spread=*/true);
    }
    for (int fd : core_sockets_[i]) connections->Listen(fd, /*spread=*/false);
    connections_.push_back(connections.get());
    shard->set_frontend(std::move(connections));
    shard->set_job(loader_->JobFor(shard.get()));
    world_->Adopt(std::move(shard));
  }
  // Before anybody ticks: whether replies wait for the log.
  world_->SetAlways(config_.appendonly && config_.appendfsync == AppendFsync::kAlways);
  for (uint32_t i = 0; i < n; ++i) threads_.emplace_back([this, i] { RunShard(i); });
  while (started_.load(std::memory_order_acquire) < n) started_.wait(started_.load());
  for (const absl::Status& s : start_status_) {
    if (s.ok()) continue;
    abort_start_ = true;
    ready_to_run_ = true;
    ready_to_run_.notify_all();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
    return s;
  }
  ready_to_run_ = true;
  ready_to_run_.notify_all();
  return absl::OkStatus();
}

void Server::RunShard(uint32_t i) {
  pthread_setname_np(pthread_self(), StrCat("shard-", i).c_str());
  std::vector<int> cores = AvailableCores();
  // With more shards than cores, pinning would only keep the scheduler from doing its work.
  if (world_->shard_count() <= cores.size()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cores[i], &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  }
  Shard& shard = world_->shard(i);
  start_status_[i] = shard.Start();
  if (start_status_[i].ok()) static_cast<ShardLog&>(shard.log()).Attach(&shard.ring());
  started_.fetch_add(1, std::memory_order_acq_rel);
  started_.notify_all();
  ready_to_run_.wait(false);
  if (!abort_start_) shard.Run();
}

void Server::LogBanner() const {
  utsname kernel{};
  uname(&kernel);
  LogNotice("Basalt ", std::string_view(kBasaltVersion), ", ", world_->shard_count(),
            " shards, pid ", getpid(), ", port ", config_.port,
            config_.shard_port_base != 0 ? StrCat(", core ports from ", config_.shard_port_base)
                                         : std::string(),
            ", Linux ", std::string_view(kernel.release));
}

// --- main thread

int Server::Run(int signals) {
  bool ready = false;
  int64_t next_progress_us = 0;
  while (!world_->stopping.load()) {
    pollfd p{.fd = signals, .events = POLLIN};
    if (poll(&p, 1, 100) > 0) {
      signalfd_siginfo info;
      if (read(signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD) {
        if (stop_requested_.exchange(true)) {
          LogWarning("A second signal: exiting at once, without saving");
          _exit(1);
        }
        LogNotice("Received ", std::string_view(info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM"),
                  ", shutting down...");
        world_->mail().Wake(ShardId(0));
      }
    }
    if (loader_->failed()) {
      LogWarning("Fatal error loading the data: ", MessageOf(loader_->error()), ". Exiting.");
      exit_code_ = 1;
      world_->stopping = true;
      break;
    }
    if (!ready && loader_->finished()) {
      ready = true;
      LogNotice("Ready to accept connections");
    }
    if (int64_t now = world_->clock().MonotonicMicros(); !ready && now >= next_progress_us) {
      if (next_progress_us != 0) {
        LogNotice("Loading: ", loader_->bytes_done() >> 20, " of ", loader_->bytes_total() >> 20,
                  " MB");
      }
      next_progress_us = now + 1'000'000;
    }
    Tick();
  }
  for (uint32_t i = 0; i < world_->shard_count(); ++i)
    world_->mail().Wake(ShardId(static_cast<uint16_t>(i)));
  for (std::thread& t : threads_) t.join();
  child_.Kill();
  if (!config_.pidfile.empty()) unlink(config_.pidfile.c_str());
  LogNotice(exit_code_ == 0 ? "Basalt is now ready to exit, bye bye..." : "Exiting with an error");
  return exit_code_;
}

void Server::Tick() {
  const Config config = world_->ConfigCopy();
  child_.EndIfStuck(config.rdb_save_timeout);
  if (std::optional<absl::Status> outcome = child_.Poll()) OnChildDone(*outcome);
  if (!loader_->finished()) return;
  if (logs_->RewriteDue(config)) {
    LogNotice("Starting automatic rewriting of the log: ", logs_->TotalBytes() >> 20, " MB, base ",
              logs_->BaseBytes() >> 20, " MB");
    logs_->RequestRewrite();
  }
  logs_->Tend(config);
  SlabTrim(kTrimBytes);
  const bool over = config.maxmemory > 0 && TotalUsedMemory() > config.maxmemory;
  world_->over_memory.store(over, std::memory_order_relaxed);
  if (const int64_t now_us = world_->clock().MonotonicMicros(); now_us >= next_sample_us_) {
    next_sample_us_ = now_us + 1'000'000;
    world_->idle_cores_percent.store(idle_cores_.Sample(now_us), std::memory_order_relaxed);
  }
}

void Server::OnChildDone(const absl::Status& outcome) {
  if (logs_->child_is_ours()) {
    logs_->OnChildDone(outcome);
  } else {
    saver_->OnChildDone(outcome);
  }
}

// Shard 0, between ticks: what needs a park is queued as a task of its own.
void Server::Cron(Shard& shard) {
  if (world_->loading.load(std::memory_order_relaxed) && !stop_requested_) return;
  auto& coordinator = static_cast<TxCoordinator&>(shard.coordinator());
  if (stop_requested_ && !stop_queued_.exchange(true)) {
    coordinator.AddTask([this] {
      if (absl::Status s = Shutdown(-1, false, false); !s.ok()) {
        LogWarning("Shutdown failed, the server goes on: ", MessageOf(s));
        stop_requested_ = false;
        stop_queued_ = false;
      }
    });
    return;
  }
  if (fork_task_queued_) return;
  bool cut = logs_->ReadyToCut();
  if (!cut && !saver_->Due(world_->clock().UnixMillis() / 1000)) return;
  fork_task_queued_ = true;
  coordinator.AddTask([this, cut] {
    fork_task_queued_ = false;
    world_->forked_in_park = true;
    if (cut && logs_->ReadyToCut()) {
      logs_->CutAndFork();
    } else if (!child_.running()) {
      // What went wrong is in the log and in INFO; the next try is a few seconds away.
      (void)saver_->SaveInBackground();
    }
  });
}

// --- what commands ask for; every shard is parked

absl::Status Server::Save(SaveMode mode, std::string* reply) {
  if (mode == SaveMode::kForeground) {
    if (saver_->in_progress())
      return absl::FailedPreconditionError("ERR Background save already in progress");
    if (!saver_->SaveNow().ok()) return absl::InternalError("ERR");
    *reply = "OK";
    return absl::OkStatus();
  }
  if (saver_->in_progress())
    return absl::FailedPreconditionError("ERR Background save already in progress");
  if (child_.running()) {
    if (mode != SaveMode::kBackgroundSchedule) {
      return absl::FailedPreconditionError(
          "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE "
          "in order to schedule a "
          "BGSAVE whenever possible.");
    }
    saver_->Schedule();
    *reply = "Background saving scheduled";
    return absl::OkStatus();
  }
  world_->forked_in_park = true;
  if (absl::Status s = saver_->SaveInBackground(); !s.ok()) return absl::InternalError("ERR");
  *reply = "Background saving started";
  return absl::OkStatus();
}

absl::Status Server::CancelSave(std::string* reply) {
  if (!saver_->Cancel()) {
    return absl::FailedPreconditionError(
        "ERR Background saving is currently not in progress or scheduled");
  }
  *reply = "Background saving cancelled";
  return absl::OkStatus();
}

absl::Status Server::RewriteLog(std::string* reply) {
  if (!logs_->on())
    return absl::FailedPreconditionError(
        "ERR The append only file is off: turn it on with CONFIG SET appendonly yes");
  if (logs_->in_progress())
    return absl::FailedPreconditionError(
        "ERR Background append only file rewriting already in progress");
  *reply = child_.running() ? "Background append only file rewriting scheduled"
                            : "Background append only file rewriting started";
  logs_->RequestRewrite();
  return absl::OkStatus();
}

absl::Status Server::Shutdown(int save, bool now, bool force) {
  bool wanted = save > 0 || (save < 0 && !config_.save.empty());
  bool loaded = loader_->finished();
  if (wanted && loaded) {
    // If the snapshot fails the server goes on, and must not wait for a child that is gone.
    if (child_.Kill()) OnChildDone(absl::CancelledError("the child was ended by SHUTDOWN"));
    if (absl::Status s = saver_->SaveNow(); !s.ok() && !force) {
      return absl::InternalError("ERR Errors trying to SHUTDOWN. Check logs.");
    }
  }
  LogNotice("User requested shutdown...");
  // Every shard flushes its log when it leaves its loop.
  world_->stopping = true;
  return absl::OkStatus();
}

absl::Status Server::AbortShutdown() {
  return absl::FailedPreconditionError("ERR No shutdown in progress.");
}

absl::Status Server::ApplyOptions(OptionHooks hooks, const Config& old) {
  if (hooks.Has(OptionHook::kLog))
    ConfigureLog(static_cast<LogLevel>(config_.loglevel), config_.logfile);
  if (hooks.Has(OptionHook::kEncodings)) ApplyEncodingLimits(config_);
  if (hooks.Has(OptionHook::kDir)) {
    if (chdir(config_.dir.c_str()) != 0) {
      return absl::InvalidArgumentError(
          StrCat("can't chdir to '", config_.dir, "': ", std::string_view(strerror(errno))));
    }
  }
  if (hooks.Has(OptionHook::kMaxclients)) RaiseFileLimit(config_);
  if (hooks.Has(OptionHook::kSave) && config_.save.empty()) world_->save_failed = false;
  if (hooks.Has(OptionHook::kAppendFsync)) {
    if (absl::Status s = logs_->SetPolicy(config_.appendfsync, old.appendfsync); !s.ok()) return s;
  }
  if (hooks.Has(OptionHook::kAppendonly)) {
    if (config_.appendonly) {
      if (absl::Status s = logs_->TurnOn(); !s.ok()) return s;
    } else {
      logs_->TurnOff();
    }
  }
  return absl::OkStatus();
}

void Server::OnAlwaysBegun(bool durable) {
  if (std::optional<AppendFsync> before = logs_->EndPolicyChange(durable))
    config_.appendfsync = *before;
}

std::vector<Client*> Server::Clients() {
  std::vector<Client*> clients;
  for (Connections* c : connections_)
    c->ForEach([&](Connection* connection) { clients.push_back(connection); });
  return clients;
}

void Server::Kill(Client* client, bool now) {
  connections_[client->home.value]->Kill(static_cast<Connection*>(client), now);
}

}  // namespace basalt
