// The INFO sections that only the server as a whole knows. Every shard is parked while they are
// written.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "core/admin/version.h"
#include "core/base/strings.h"
#include "core/cmd/info_sections.h"
#include "net/server/server.h"
#include "persistence/aof/shard_log.h"

namespace basalt {
namespace {

template <class T>
void Line(std::string* out, std::string_view name, const T& value) {
  StrAppend(out, name, ":", value, "\r\n");
}

const char* OkOrErr(bool ok) { return ok ? "ok" : "err"; }

const char* NameOf(LogTrouble::Kind kind) {
  switch (kind) {
    case LogTrouble::Kind::kNone:
      return "none";
    case LogTrouble::Kind::kBehind:
      return "behind";
    case LogTrouble::Kind::kWrite:
      return "write";
    case LogTrouble::Kind::kSync:
      return "fsync";
  }
  return "";
}

}  // namespace

void Server::AppendInfo(std::string_view section, std::string* out) {
  if (section == "persistence") return AppendPersistence(out);
  if (section == "server") return AppendServer(out);
  if (section == "clients") return AppendClients(out);
  if (section == "stats") return Line(out, "latest_fork_usec", child_.last_fork_us());
  if (section == "shards") return AppendShards(out);
}

void Server::AppendServer(std::string* out) {
  Line(out, "config_file", config_.config_file);
  Line(out, "shards", world_->shard_count());
}

void Server::AppendClients(std::string* out) {
  Line(out, "connected_clients", placement_->Total());
  Line(out, "maxclients", config_.maxclients);
  uint64_t blocked = 0;
  for (uint32_t i = 0; i < world_->shard_count(); ++i) {
    const ShardStats& stats = world_->shard(i).stats();
    blocked += stats.blocked_clients + stats.durability_waits;
  }
  Line(out, "blocked_clients", blocked);
}

void Server::AppendPersistence(std::string* out) {
  bool loading = !loader_->finished();
  int64_t now_s = world_->clock().UnixMillis() / 1000;
  Line(out, "loading", loading ? 1 : 0);
  Line(out, "async_loading", 0);
  Line(out, "current_cow_size", child_.running() ? child_.report().copy_on_write_bytes.load() : 0);
  Line(out, "current_save_keys_processed",
       child_.running() ? child_.report().keys_written.load() : 0);
  Line(out, "rdb_changes_since_last_save", saver_->Changes());
  Line(out, "rdb_bgsave_in_progress", saver_->in_progress() ? 1 : 0);
  Line(out, "rdb_last_save_time", saver_->last_save_unix_s());
  Line(out, "rdb_last_bgsave_status", std::string_view(OkOrErr(saver_->last_ok())));
  Line(out, "rdb_seconds_since_last_save", now_s - saver_->last_save_unix_s());
  Line(out, "rdb_last_bgsave_time_sec", saver_->last_seconds());
  Line(out, "rdb_current_bgsave_time_sec",
       saver_->in_progress() ? now_s - saver_->started_unix_s() : -1);
  Line(out, "rdb_saves", saver_->saves());
  Line(out, "rdb_last_cow_size", saver_->last_cow_bytes());
  Line(out, "rdb_last_load_keys_loaded", loader_->keys());
  Line(out, "latest_fork_usec", child_.last_fork_us());
  Line(out, "snapshot_stall_usec", world_->snapshot_stall_us.load());
  Line(out, "aof_enabled", logs_->on() ? 1 : 0);
  Line(out, "aof_rewrite_in_progress", logs_->in_progress() ? 1 : 0);
  Line(out, "aof_rewrite_scheduled", logs_->wanted() && child_.running() ? 1 : 0);
  Line(out, "aof_last_rewrite_time_sec", logs_->last_rewrite_s());
  Line(out, "aof_current_rewrite_time_sec",
       logs_->in_progress() ? now_s - logs_->rewrite_started_s() : -1);
  Line(out, "aof_last_bgrewrite_status", std::string_view(OkOrErr(logs_->last_rewrite_ok())));
  Line(out, "aof_rewrites", logs_->rewrites());
  Line(out, "aof_last_cow_size", logs_->last_cow_bytes());
  bool healthy = true;
  uint64_t unwritten = 0, unsynced = 0, syncing = 0, rotations = 0;
  int64_t oldest_ms = 0;
  uint64_t log_bytes = logs_->BaseBytes();
  for (uint32_t i = 0; i < world_->shard_count(); ++i) {
    auto& log = static_cast<ShardLog&>(world_->shard(i).log());
    healthy &= !log.trouble().failed();
    rotations += log.rotations();
    if (log.writer() == nullptr) continue;
    log_bytes += log.bytes_since_rewrite();
    unwritten += log.writer()->unwritten_bytes();
    unsynced += log.writer()->unsynced_bytes();
    syncing += log.writer()->syncing();
    oldest_ms = std::max(oldest_ms, log.oldest_unsynced_ms());
  }
  Line(out, "aof_rotations", rotations);
  Line(out, "aof_last_write_status", std::string_view(OkOrErr(healthy)));
  if (logs_->on()) {
    Line(out, "aof_current_size", log_bytes);
    Line(out, "aof_base_size", logs_->BaseBytes());
    Line(out, "aof_pending_rewrite", logs_->wanted() ? 1 : 0);
    Line(out, "aof_buffer_length", unwritten);
    Line(out, "aof_delayed_fsync",
         0);  // Redis counts writes held up by an fsync; here a write never waits for one
    Line(out, "aof_pending_bio_fsync", syncing);
    Line(out, "aof_unsynced_bytes", unsynced);
    Line(out, "aof_unsynced_oldest_ms", oldest_ms);
    Line(out, "aof_epoch", world_->CurrentEpoch().value);
    for (uint32_t i = 0; i < world_->shard_count(); ++i) {
      const auto& log = static_cast<ShardLog&>(world_->shard(i).log());
      const LogWriter* writer = log.writer();
      if (writer == nullptr) continue;
      StrAppend(out, "aof_shard_", i, ":lsn=", writer->appended_lsn().value,
                ",durable=", writer->durable_lsn().value,
                ",unwritten_bytes=", writer->unwritten_bytes(),
                ",unsynced_bytes=", writer->unsynced_bytes(),
                ",unsynced_oldest_ms=", log.oldest_unsynced_ms(),
                ",trouble=", std::string_view(NameOf(log.trouble().kind)),
                ",writes=", writer->writes(), ",fsyncs=", writer->syncs(), "\r\n");
    }
  }
  if (loading) {
    Line(out, "loading_start_time", loader_->started_unix_s());
    Line(out, "loading_total_bytes", loader_->bytes_total());
    Line(out, "loading_loaded_bytes", loader_->bytes_done());
    uint64_t total = loader_->bytes_total();
    Line(out, "loading_loaded_perc", total == 0 ? 0 : loader_->bytes_done() * 100 / total);
  }
}

// Each shard's load beside that of the others, since the start or CONFIG RESETSTAT: first the
// summary, so that an imbalance is seen at once however many shards there are.
void Server::AppendShards(std::string* out) {
  const int64_t now_us = world_->clock().MonotonicMicros();
  std::vector<double> loads;
  for (uint32_t i = 0; i < world_->shard_count(); ++i)
    loads.push_back(world_->shard(i).load().Percent(now_us));
  const auto highest = std::max_element(loads.begin(), loads.end());
  const double sum = std::accumulate(loads.begin(), loads.end(), 0.0);
  Line(out, "load_mean", Fixed(sum / static_cast<double>(loads.size())));
  Line(out, "load_max", Fixed(*highest));
  Line(out, "load_max_shard", highest - loads.begin());
  for (uint32_t i = 0; i < world_->shard_count(); ++i) {
    Shard& shard = world_->shard(i);
    const ShardStats& s = shard.stats();
    StrAppend(out, "shard_", i, ":load=", Fixed(loads[i]), ",cpu_us=", shard.load().CpuMicros(),
              ",keys=", shard.keyspace().TotalKeys(), ",clients=", connections_[i]->live(),
              ",commands=", s.commands, ",hops_sent=", s.hops_sent, ",hops_served=", s.hops_served,
              ",ticks=", s.ticks, ",sleeps=", s.sleeps, ",fan_outs=", s.fan_outs,
              ",fan_out_refusals=", s.fan_out_refusals, ",commands_deferred=", s.commands_deferred,
              ",parks_run=", s.parks_run, ",parks_stood=", s.parks_stood,
              ",parked_us=", s.parked_us, ",buffers_exhausted=", s.buffers_exhausted,
              ",memory=", s.memory_bytes, "\r\n");
  }
}

}  // namespace basalt
