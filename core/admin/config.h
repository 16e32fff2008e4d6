// The value of every option, as one plain struct. A field is named like its option, with '_' for
// '-'. All shards read it without a lock. It changes only before they start or while every one of
// them is parked, so within a tick no value moves. Names, limits and texts of the options are in
// option_table.cc; this file gives types and defaults.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/ids.h"

namespace basalt {

enum class AppendFsync : uint8_t { kAlways, kEverySec, kNo };

enum class MaxmemoryPolicy : uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoEviction,
};

// The same order as basalt::LogLevel of core/base/log.h.
enum class LogLevelOption : uint8_t { kDebug, kVerbose, kNotice, kWarning };

// Who may use what is switched off for safety's sake: nobody, everybody, or connections
// from this machine.
enum class Permission : uint8_t { kNo, kYes, kLocal };

// A snapshot is due once `seconds` have passed and `changes` were made since the last one.
struct SavePoint {
  int64_t seconds;
  int64_t changes;
  bool operator==(const SavePoint&) const = default;
};

enum class ClientClass : uint8_t { kNormal, kReplica, kPubSub };
inline constexpr size_t kClientClasses = 3;

// A client is dropped when its unsent output exceeds `hard` bytes, or `soft` bytes for
// `soft_seconds`. 0 = no limit.
struct OutputLimit {
  int64_t hard = 0;
  int64_t soft = 0;
  int64_t soft_seconds = 0;
  bool operator==(const OutputLimit&) const = default;
};

// Classes of keyspace notifications (bits of Config::notify_keyspace_events), each with its letter.
enum NotifyClass : uint32_t {
  kNotifyKeyspace = 1 << 0,  // K  to __keyspace@<db>__:<key>
  kNotifyKeyevent = 1 << 1,  // E  to __keyevent@<db>__:<event>
  kNotifyGeneric = 1 << 2,   // g
  kNotifyString = 1 << 3,    // $
  kNotifyList = 1 << 4,      // l
  kNotifySet = 1 << 5,       // s
  kNotifyHash = 1 << 6,      // h
  kNotifyZset = 1 << 7,      // z
  kNotifyExpired = 1 << 8,   // x
  kNotifyEvicted = 1 << 9,   // e
  kNotifyStream = 1 << 10,   // t
  kNotifyModule = 1 << 11,   // d
  kNotifyKeyMiss = 1 << 12,  // m, not part of A
  kNotifyNew = 1 << 13,      // n, not part of A
};
inline constexpr uint32_t kNotifyAll = 0xffc;  // A = g$lshzxetd

// What SIGTERM and SIGINT do (bits of Config::shutdown_on_*); 0 is "default": save if
// save points are set.
enum ShutdownFlag : uint32_t {
  kShutdownSave = 1 << 0,
  kShutdownNoSave = 1 << 1,
  kShutdownNow = 1 << 2,
  kShutdownForce = 1 << 3,
};

struct Config {
  // Where the options came from; CONFIG REWRITE writes there. Absolute, "" when there is no file.
  std::string config_file;

  // Shards
  int64_t shards = 0;           // 0: one per core that this process may run on
  int64_t shard_port_base = 0;  // shard i listens on shard_port_base + i; 0: off
  std::string cluster_announce_ip;

  // Network
  std::vector<std::string> bind = {"*", "-::*"};
  int64_t port = 6379;
  bool protected_mode = true;
  int64_t move_connections_after = 64;
  int64_t tcp_backlog = 511;
  int64_t tcp_keepalive = 300;  // seconds
  int64_t timeout = 0;          // seconds
  int64_t maxclients = 10000;
  int64_t proto_max_bulk_len = 512LL << 20;
  int64_t client_query_buffer_limit = 1LL << 30;
  std::array<OutputLimit, kClientClasses> client_output_buffer_limit = {
      OutputLimit{}, OutputLimit{256LL << 20, 64LL << 20, 60},
      OutputLimit{32LL << 20, 8LL << 20, 60}};

  // General
  bool daemonize = false;  // never true: the option exists to be refused in plain words
  std::string pidfile;
  LogLevelOption loglevel = LogLevelOption::kNotice;
  std::string logfile;
  std::string dir = ".";
  int64_t databases = kDatabases;
  int64_t hz = 10;
  uint32_t shutdown_on_sigint = 0;
  uint32_t shutdown_on_sigterm = 0;

  // Security
  std::string requirepass;
  Permission enable_protected_configs = Permission::kNo;
  Permission enable_debug_command = Permission::kNo;

  // Snapshots
  std::vector<SavePoint> save = {{3600, 1}, {300, 100}, {60, 10000}};
  bool save_is_default =
      true;  // the first `save` line of a file replaces the default, further ones add to it
  bool stop_writes_on_bgsave_error = true;
  bool rdbcompression = true;
  bool rdbchecksum = true;
  std::string dbfilename = "dump.rdb";
  int64_t rdb_save_timeout = 0;     // seconds without progress; 0: none
  int64_t rdb_save_rate_limit = 0;  // bytes per second; 0: none

  // Log
  bool appendonly = false;
  AppendFsync appendfsync = AppendFsync::kEverySec;
  std::string appendfilename = "appendonly.aof";
  std::string appenddirname = "appendonlydir";
  bool no_appendfsync_on_rewrite = false;
  int64_t aof_file_size = int64_t{64} << 20;
  int64_t aof_buffer_limit = int64_t{256} << 20;
  int64_t auto_aof_rewrite_percentage = 100;
  int64_t auto_aof_rewrite_min_size = 64LL << 20;
  bool aof_load_truncated = true;
  bool aof_timestamp_enabled = false;

  // Memory
  int64_t maxmemory = 0;
  MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::kNoEviction;
  int64_t maxmemory_samples = 5;
  int64_t lfu_log_factor = 10;
  int64_t lfu_decay_time = 1;  // minutes

  // Encodings
  int64_t hash_max_listpack_entries = 512;
  int64_t hash_max_listpack_value = 64;
  int64_t list_max_listpack_size = -2;
  int64_t set_max_intset_entries = 512;
  int64_t zset_max_listpack_entries = 128;
  int64_t zset_max_listpack_value = 64;

  // Scripts, slow log, latency, events
  int64_t busy_reply_threshold = 5000;      // milliseconds
  int64_t slowlog_log_slower_than = 10000;  // microseconds; -1: off
  int64_t slowlog_max_len = 128;
  int64_t latency_monitor_threshold = 0;  // milliseconds; 0: off
  bool latency_tracking = true;
  std::vector<double> latency_tracking_info_percentiles = {50, 99, 99.9};
  uint32_t notify_keyspace_events = 0;  // bits of NotifyClass

  // Options of Redis that change nothing here but were given a value: name -> text, for CONFIG GET
  // and CONFIG REWRITE.
  std::map<std::string, std::string> ignored;
};

}  // namespace basalt
