#include "tests/sim/run.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/base/seed_generator.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/script/script_store.h"
#include "core/shard/shard.h"
#include "core/value/entry.h"
#include "core/value/list.h"
#include "tests/sim/names.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/simulation.h"
#include "tests/sim/workload.h"

namespace basalt::sim {
namespace {

constexpr int64_t kLongestUs = 30'000'000;  // no life is meant to be that long

std::vector<std::string> ElementsOf(const Entry& entry) {
  std::vector<std::string> elements;
  if (entry.has_expiry()) elements.push_back(StrCat(entry.expire_at_ms()));
  if (entry.is(ValueType::kList)) {
    entry.list()->ForEach([&](std::string_view item) {
      elements.emplace_back(item);
      return true;
    });
  } else {
    char scratch[Entry::kIntTextBytes];
    elements.emplace_back(entry.StringView(scratch));
  }
  return elements;
}

Contents ContentsOf(World& world) {
  Contents contents;
  for (uint32_t i = 0; i < world.shard_count(); ++i) {
    world.shard(i).keyspace().db(DbIndex(0)).ForEach([&](Entry* entry) {
      if (!entry->ExpiredAt(world.clock().UnixMillis()))
        contents.emplace(entry->key(), ElementsOf(*entry));
    });
  }
  // A library counts as a key whose value its functions return.
  auto& scripts = static_cast<script::ScriptStore&>(*world.scripts());
  for (const auto& [name, library] : scripts.functions().All()) {
    contents.emplace(StrCat("f:", name), std::vector{StrCat(NumberOfLibrary(library->code))});
  }
  return contents;
}

// One life.
class Life {
 public:
  // `log`: appendonly yes; `old_log`: the one that is there is not to be used. It is `unix_us` when
  // it begins.
  Life(SimDisk* disk, History* history, uint64_t seed, bool only_look, bool log, bool old_log,
       int64_t unix_us, const RunOptions& options)
      : disk_(*disk),
        history_(*history),
        random_(seed),
        only_look_(only_look),
        disk_errors_(options.disk_errors),
        slow_shards_(options.slow_shards),
        plain_(options.plain),
        simulation_(random_.Next(), unix_us),
        network_(&simulation_, random_.Next()) {
    simulation_.set_tracing(options.trace);
    options_.log = log;
    options_.old_log = old_log;
    Draw();
  }

  // False: a rule was broken, see failure().
  bool Run();
  const std::string& failure() const { return failure_; }
  const Simulation& simulation() const { return simulation_; }
  // What the next life finds.
  bool has_log() const { return options_.log; }
  bool has_old_log() const { return options_.old_log; }

 private:
  uint64_t Below(uint64_t n) { return random_.Below(n); }
  void Draw();
  void DrawMore();
  void DrawSlowShards();
  void Ready();
  void Turn();
  void Cut();
  void Left();
  void LookAtLogs();
  void Fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  SimDisk& disk_;
  History& history_;
  Random random_;
  const bool only_look_;
  const bool disk_errors_;
  const bool slow_shards_;
  const bool plain_;
  Simulation simulation_;
  SimNetwork network_;
  SimServer::Options options_;
  Workload::Options load_;
  FaultPlan faults_;
  uint64_t start_error_ = 0;  // chance of an error of the disk while it starts
  uint64_t cut_at_operation_ = UINT64_MAX;
  uint64_t cut_at_turn_ = UINT64_MAX;
  int64_t idle_us_ = 0;
  bool kill_ = false;  // the process only
  std::unique_ptr<SimServer> server_;
  std::unique_ptr<Workload> workload_;
  int64_t idle_since_us_ = -1;
  bool ready_ = false;
  bool cut_ = false;
  std::string failure_;
};

void Life::Draw() {
  options_.seed = random_.Next();
  options_.shards = 1 + static_cast<uint32_t>(Below(4));
  options_.policy = static_cast<AppendFsync>(Below(4) == 0 ? Below(3) : Below(2));
  options_.log_file_bytes = uint64_t{1} << (10 + Below(8));
  load_.seed = random_.Next();
  load_.clients = 1 + static_cast<uint32_t>(Below(6));
  load_.operations = 2 + static_cast<uint32_t>(Below(Below(3) == 0 ? 60 : 20));
  load_.change_policy = Below(3) == 0;
  load_.rewrite = Below(3) == 0;
  const bool pauses = Below(4) == 0;
  if (pauses) simulation_.set_pauses(4 + Below(28));
  if (Below(5) == 0) {
    // It falls silent soon: whatever was not marked in the logs by then never will be.
    options_.shards = 2 + static_cast<uint32_t>(Below(3));
    load_.clients = 1 + static_cast<uint32_t>(Below(3));
    load_.operations = 1 + static_cast<uint32_t>(Below(6));
    load_.change_policy = true;
  }
  if (Below(4) == 0) faults_.short_write = 2 + Below(10);
  if (Below(4) == 0) faults_.interrupted = 2 + Below(10);
  if (disk_errors_ && Below(3) == 0) {
    faults_.write_error = Below(2) * (10 + Below(100));
    faults_.sync_error = Below(2) * (10 + Below(100));
    faults_.full = Below(2) * (10 + Below(100));
    faults_.other_error = Below(2) * (10 + Below(100));
    start_error_ = Below(2) * (20 + Below(200));
  }
  load_.errors = faults_.any_error();
  const uint64_t roll = Below(100);
  if (roll < 45) {
    cut_at_operation_ = Below(roll < 15 ? 60 : roll < 30 ? 200 : 600);
  } else if (roll < 80) {
    cut_at_turn_ = Below(4000);
  }
  idle_us_ = static_cast<int64_t>(Below(uint64_t{1} << (4 + Below(18))));
  // What a slow shard lacks at a cut is told from what others have best when all keep what they
  // wrote.
  kill_ = Below(pauses ? 2 : 6) == 0;
  if (!plain_) DrawMore();
  if (slow_shards_) DrawSlowShards();
  if (only_look_) {
    cut_at_operation_ = cut_at_turn_ = UINT64_MAX;
    start_error_ = 0;
  }
}

// What is not in every life.
void Life::DrawMore() {
  load_.scripts = Below(3) == 0;
  load_.leases = Below(3) == 0;
  if (!options_.log) load_.change_policy = load_.rewrite = false;
  load_.snapshots = !options_.log || Below(4) == 0;
  options_.save_points = !options_.log && Below(3) == 0;
  load_.begin_log = !options_.log && !faults_.any_error() && Below(3) == 0;
  load_.functions = Below(4) == 0;
  load_.shutdown = Below(4) == 0;
  load_.end_log = options_.log && Below(4) == 0;
  if (load_.end_log) {
    load_.snapshots = true;
    load_.rewrite = Below(2) == 0;
  }
  if (options_.old_log && Below(2) == 0) load_.begin_log = !faults_.any_error();
}

// Some shards far behind others, all of them at work on several keys at a time, and a cut in the
// midst of it that leaves each log where it was.
void Life::DrawSlowShards() {
  simulation_.set_pauses(4 + Below(12));
  options_.shards = 2 + static_cast<uint32_t>(Below(3));
  options_.policy = AppendFsync::kEverySec;
  load_.clients = 3 + static_cast<uint32_t>(Below(4));
  load_.operations = 10 + static_cast<uint32_t>(Below(30));
  load_.change_policy = Below(3) == 0;
  load_.rewrite = load_.snapshots = load_.end_log = load_.shutdown = false;
  cut_at_operation_ = 20 + Below(150);
  cut_at_turn_ = UINT64_MAX;
  kill_ = true;
}

void Life::Ready() {
  ready_ = true;
  const Contents found = ContentsOf(server_->world());
  if (std::string why = history_.Check(found, simulation_.clock().UnixMillis()); !why.empty()) {
    Fail(std::move(why));
    return Cut();
  }
  if (only_look_) return Cut();
  if (options_.log) {
    history_.BeginLife(options_.policy == AppendFsync::kAlways,
                       options_.policy == AppendFsync::kEverySec);
  } else {
    history_.BeginLifeWithoutLog();
  }
  if (faults_.any_error()) history_.DiskFailed();
  disk_.set_faults(faults_);
  workload_ = std::make_unique<Workload>(&simulation_, &network_, &history_, load_);
  workload_->Begin();
}

void Life::Turn() {
  if (cut_) return;
  if (simulation_.turns() >= cut_at_turn_) return Cut();
  if (workload_ == nullptr) return;
  if (!workload_->failure().empty()) {
    Fail(workload_->failure());
    return Cut();
  }
  if (simulation_.now() > kLongestUs) {
    // Under `always` nobody is answered any more once a sync has failed.
    if (!faults_.any_error()) Fail("a client still waits for its answer");
    return Cut();
  }
  if (!workload_->idle()) return;
  if (idle_since_us_ < 0) idle_since_us_ = simulation_.now();
  if (simulation_.now() - idle_since_us_ >= idle_us_) Cut();
}

void Life::Cut() {
  if (cut_) return;
  cut_ = true;
  simulation_.Trace(kill_ ? "=== the process is killed" : "=== the power goes");
  if (ready_ && workload_ != nullptr) history_.Cut(simulation_.now(), ContentsOf(server_->world()));
  kill_ ? disk_.Kill() : disk_.PowerOff();
  network_.Off();
  server_->Stop();
}

// Told to stop, it has come to its end.
void Life::Left() {
  cut_ = true;
  simulation_.Trace("=== it has stopped, ", kill_ ? "the machine goes on" : "the power goes");
  history_.Cut(simulation_.now(), ContentsOf(server_->world()));
  kill_ ? disk_.Kill() : disk_.PowerOff();
  network_.Off();
  const bool log = server_->log_begun() && !server_->log_ended();
  if (log ? !faults_.any_error() : server_->left_saved()) history_.EndedClean();
}

// What the next life begins from.
void Life::LookAtLogs() {
  options_.log = server_->log_begun();
  options_.old_log = server_->log_ended();
  if (!options_.log || !options_.old_log) return;
  // The log was turned off in this life: whoever starts the server again has taken note of that or
  // has not.
  if (history_.AnySaved() && Below(2) == 0) {
    options_.log = false;
  } else {
    options_.old_log = false;
    history_.BeginsFromLog();
  }
}

bool Life::Run() {
  disk_.on_cut = [this] { Cut(); };
  disk_.on_operation = [this](std::string_view operation, const std::string& path, int error) {
    simulation_.Trace("disk ", operation, " ", path, error == 0 ? "" : " FAILS");
  };
  disk_.PowerOn(FaultPlan{.other_error = start_error_}, cut_at_operation_);
  simulation_.Trace("--- a life: ", options_.shards, " shards, policy ",
                    static_cast<int>(options_.policy), ", ", load_.clients, " clients",
                    faults_.any_error() ? ", errors of the disk" : "");
  server_ = std::make_unique<SimServer>(&simulation_, &disk_, &network_, options_);
  server_->on_snapshot = [this] { history_.BeginSnapshot(ContentsOf(server_->world())); };
  server_->on_saved = [this] {
    simulation_.Trace("a snapshot is done");
    history_.Saved();
  };
  server_->on_base = [this] { history_.BeginBase(ContentsOf(server_->world())); };
  server_->on_log = [this] {
    simulation_.Trace("a log begins");
    const AppendFsync policy = server_->world().config().appendfsync;
    history_.LogBegins(policy == AppendFsync::kAlways, policy == AppendFsync::kEverySec);
  };
  server_->on_log_end = [this] {
    simulation_.Trace("the log ends");
    history_.LogEnds(ContentsOf(server_->world()));
  };
  server_->Begin([this] { Ready(); });
  if (!simulation_.Run([this] { Turn(); })) {
    Fail("the shards wait for each other, or run in circles");
    // Their stacks hold what cannot be taken back.
    server_.release();
    return false;
  }
  if (!cut_ && server_->left()) Left();
  if (!cut_) {
    // For an error of the disk it may give up, but must not take it for damage of its files.
    if (start_error_ == 0 || absl::IsDataLoss(server_->failure())) {
      Fail(StrCat("the server does not start: ", MessageOf(server_->failure())));
    }
    Cut();
  }
  simulation_.ClearEvents();
  LookAtLogs();
  server_.reset();
  return failure_.empty();
}

}  // namespace

Outcome RunSeed(uint64_t seed, const RunOptions& options) {
  Random random(seed);
  Random seeds(random.Next());
  SetSeedGenerator(&seeds);
  SetHashSeed(random.Next());
  SimDisk disk(random.Next());
  History history;
  Outcome outcome;
  const uint64_t lives = 2 + random.Below(4);
  Random more(options.plain ? seed : random.Next());
  // The first lives of some have no log.
  uint64_t logless =
      options.slow_shards || options.plain || more.Below(5) != 0 ? 0 : 1 + more.Below(lives + 1);
  bool old_log = false;
  int64_t unix_us = 1'700'000'000'000'000;
  for (uint64_t i = 0; i <= lives; ++i) {
    Life life(&disk, &history, random.Next(), /*only_look=*/i == lives,
              /*log=*/i >= logless && !old_log, old_log, unix_us, options);
    const bool held = life.Run();
    if (life.has_log()) logless = 0;
    old_log = life.has_old_log();
    // It stays off for a moment, or for longer.
    unix_us = life.simulation().clock().UnixMicros() +
              static_cast<int64_t>(more.Below(more.Below(3) == 0 ? 3'000'000 : 5000));
    ++outcome.lives;
    outcome.turns += life.simulation().turns();
    outcome.disk_operations += disk.operations();
    outcome.fingerprint = outcome.fingerprint * 31 + life.simulation().fingerprint();
    if (held) continue;
    outcome.failure = StrCat("life ", i, ": ", life.failure());
    break;
  }
  outcome.counts = history.counts();
  SetSeedGenerator(nullptr);
  disk.on_cut = nullptr;
  disk.on_operation = nullptr;
  return outcome;
}

}  // namespace basalt::sim
