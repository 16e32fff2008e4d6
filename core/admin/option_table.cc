// The option table: one row per option. CONFIG, the config file, the command line, their error
// texts and the help all follow from it. Defaults are the member initialisers of Config.
#include <climits>

#include "core/admin/option.h"
#include "core/admin/option_kinds.h"
#include "core/admin/option_values.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

using namespace options;  // NOLINT: the rows below are written in these words
using enum OptionHook;

constexpr EnumName kFsyncNames[] = {{"everysec", static_cast<int>(AppendFsync::kEverySec)},
                                    {"always", static_cast<int>(AppendFsync::kAlways)},
                                    {"no", static_cast<int>(AppendFsync::kNo)}};
constexpr EnumName kPolicyNames[] = {
    {"volatile-lru", static_cast<int>(MaxmemoryPolicy::kVolatileLru)},
    {"volatile-lfu", static_cast<int>(MaxmemoryPolicy::kVolatileLfu)},
    {"volatile-random", static_cast<int>(MaxmemoryPolicy::kVolatileRandom)},
    {"volatile-ttl", static_cast<int>(MaxmemoryPolicy::kVolatileTtl)},
    {"allkeys-lru", static_cast<int>(MaxmemoryPolicy::kAllkeysLru)},
    {"allkeys-lfu", static_cast<int>(MaxmemoryPolicy::kAllkeysLfu)},
    {"allkeys-random", static_cast<int>(MaxmemoryPolicy::kAllkeysRandom)},
    {"noeviction", static_cast<int>(MaxmemoryPolicy::kNoEviction)}};
constexpr EnumName kLogLevelNames[] = {{"debug", static_cast<int>(LogLevelOption::kDebug)},
                                       {"verbose", static_cast<int>(LogLevelOption::kVerbose)},
                                       {"notice", static_cast<int>(LogLevelOption::kNotice)},
                                       {"warning", static_cast<int>(LogLevelOption::kWarning)}};
constexpr EnumName kPermissionNames[] = {{"no", static_cast<int>(Permission::kNo)},
                                         {"yes", static_cast<int>(Permission::kYes)},
                                         {"local", static_cast<int>(Permission::kLocal)}};

constexpr int64_t kIntMax = INT_MAX;
constexpr int64_t kLongMax = INT64_MAX;
// Of aof-file-size: each new file costs a manifest written and synced, and room for all of it.
constexpr int64_t kLogFileMin = int64_t{64} << 10;
constexpr int64_t kLogFileMax = int64_t{64} << 30;
constexpr int64_t kSizeMin = 1 << 20;  // of client-query-buffer-limit and proto-max-bulk-len

constexpr Option kOptions[] = {
    // Shards
    Int<&Config::shards>("shards", "", kImmutable, kNone, 0, kMaxShards,
                         "number of shards, each one thread on one core; 0 takes every core that "
                         "the process may use"),
    Int<&Config::shard_port_base>(
        "shard-port-base", "", kImmutable, kNone, 0, 65535,
        "shard i also listens on this port + i, for cluster-aware clients; 0 turns it off"),
    Text<&Config::cluster_announce_ip>(
        "cluster-announce-ip", 0, kNone,
        "address that CLUSTER SLOTS gives out for the shards' own ports"),

    // Network
    {"bind",
     "",
     OptionKind::kWords,
     0,
     kListen,
     1,
     0,
     {},
     SetBind,
     GetBind,
     PlainLine<GetBind>,
     "addresses to listen on; '-' before one means that it may be missing"},
    Int<&Config::port>("port", "", 0, kListen, 0, 65535,
                       "TCP port for all clients; 0 listens on none"),
    Int<&Config::move_connections_after>(
        "move-connections-after", "", 0, kNone, 0, kIntMax,
        "commands in a row to one other shard after which a connection is served there, if that "
        "shard has time; 0 never"),
    Bool<&Config::protected_mode>("protected-mode", 0, kNone,
                                  "without a password, serve only clients of this machine"),
    Int<&Config::tcp_backlog>("tcp-backlog", "", kImmutable, kNone, 0, kIntMax,
                              "connections that may wait in the kernel to be accepted"),
    Int<&Config::tcp_keepalive>("tcp-keepalive", "", 0, kNone, 0, kIntMax,
                                "seconds between probes of a silent connection; 0 sends none"),
    Int<&Config::timeout>("timeout", "", 0, kNone, 0, kIntMax,
                          "seconds after which an idle client is disconnected; 0 never"),
    Int<&Config::maxclients>("maxclients", "", 0, kMaxclients, 1, UINT_MAX,
                             "connections served at the same time"),
    Memory<&Config::proto_max_bulk_len>("proto-max-bulk-len", "", 0, kNone, kSizeMin, kLongMax,
                                        "longest single argument of a command"),
    Memory<&Config::client_query_buffer_limit>(
        "client-query-buffer-limit", "", 0, kNone, kSizeMin, kLongMax,
        "largest unfinished command that a client may have sent"),
    {"client-output-buffer-limit",
     "",
     OptionKind::kWords,
     kRepeats,
     kNone,
     1,
     0,
     {},
     SetOutputLimit,
     GetOutputLimit,
     OutputLimitLines,
     "<class> <hard> <soft> <seconds>: unsent output at which a normal, replica or pubsub client "
     "is dropped"},

    // General
    {"daemonize",
     "",
     OptionKind::kBool,
     kImmutable,
     kNone,
     0,
     0,
     {},
     SetDaemonize,
     GetField<&Config::daemonize>,
     WordLine<GetField<&Config::daemonize>>,
     "only 'no': Basalt stays in the foreground"},
    Text<&Config::pidfile>("pidfile", kImmutable, kNone,
                           "file that holds the process id while the server runs"),
    Enum<&Config::loglevel, kLogLevelNames>("loglevel", 0, kLog,
                                            "least important kind of line that is logged"),
    Text<&Config::logfile>("logfile", kImmutable, kNone,
                           "file to log to; empty is standard output"),
    {"dir",
     "",
     OptionKind::kString,
     kProtected,
     kDir,
     0,
     0,
     {},
     SetDir,
     GetDir,
     WordLine<GetDir>,
     "folder of snapshots and logs"},
    {"databases",
     "",
     OptionKind::kInt,
     kImmutable,
     kNone,
     1,
     kIntMax,
     {},
     SetDatabases,
     GetField<&Config::databases>,
     WordLine<GetField<&Config::databases>>,
     "only 16"},
    {"hz",
     "",
     OptionKind::kInt,
     0,
     kHz,
     0,
     kIntMax,
     {},
     SetHz,
     GetField<&Config::hz>,
     WordLine<GetField<&Config::hz>>,
     "how often a second a shard does its regular chores"},
    {"shutdown-on-sigint",
     "",
     OptionKind::kWords,
     0,
     kNone,
     1,
     0,
     {},
     SetShutdown<&Config::shutdown_on_sigint>,
     GetShutdown<&Config::shutdown_on_sigint>,
     PlainLine<GetShutdown<&Config::shutdown_on_sigint>>,
     "default, or any of save, nosave, now, force"},
    {"shutdown-on-sigterm",
     "",
     OptionKind::kWords,
     0,
     kNone,
     1,
     0,
     {},
     SetShutdown<&Config::shutdown_on_sigterm>,
     GetShutdown<&Config::shutdown_on_sigterm>,
     PlainLine<GetShutdown<&Config::shutdown_on_sigterm>>,
     "default, or any of save, nosave, now, force"},

    // Security
    Text<&Config::requirepass>("requirepass", kSecret, kPassword,
                               "password that clients must give with AUTH"),
    Enum<&Config::enable_protected_configs, kPermissionNames>(
        "enable-protected-configs", kImmutable, kNone, "who may CONFIG SET dir and dbfilename"),
    Enum<&Config::enable_debug_command, kPermissionNames>("enable-debug-command", kImmutable, kNone,
                                                          "who may use DEBUG"),

    // Snapshots
    {"save",
     "",
     OptionKind::kWords,
     kRepeats,
     kSave,
     0,
     0,
     {},
     SetSave,
     GetSave,
     SaveLines,
     "<seconds> <changes>: take a snapshot after so long if so much changed; \"\" for none"},
    Bool<&Config::stop_writes_on_bgsave_error>("stop-writes-on-bgsave-error", 0, kNone,
                                               "refuse writes while the last snapshot has failed"),
    Bool<&Config::rdbcompression>("rdbcompression", 0, kNone, "compress long strings in snapshots"),
    Bool<&Config::rdbchecksum>("rdbchecksum", kImmutable, kNone,
                               "end snapshots with a checksum and verify it"),
    {"dbfilename",
     "",
     OptionKind::kString,
     kProtected,
     kNone,
     0,
     0,
     {},
     SetDbFilename,
     GetField<&Config::dbfilename>,
     WordLine<GetField<&Config::dbfilename>>,
     "name that snapshot files start with"},

    Int<&Config::rdb_save_timeout>(
        "rdb-save-timeout", "", 0, kNone, 0, kIntMax,
        "seconds after which a child that writes a snapshot and makes no "
        "progress is ended; 0 never"),
    Memory<&Config::rdb_save_rate_limit>("rdb-save-rate-limit", "", 0, kNone, 0, kLongMax,
                                         "bytes per second that such a child writes at most; 0 as "
                                         "fast as it can"),

    // Log
    Bool<&Config::appendonly>("appendonly", 0, kAppendonly, "log every write"),
    Enum<&Config::appendfsync, kFsyncNames>("appendfsync", 0, kAppendFsync,
                                            "when the log reaches the disk: always before a reply "
                                            "shows it, everysec, or no (when the OS likes)"),
    {"appendfilename",
     "",
     OptionKind::kString,
     kImmutable,
     kNone,
     0,
     0,
     {},
     SetAppendFilename,
     GetField<&Config::appendfilename>,
     WordLine<GetField<&Config::appendfilename>>,
     "name that log files start with"},
    {"appenddirname",
     "",
     OptionKind::kString,
     kImmutable,
     kNone,
     0,
     0,
     {},
     SetAppendDirname,
     GetField<&Config::appenddirname>,
     WordLine<GetField<&Config::appenddirname>>,
     "folder inside dir that holds the log"},
    Bool<&Config::no_appendfsync_on_rewrite>(
        "no-appendfsync-on-rewrite", 0, kNone,
        "under everysec, leave flushing to the OS while a snapshot is written"),
    Memory<&Config::aof_file_size>("aof-file-size", "", 0, kNone, kLogFileMin, kLogFileMax,
                                   "bytes reserved for a file of a shard's log, which goes on in "
                                   "the next one when it is full"),
    Memory<&Config::aof_buffer_limit>("aof-buffer-limit", "", 0, kNone, 1 << 20, kLongMax,
                                      "bytes of a shard's log that may wait for a slow disk before "
                                      "writes are refused"),
    Int<&Config::auto_aof_rewrite_percentage>("auto-aof-rewrite-percentage", "", 0, kNone, 0,
                                              kIntMax,
                                              "rewrite the log when it grew by so much; 0 never"),
    Memory<&Config::auto_aof_rewrite_min_size>(
        "auto-aof-rewrite-min-size", "", 0, kNone, 0, kLongMax,
        "size below which the log is not rewritten by itself"),
    Bool<&Config::aof_load_truncated>(
        "aof-load-truncated", 0, kNone,
        "start even if the end of the log is torn, dropping the torn part"),
    Bool<&Config::aof_timestamp_enabled>(
        "aof-timestamp-enabled", 0, kNone,
        "note the time in the log, once a second, so that it can be cut back to a time"),

    // Memory
    Memory<&Config::maxmemory>("maxmemory", "", 0, kMemory, 0, kLongMax,
                               "memory for data; 0 sets no limit"),
    Enum<&Config::maxmemory_policy, kPolicyNames>("maxmemory-policy", 0, kMemory,
                                                  "which keys go when maxmemory is reached"),
    Int<&Config::maxmemory_samples>("maxmemory-samples", "", 0, kNone, 1, kIntMax,
                                    "keys compared to find one to evict"),
    Int<&Config::lfu_log_factor>("lfu-log-factor", "", 0, kNone, 0, kIntMax,
                                 "how slowly a key's use counter saturates"),
    Int<&Config::lfu_decay_time>("lfu-decay-time", "", 0, kNone, 0, kIntMax,
                                 "minutes after which a key's use counter loses one"),

    // Encodings
    Int<&Config::hash_max_listpack_entries>("hash-max-listpack-entries", "hash-max-ziplist-entries",
                                            0, kEncodings, 0, kLongMax,
                                            "most fields of a hash kept as one packed block"),
    Memory<&Config::hash_max_listpack_value>("hash-max-listpack-value", "hash-max-ziplist-value", 0,
                                             kEncodings, 0, kLongMax,
                                             "longest field or value in a packed hash"),
    Int<&Config::list_max_listpack_size>(
        "list-max-listpack-size", "list-max-ziplist-size", 0, kEncodings, INT_MIN, kIntMax,
        "elements per block of a list; -1 to -5: 4 to 64 kb per block"),
    Int<&Config::set_max_intset_entries>(
        "set-max-intset-entries", "", 0, kEncodings, 0, kLongMax,
        "most members of a set of integers kept as one packed block"),
    Int<&Config::zset_max_listpack_entries>(
        "zset-max-listpack-entries", "zset-max-ziplist-entries", 0, kEncodings, 0, kLongMax,
        "most members of a sorted set kept as one packed block"),
    Memory<&Config::zset_max_listpack_value>("zset-max-listpack-value", "zset-max-ziplist-value", 0,
                                             kEncodings, 0, kLongMax,
                                             "longest member of a packed sorted set"),

    // Scripts, slow log, latency, events
    Int<&Config::busy_reply_threshold>(
        "busy-reply-threshold", "lua-time-limit", 0, kNone, 0, kLongMax,
        "milliseconds after which a script counts as stuck and may be killed"),
    Int<&Config::slowlog_log_slower_than>(
        "slowlog-log-slower-than", "", 0,
        kSlowlog, -1, kLongMax,
        "microseconds from which on a command enters the slow log; -1 never"),
    Int<&Config::slowlog_max_len>("slowlog-max-len", "", 0, kSlowlog, 0, kLongMax,
                                  "entries that the slow log keeps"),
    Int<&Config::latency_monitor_threshold>(
        "latency-monitor-threshold", "", 0,
        kLatency, 0, kLongMax, "milliseconds from which on an event is kept by LATENCY; 0 none"),
    Bool<&Config::latency_tracking>("latency-tracking", 0, kLatency,
                                    "measure the latency of every command"),
    {"latency-tracking-info-percentiles",
     "",
     OptionKind::kWords,
     0,
     kLatency,
     0,
     0,
     {},
     SetPercentiles,
     GetPercentiles,
     PlainLine<GetPercentiles>,
     "percentiles that INFO latencystats shows"},
    {"notify-keyspace-events",
     "",
     OptionKind::kString,
     0,
     kNotify,
     0,
     0,
     {},
     SetNotify,
     GetNotify,
     WordLine<GetNotify>,
     "classes of events published to subscribers, as letters; empty for none"},
};

}  // namespace

std::span<const Option> OptionTable() { return kOptions; }

const Option* FindOption(std::string_view name) {
  for (const Option& option : kOptions) {
    if (EqualsNoCase(option.name, name)) return &option;
    if (!option.alias.empty() && EqualsNoCase(option.alias, name)) return &option;
  }
  return nullptr;
}

}  // namespace basalt
