#include "core/cmd/info_sections.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>

#include "core/admin/options.h"
#include "core/admin/version.h"
#include "core/base/alloc.h"
#include "core/base/strings.h"
#include "core/cmd/server_cluster.h"
#include "core/script/engine.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

template <class T>
void Line(std::string* out, std::string_view name, const T& value) {
  StrAppend(out, name, ":", value, "\r\n");
}

template <const char* kSection>
void WriteFromHost(CommandContext& ctx, std::string* out) {
  ctx.world()->host().AppendInfo(kSection, out);
}
#ifdef BASALT_MIMALLOC
constexpr std::string_view kAllocatorName = "mimalloc";
#else
constexpr std::string_view kAllocatorName = "libc";
#endif
constexpr char kClients[] = "clients", kPersistence[] = "persistence", kShards[] = "shards";

void WriteServer(CommandContext& ctx, std::string* out) {
  World& world = *ctx.world();
  const Config& config = world.config();
  utsname os{};
  uname(&os);
  int64_t uptime_s = (ctx.now_ms() - world.started_at_ms) / 1000;
  Line(out, "redis_version", std::string_view(kRedisVersion));
  Line(out, "redis_git_sha1", "00000000");
  Line(out, "redis_git_dirty", 0);
  Line(out, "redis_build_id", "0");
  Line(out, "redis_mode", SeesCluster(ctx) ? "cluster" : "standalone");
  Line(out, "basalt_version", std::string_view(kBasaltVersion));
  StrAppend(out, "os:", std::string_view(os.sysname), " ", std::string_view(os.release), " ",
            std::string_view(os.machine), "\r\n");
  Line(out, "arch_bits", 64);
  Line(out, "multiplexing_api", "io_uring");
  Line(out, "gcc_version", std::string_view(__VERSION__));
  Line(out, "process_id", getpid());
  Line(out, "process_supervised", "no");
  Line(out, "run_id", world.run_id);
  Line(out, "tcp_port", config.port);
  Line(out, "server_time_usec", ctx.local().now_us);
  Line(out, "uptime_in_seconds", uptime_s);
  Line(out, "uptime_in_days", uptime_s / 86400);
  Line(out, "hz", config.hz);
  Line(out, "configured_hz", config.hz);
  Line(out, "lru_clock", (ctx.now_ms() / 1000) & ((1 << 24) - 1));
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
  Line(out, "executable", std::string_view(path, n > 0 ? static_cast<size_t>(n) : 0));
  world.host().AppendInfo("server", out);
}

// What scripts and functions take: the Lua states of all shards, and the texts kept.
void WriteScriptMemory(CommandContext& ctx, std::string* out) {
  World& world = *ctx.world();
  int64_t eval = 0, functions = 0;
  for (uint32_t i = 0; i < world.shard_count(); ++i) {
    auto* engine = static_cast<script::ScriptEngine*>(world.shard(i).scripts());
    if (engine == nullptr) continue;
    eval += static_cast<int64_t>(engine->eval_bytes());
    functions += static_cast<int64_t>(engine->function_bytes());
  }
  auto* store = static_cast<script::ScriptStore*>(world.scripts());
  if (store == nullptr) return;
  const script::ScriptStore::Usage scripts = store->usage();
  const script::FunctionRegistry::Usage libraries = store->functions().usage();
  auto human = [&](std::string_view name, int64_t value) {
    Line(out, name, value);
    StrAppend(out, name, "_human:", HumanBytes(value), "\r\n");
  };
  Line(out, "used_memory_lua", eval);
  Line(out, "used_memory_vm_eval", eval);
  StrAppend(out, "used_memory_lua_human:", HumanBytes(eval), "\r\n");
  Line(out, "used_memory_scripts_eval", scripts.bytes);
  Line(out, "number_of_cached_scripts", scripts.scripts);
  Line(out, "number_of_functions", libraries.functions);
  Line(out, "number_of_libraries", libraries.libraries);
  Line(out, "used_memory_vm_functions", functions);
  human("used_memory_vm_total", eval + functions);
  Line(out, "used_memory_functions", libraries.bytes);
  human("used_memory_scripts", static_cast<int64_t>(scripts.bytes + libraries.bytes));
}

void WriteMemory(CommandContext& ctx, std::string* out) {
  const Config& config = ctx.world()->config();
  MemoryFigures m = ReadMemoryFigures(ctx);
  size_t tables = 0;
  uint64_t pending = 0, freed = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) {
    pending += keyspace.lazy_free().pending_objects();
    freed += keyspace.lazy_free().freed_objects();
    for (uint32_t i = 0; i < keyspace.databases(); ++i)
      tables += keyspace.db(DbIndex(static_cast<uint8_t>(i))).TableBytes();
  });
  auto bytes = [&](std::string_view name, int64_t value) {
    Line(out, name, value);
    StrAppend(out, name, "_human:", HumanBytes(value), "\r\n");
  };
  bytes("used_memory", m.used);
  bytes("used_memory_rss", m.rss);
  bytes("used_memory_peak", m.peak);
  StrAppend(out, "used_memory_peak_perc:",
            Fixed(100.0 * static_cast<double>(m.used) / static_cast<double>(m.peak), 2), "%\r\n");
  Line(out, "used_memory_overhead", tables);
  Line(out, "used_memory_dataset", m.used - static_cast<int64_t>(tables));
  Line(out, "allocator_allocated", m.used);
  Line(out, "allocator_resident", m.rss);
  bytes("total_system_memory", m.total_system);
  WriteScriptMemory(ctx, out);
  bytes("maxmemory", config.maxmemory);
  Line(out, "maxmemory_policy", OptionText(config, "maxmemory-policy"));
  Line(out, "mem_fragmentation_ratio",
       Fixed(static_cast<double>(m.rss) / static_cast<double>(m.used), 2));
  Line(out, "mem_fragmentation_bytes", m.rss - m.used);
  Line(out, "mem_not_counted_for_evict", 0);
  Line(out, "mem_allocator", kAllocatorName);
  Line(out, "active_defrag_running", 0);
  Line(out, "lazyfree_pending_objects", pending);
  Line(out, "lazyfreed_objects", freed);
}

void WriteReplication(CommandContext& ctx, std::string* out) {
  Line(out, "role", "master");
  Line(out, "connected_slaves", 0);
  Line(out, "master_failover_state", "no-failover");
  Line(out, "master_replid", ctx.world()->run_id);
  Line(out, "master_replid2", "0000000000000000000000000000000000000000");
  Line(out, "master_repl_offset", 0);
  Line(out, "second_repl_offset", -1);
  Line(out, "repl_backlog_active", 0);
  Line(out, "repl_backlog_size", 0);
  Line(out, "repl_backlog_first_byte_offset", 0);
  Line(out, "repl_backlog_histlen", 0);
}

void WriteCpu(CommandContext&, std::string* out) {
  rusage self{}, children{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  auto seconds = [](const timeval& t) {
    return Fixed(static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6, 6);
  };
  Line(out, "used_cpu_sys", seconds(self.ru_stime));
  Line(out, "used_cpu_user", seconds(self.ru_utime));
  Line(out, "used_cpu_sys_children", seconds(children.ru_stime));
  Line(out, "used_cpu_user_children", seconds(children.ru_utime));
}

void WriteNothing(CommandContext&, std::string*) {}

void WriteCluster(CommandContext& ctx, std::string* out) {
  Line(out, "cluster_enabled", SeesCluster(ctx) ? 1 : 0);
}

void WriteKeyspace(CommandContext& ctx, std::string* out) {
  for (uint32_t i = 0; i < ctx.local().databases(); ++i) {
    size_t keys = 0, expires = 0;
    ctx.ForEachKeyspace([&](Keyspace& keyspace) {
      keys += keyspace.db(DbIndex(static_cast<uint8_t>(i))).size();
      expires += keyspace.db(DbIndex(static_cast<uint8_t>(i))).expires();
    });
    if (keys > 0) StrAppend(out, "db", i, ":keys=", keys, ",expires=", expires, ",avg_ttl=0\r\n");
  }
}

constexpr InfoSection kSections[] = {
    {"server", "# Server", true, WriteServer},
    {"clients", "# Clients", true, WriteFromHost<kClients>},
    {"memory", "# Memory", true, WriteMemory},
    {"persistence", "# Persistence", true, WriteFromHost<kPersistence>},
    {"stats", "# Stats", true, WriteStats},
    {"replication", "# Replication", true, WriteReplication},
    {"cpu", "# CPU", true, WriteCpu},
    {"modules", "# Modules", true, WriteNothing},
    {"commandstats", "# Commandstats", false, WriteCommandStats},
    {"errorstats", "# Errorstats", true, WriteErrorStats},
    {"latencystats", "# Latencystats", false, WriteNothing},
    {"cluster", "# Cluster", true, WriteCluster},
    {"keyspace", "# Keyspace", true, WriteKeyspace},
    {"shards", "# Shards", true, WriteFromHost<kShards>},
    {"stages", "# Stages", false, WriteStages},
};

}  // namespace

std::span<const InfoSection> InfoSections() { return kSections; }

std::string HumanBytes(int64_t bytes) {
  double n = static_cast<double>(bytes);
  if (bytes < 1024) return StrCat(bytes, "B");
  int unit = 0;
  for (n /= 1024; n >= 1024 && unit < 4; n /= 1024) ++unit;
  return Fixed(n, 2) + "KMGTP"[unit];
}

std::string Fixed(double value, int decimals) {
  char text[64];
  return std::string(text,
                     static_cast<size_t>(snprintf(text, sizeof(text), "%.*f", decimals, value)));
}

MemoryFigures ReadMemoryFigures(CommandContext& ctx) {
  MemoryFigures m{};
  m.used = std::max<int64_t>(1, TotalUsedMemory());
  m.peak = std::max(m.used, ctx.world()->peak_memory.load());
  const int64_t page = sysconf(_SC_PAGESIZE);
  m.total_system = sysconf(_SC_PHYS_PAGES) * page;
  if (FILE* f = fopen("/proc/self/statm", "re")) {
    long size = 0, resident = 0;
    if (fscanf(f, "%ld %ld", &size, &resident) == 2) m.rss = resident * page;
    fclose(f);
  }
  return m;
}

}  // namespace basalt
