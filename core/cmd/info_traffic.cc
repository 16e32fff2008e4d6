// INFO stats, commandstats and errorstats: sums over the shards.
#include <algorithm>
#include <map>
#include <vector>

#include "core/base/strings.h"
#include "core/cmd/info_reset.h"
#include "core/cmd/info_sections.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

template <class F>
void ForEachShard(CommandContext& ctx, F&& f) {
  World& world = *ctx.world();
  for (uint32_t i = 0; i < world.shard_count(); ++i) f(world.shard(i));
}

template <class F>
uint64_t Sum(CommandContext& ctx, F&& f) {
  uint64_t sum = 0;
  ForEachShard(ctx, [&](Shard& shard) { sum += f(shard); });
  return sum;
}

std::string Kilobytes(uint64_t bytes) { return Fixed(static_cast<double>(bytes) / 1024); }

}  // namespace

void WriteStats(CommandContext& ctx, std::string* out) {
  auto line = [&](std::string_view name, const auto& value) {
    StrAppend(out, name, ":", value, "\r\n");
  };
  auto stat = [&](uint64_t ShardStats::*field) {
    return Sum(ctx, [=](Shard& s) { return s.stats().*field; });
  };
  auto keys = [&](uint64_t KeyspaceStats::*field) {
    return Sum(ctx, [=](Shard& s) { return s.keyspace().stats.*field; });
  };
  auto rate = [&](RateMeter ShardStats::*field) {
    return Sum(ctx, [=](Shard& s) { return (s.stats().*field).PerSecond(); });
  };
  line("total_connections_received", stat(&ShardStats::connections));
  line("total_commands_processed", stat(&ShardStats::commands));
  line("instantaneous_ops_per_sec", rate(&ShardStats::commands_rate));
  line("total_net_input_bytes", stat(&ShardStats::bytes_in));
  line("total_net_output_bytes", stat(&ShardStats::bytes_out));
  line("total_net_repl_input_bytes", 0);
  line("total_net_repl_output_bytes", 0);
  line("instantaneous_input_kbps", Kilobytes(rate(&ShardStats::bytes_in_rate)));
  line("instantaneous_output_kbps", Kilobytes(rate(&ShardStats::bytes_out_rate)));
  line("rejected_connections", stat(&ShardStats::rejected_connections));
  line("sync_full", 0);
  line("sync_partial_ok", 0);
  line("sync_partial_err", 0);
  line("expired_keys", keys(&KeyspaceStats::expired));
  line("evicted_keys", keys(&KeyspaceStats::evicted));
  line("evicted_clients", 0);
  line("keyspace_hits", keys(&KeyspaceStats::hits));
  line("keyspace_misses", keys(&KeyspaceStats::misses));
  ctx.world()->host().AppendInfo("stats", out);
  line("pubsub_channels", 0);
  line("pubsub_patterns", 0);
  line("pubsubshard_channels", 0);
  line("tracking_total_keys", 0);
  line("unexpected_error_replies", 0);
  line("total_error_replies", stat(&ShardStats::errors));
  line("total_reads_processed", stat(&ShardStats::reads));
  line("total_writes_processed", stat(&ShardStats::writes));
  line("moved_connections", stat(&ShardStats::moved_connections));
  line("hops_sent", stat(&ShardStats::hops_sent));
  line("parks_run", stat(&ShardStats::parks_run));
}

void WriteCommandStats(CommandContext& ctx, std::string* out) {
  World& world = *ctx.world();
  const double per_us = world.CyclesPerMicro();
  for (const CommandSpec& spec : world.commands().all()) {
    auto sum = [&](std::vector<uint64_t> ShardStats::*field) {
      return Sum(ctx, [&](Shard& s) { return (s.stats().*field)[spec.index]; });
    };
    uint64_t calls = sum(&ShardStats::calls), rejected = sum(&ShardStats::rejected);
    if (calls + rejected == 0) continue;
    double us = static_cast<double>(sum(&ShardStats::cycles)) / per_us;
    const double per_call = calls == 0 ? 0 : us / static_cast<double>(calls);
    StrAppend(out, "cmdstat_", std::string_view(spec.name), ":calls=", calls,
              ",usec=", static_cast<uint64_t>(us), ",usec_per_call=", Fixed(per_call),
              ",rejected_calls=", rejected, ",failed_calls=", sum(&ShardStats::failed), "\r\n");
  }
}

void WriteErrorStats(CommandContext& ctx, std::string* out) {
  std::map<std::string, uint64_t> kinds;
  ForEachShard(ctx, [&](Shard& shard) {
    for (const auto& [kind, count] : shard.stats().error_kinds) kinds[kind] += count;
  });
  for (const auto& [kind, count] : kinds)
    StrAppend(out, "errorstat_", kind, ":count=", count, "\r\n");
}

void ResetStatistics(CommandContext& ctx) {
  const int64_t now_us = ctx.world()->clock().MonotonicMicros();
  ForEachShard(ctx, [now_us](Shard& shard) {
    ShardStats& s = shard.stats();
    s.commands = s.hops_sent = s.hops_served = s.connections = s.rejected_connections =
        s.moved_connections = s.bytes_in = s.bytes_out = s.reads = s.writes = 0;
    s.ticks = s.sleeps = s.parks_run = s.parks_stood = s.parked_us = s.errors =
        s.buffers_exhausted = 0;
    for (auto* counts : {&s.calls, &s.cycles, &s.failed, &s.rejected})
      std::fill(counts->begin(), counts->end(), 0);
    s.error_kinds.clear();
    s.commands_rate = s.bytes_in_rate = s.bytes_out_rate = RateMeter();
    s.fan_outs = s.fan_out_refusals = s.commands_deferred = 0;
    shard.keyspace().stats = KeyspaceStats();
    shard.keyspace().lazy_free().ResetStats();
    shard.stages().Reset();
    shard.load().Reset(now_us);
  });
}

}  // namespace basalt
