// basalt-ticks: the server's shards, all on one thread, tick after tick over a ring in memory. No
// kernel, no client, no clock but one that moves the same each tick: the same options take the same
// instructions, on an idle machine and on a busy one. For counting them (bench/ticks/gate), not for
// timing.
//
//   basalt-ticks --verb set --pipeline 16 --count 20000
//
// What it leaves out of a request's way are the ring's own user-space code and the kernel.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/ticks/memory_ring.h"
#include "core/base/clock.h"
#include "core/base/crc.h"
#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/base/strings.h"
#include "core/cmd/all_commands.h"
#include "core/script/engine.h"
#include "core/script/script_store.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"
#include "core/tx/tx_coordinator.h"
#include "net/conn/connections.h"
#include "persistence/aof/shard_log.h"

namespace basalt::ticks {
namespace {

constexpr size_t kValueBytes = 64;
constexpr int64_t kTickMicros = 20;
constexpr uint64_t kFirstRounds = 4;  // before those that count

struct Options {
  std::string_view verb = "get";
  std::string_view log = "off";
  // all: drawn from all keys, of whatever shard. own: from those of the connection's shard, as
  // clients do that know the slots and use core ports.
  std::string_view spread = "all";
  uint64_t pipeline = 1;
  uint64_t connections = 50;  // of each shard
  uint64_t shards = 1;
  uint64_t keys = 10'000;
  uint64_t count = 20'000;  // requests, rounded up to whole rounds
};

// Nothing that the process as a whole would do happens here.
class NoHost final : public Host {
 public:
  absl::Status Save(SaveMode, std::string*) override { return Refuse(); }
  absl::Status CancelSave(std::string*) override { return Refuse(); }
  absl::Status RewriteLog(std::string*) override { return Refuse(); }
  int64_t last_save_unix_s() const override { return 0; }
  absl::Status Shutdown(int, bool, bool) override { return Refuse(); }
  absl::Status AbortShutdown() override { return Refuse(); }
  absl::Status ApplyOptions(OptionHooks, const Config&) override { return Refuse(); }
  void OnAlwaysBegun(bool) override {}
  void AppendInfo(std::string_view, std::string*) override {}
  void Cron(Shard&) override {}
  std::vector<Client*> Clients() override { return {}; }
  void Kill(Client*, bool) override {}

 private:
  static absl::Status Refuse() { return absl::UnimplementedError("ERR not here"); }
};

class Bench {
 public:
  explicit Bench(const Options& options);
  absl::Status Start();
  // What the connections of every shard send next.
  void SetLoad(const Load& load);
  void SetLoad(const std::vector<Load>& of_shards);
  // Ticks until the load is done; false when a reply was wrong.
  bool Run();
  // The same under a name of its own, which callgrind finds: what is counted.
  [[gnu::noinline]] bool RunMeasured();
  uint64_t ticks() const { return ticks_; }

 private:
  const Options options_;
  Config config_;
  ManualClock clock_;
  NoHost host_;
  Placement placement_;
  std::vector<MemoryRing*> rings_;  // of the shards
  std::unique_ptr<World> world_;
  uint64_t ticks_ = 0;
};

Bench::Bench(const Options& options)
    : options_(options), placement_(static_cast<uint32_t>(options.shards)) {
  config_.shards = static_cast<int64_t>(options.shards);
  config_.save = {};
  config_.protected_mode = false;
  config_.slowlog_log_slower_than = -1;
  config_.appendonly = options.log != "off";
  config_.appendfsync = AppendFsync::kEverySec;
}

absl::Status Bench::Start() {
  SetHashSeed(1);
  world_ = std::make_unique<World>(&config_, &AllCommands(), &clock_,
                                   static_cast<uint32_t>(options_.shards));
  world_->set_host(&host_);
  auto scripts = std::make_unique<script::ScriptStore>(&AllCommands());
  script::ScriptStore* const script_store = scripts.get();
  world_->set_scripts(std::move(scripts));
  for (uint32_t i = 0; i < world_->shard_count(); ++i) {
    auto shard = std::make_unique<Shard>(world_.get(), ShardId(static_cast<uint16_t>(i)));
    auto ring = std::make_unique<MemoryRing>();
    rings_.push_back(ring.get());
    shard->set_ring(std::move(ring));
    shard->set_log(std::make_unique<ShardLog>(shard->id(), &shard->keyspace(), &clock_, &config_));
    shard->set_scripts(std::make_unique<script::ScriptEngine>(script_store));
    shard->set_coordinator(std::make_unique<TxCoordinator>(shard.get()));
    shard->set_frontend(std::make_unique<Connections>(&placement_));
    world_->Adopt(std::move(shard));
  }
  for (uint32_t i = 0; i < world_->shard_count(); ++i) {
    Shard& shard = world_->shard(i);
    if (absl::Status s = shard.Start(); !s.ok()) return s;
    auto& log = static_cast<ShardLog&>(shard.log());
    log.Attach(&shard.ring());
    if (config_.appendonly) {
      // One file without an end, so that nobody has to make another one.
      log.Open({nullptr, {.header = {.shard = shard.id()}}, "log"}, Lsn(0), {}, nullptr);
    }
    for (uint64_t c = 0; c < options_.connections; ++c) {
      placement_.Add(shard.id());
      shard.frontend().Adopt(MemoryRing::kFirstSocket + static_cast<int>(c));
    }
  }
  return absl::OkStatus();
}

void Bench::SetLoad(const Load& load) {
  for (MemoryRing* ring : rings_) ring->SetLoad(load);
}

void Bench::SetLoad(const std::vector<Load>& of_shards) {
  for (size_t i = 0; i < rings_.size(); ++i) rings_[i]->SetLoad(of_shards[i]);
}

bool Bench::Run() {
  for (bool all_done = false; !all_done;) {
    all_done = true;
    for (uint32_t i = 0; i < world_->shard_count(); ++i) {
      world_->shard(i).Tick(0);
      ++ticks_;
      if (rings_[i]->wrong()) return false;
      all_done &= rings_[i]->done();
    }
    clock_.AdvanceMicros(kTickMicros);
  }
  return true;
}

bool Bench::RunMeasured() {
  const bool right = Run();
  asm volatile("");  // no tail call, which would hide the end from callgrind
  return right;
}

std::string KeyText(uint64_t n) {
  char text[32];
  snprintf(text, sizeof(text), "key:%012llu", static_cast<unsigned long long>(n));
  return text;
}

void AppendRequest(std::string* out, std::string_view verb, const std::string& key) {
  const bool set = verb == "set";
  StrAppend(out, "*", set ? 3 : 2, "\r\n$3\r\n", set ? "SET" : "GET", "\r\n$", key.size(), "\r\n",
            key, "\r\n");
  if (set) StrAppend(out, "$", kValueBytes, "\r\n", std::string(kValueBytes, 'x'), "\r\n");
}

template <class NextKey>
Load MakeLoad(std::string_view verb, size_t batches, size_t pipeline, NextKey&& next_key) {
  Load load;
  for (size_t b = 0; b < batches; ++b) {
    std::string& batch = load.batches.emplace_back();
    for (size_t i = 0; i < pipeline; ++i) AppendRequest(&batch, verb, KeyText(next_key()));
  }
  const std::string bulk = StrCat("$", kValueBytes, "\r\n", std::string(kValueBytes, 'x'), "\r\n");
  const std::string reply = verb == "set" ? "+OK\r\n" : bulk;
  load.reply_begins = reply.front();
  load.reply_bytes = reply.size() * pipeline;
  return load;
}

uint64_t RoundsFor(uint64_t requests, uint64_t per_round) {
  return (requests + per_round - 1) / per_round;
}

// Every key once at least, by every shard's connections.
Load Fill(const Options& o) {
  constexpr uint64_t kPipeline = 16;
  uint64_t n = 0;
  const uint64_t batches = RoundsFor(o.keys, kPipeline);
  Load load = MakeLoad("set", batches, kPipeline, [&] { return n++ % o.keys; });
  load.rounds = RoundsFor(batches, o.connections);
  return load;
}

Load Requests(const Options& o, uint64_t shard) {
  constexpr uint64_t kDistinct = 8192;
  Random random(1 + shard);
  const auto is_own = [&](uint64_t key) {
    const auto shards = static_cast<uint32_t>(o.shards);
    return ShardOfSlot(SlotOf(KeyText(key)), shards).value == shard;
  };
  const auto next_key = [&] {
    uint64_t key = random.Below(o.keys);
    while (o.spread == "own" && !is_own(key)) key = random.Below(o.keys);
    return key;
  };
  Load load = MakeLoad(o.verb, std::max<uint64_t>(1, kDistinct / o.pipeline), o.pipeline, next_key);
  load.rounds = RoundsFor(o.count, o.shards * o.connections * o.pipeline);
  return load;
}

int Usage(std::string_view problem) {
  fprintf(
      stderr,
      "basalt-ticks: %.*s\n"
      "  --verb get|set  --log off|everysec  --pipeline N (1 to 1024)  --connections N (of each "
      "shard, 1 to 10000)\n"
      "  --shards N (1 to %u)  --keys N (1 to 1000000)  --count N (requests)\n"
      "  --spread all|own (own: each connection sends keys of its shard only)\n",
      static_cast<int>(problem.size()), problem.data(), kMaxShards);
  return 2;
}

int Main(int argc, char** argv) {
  Options o;
  struct Number {
    std::string_view name;
    uint64_t* value;
    uint64_t max;
  };
  const Number numbers[] = {{"--pipeline", &o.pipeline, 1024},
                            {"--connections", &o.connections, 10'000},
                            {"--shards", &o.shards, kMaxShards},
                            {"--keys", &o.keys, 1'000'000},
                            {"--count", &o.count, 1'000'000'000}};
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return Usage(StrCat(name, " wants a value, or is unknown"));
    const std::string_view text = argv[i + 1];
    if (name == "--verb" && (text == "get" || text == "set")) {
      o.verb = text;
    } else if (name == "--log" && (text == "off" || text == "everysec")) {
      o.log = text;
    } else if (name == "--spread" && (text == "all" || text == "own")) {
      o.spread = text;
    } else {
      const Number* number = nullptr;
      for (const Number& n : numbers) number = n.name == name ? &n : number;
      if (number == nullptr) return Usage(StrCat("not understood: ", name, " ", text));
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), *number->value);
      if (error != std::errc() || end != text.data() + text.size() || *number->value < 1 ||
          *number->value > number->max)
        return Usage(StrCat(name, " may not be ", text));
    }
  }
  if (o.spread == "own" && o.keys < 100 * o.shards)
    return Usage("--spread own wants at least 100 keys for each shard");
  Bench bench(o);
  if (absl::Status s = bench.Start(); !s.ok()) {
    fprintf(stderr, "basalt-ticks: %s\n", std::string(s.message()).c_str());
    return 1;
  }
  bench.SetLoad(Fill(o));
  bool right = bench.Run();
  std::vector<Load> loads;
  for (uint64_t shard = 0; shard < o.shards; ++shard) loads.push_back(Requests(o, shard));
  std::vector<Load> first = loads;  // connections and hops get their buffers
  for (Load& load : first) load.rounds = std::min(load.rounds, kFirstRounds);
  bench.SetLoad(first);
  right = right && bench.Run();
  bench.SetLoad(loads);
  const uint64_t ticks_before = bench.ticks();
  if (!right || !bench.RunMeasured()) {
    fprintf(stderr, "basalt-ticks: a reply was not what it should be\n");
    return 1;
  }
  printf("requests %llu ticks %llu\n",
         static_cast<unsigned long long>(loads[0].rounds * o.shards * o.connections * o.pipeline),
         static_cast<unsigned long long>(bench.ticks() - ticks_before));
  return 0;
}

}  // namespace
}  // namespace basalt::ticks

int main(int argc, char** argv) { return basalt::ticks::Main(argc, argv); }
