#include "core/admin/foreign_options.h"

#include "core/base/strings.h"

namespace basalt {
namespace {

// Reasons, each a half sentence that follows "has no effect: ".
constexpr std::string_view kThreads = "shards do their own input and output; see 'shards'";
constexpr std::string_view kPinned =
    "each shard is pinned to a core by itself; limit the cores with taskset or a cpuset";
constexpr std::string_view kLazy =
    "large values are always freed in small slices, off the command's path";
constexpr std::string_view kDefrag = "the allocator keeps fragmentation low without a defragmenter";
constexpr std::string_view kTable =
    "hash tables grow segment by segment and never rehash as a whole";
constexpr std::string_view kRepl = "there is no replication yet";
constexpr std::string_view kCluster =
    "there is no cluster of several machines; see 'shard-port-base' for one of shards";
constexpr std::string_view kTls = "there is no TLS yet; put a TLS proxy in front";
constexpr std::string_view kStreams = "there are no streams yet";
constexpr std::string_view kModules = "there are no modules";
constexpr std::string_view kSystem = "left to the service manager";
constexpr std::string_view kSyslog =
    "lines go to 'logfile' or standard output, from where journald takes them";
constexpr std::string_view kBase = "the base of the log is always a snapshot";
constexpr std::string_view kIncremental = "files are always flushed piece by piece";
constexpr std::string_view kExact =
    "expired keys are found through an index by time, not by sampling";

constexpr IgnoredOption kIgnored[] = {
    {"io-threads", "", "1", kThreads},
    {"io-threads-do-reads", "", "no", kThreads},
    {"server_cpulist", "", "", kPinned},
    {"bio_cpulist", "", "", kPinned},
    {"aof_rewrite_cpulist", "", "", kPinned},
    {"bgsave_cpulist", "", "", kPinned},
    {"lazyfree-lazy-eviction", "", "no", kLazy},
    {"lazyfree-lazy-expire", "", "no", kLazy},
    {"lazyfree-lazy-server-del", "", "no", kLazy},
    {"lazyfree-lazy-user-del", "", "no", kLazy},
    {"lazyfree-lazy-user-flush", "", "no", kLazy},
    {"replica-lazy-flush", "slave-lazy-flush", "no", kLazy},
    {"activedefrag", "", "no", kDefrag},
    {"active-defrag-ignore-bytes", "", "104857600", kDefrag},
    {"active-defrag-threshold-lower", "", "10", kDefrag},
    {"active-defrag-threshold-upper", "", "100", kDefrag},
    {"active-defrag-cycle-min", "", "1", kDefrag},
    {"active-defrag-cycle-max", "", "25", kDefrag},
    {"active-defrag-max-scan-fields", "", "1000", kDefrag},
    {"jemalloc-bg-thread", "", "yes", "Basalt does not use jemalloc"},
    {"activerehashing", "", "yes", kTable},
    {"active-expire-effort", "", "1", kExact},
    {"dynamic-hz", "", "yes", "a shard's turns follow its load by themselves"},
    {"maxmemory-eviction-tenacity", "", "10", "a shard evicts in slices of bounded time"},
    {"maxmemory-clients", "", "0",
     "clients are bounded one by one; see 'client-output-buffer-limit'"},
    {"aof-use-rdb-preamble", "", "yes", kBase},
    {"aof-rewrite-incremental-fsync", "", "yes", kIncremental},
    {"rdb-save-incremental-fsync", "", "yes", kIncremental},
    {"aof-disable-auto-gc", "", "no", "files that a rewrite replaced are always removed"},
    {"sanitize-dump-payload", "", "no", "payloads of RESTORE and snapshots are always checked"},
    {"rdb-del-sync-files", "", "no", kRepl},
    {"list-compress-depth", "", "0", "lists are not compressed in memory"},
    {"hll-sparse-max-bytes", "", "3000", "there is one HyperLogLog representation"},
    {"stream-node-max-bytes", "", "4096", kStreams},
    {"stream-node-max-entries", "", "100", kStreams},
    {"tracking-table-max-keys", "", "1000000", "there is no client-side caching yet"},
    {"acllog-max-len", "", "128", "there are no ACL users yet"},
    {"acl-pubsub-default", "", "resetchannels", "there are no ACL users yet"},
    {"enable-module-command", "", "no", kModules},
    {"supervised", "", "no",
     "systemd runs Basalt as Type=exec; nobody needs to be told that it is up"},
    {"disable-thp", "", "yes", kSystem},
    {"oom-score-adj", "", "no", kSystem},
    {"oom-score-adj-values", "", "0 200 800", kSystem},
    {"set-proc-title", "", "yes", kSystem},
    {"proc-title-template", "", "{title} {listen-addr} {server-mode}", kSystem},
    {"crash-log-enabled", "", "yes", "a core dump says more"},
    {"crash-memcheck-enabled", "", "yes", "a core dump says more"},
    {"always-show-logo", "", "no", "there is no logo"},
    {"ignore-warnings", "", "", "nothing that it could silence"},
    {"syslog-enabled", "", "no", kSyslog},
    {"syslog-ident", "", "redis", kSyslog},
    {"syslog-facility", "", "local0", kSyslog},
    {"socket-mark-id", "", "0", kSystem},
    {"bind-source-addr", "", "", kRepl},
    {"shutdown-timeout", "", "10", kRepl},
    {"propagation-error-behavior", "", "ignore", kRepl},
    {"masteruser", "", "", kRepl},
    {"masterauth", "", "", kRepl},
    {"replica-serve-stale-data", "slave-serve-stale-data", "yes", kRepl},
    {"replica-read-only", "slave-read-only", "yes", kRepl},
    {"replica-priority", "slave-priority", "100", kRepl},
    {"replica-announced", "", "yes", kRepl},
    {"replica-announce-ip", "slave-announce-ip", "", kRepl},
    {"replica-announce-port", "slave-announce-port", "0", kRepl},
    {"replica-ignore-maxmemory", "slave-ignore-maxmemory", "yes", kRepl},
    {"replica-ignore-disk-write-errors", "", "no", kRepl},
    {"repl-diskless-sync", "", "yes", kRepl},
    {"repl-diskless-sync-delay", "", "5", kRepl},
    {"repl-diskless-sync-max-replicas", "", "0", kRepl},
    {"repl-diskless-load", "", "disabled", kRepl},
    {"repl-disable-tcp-nodelay", "", "no", kRepl},
    {"repl-ping-replica-period", "repl-ping-slave-period", "10", kRepl},
    {"repl-timeout", "", "60", kRepl},
    {"repl-backlog-size", "", "1048576", kRepl},
    {"repl-backlog-ttl", "", "3600", kRepl},
    {"min-replicas-max-lag", "min-slaves-max-lag", "10", kRepl},
    {"cluster-config-file", "", "nodes.conf", kCluster},
    {"cluster-node-timeout", "", "15000", kCluster},
    {"cluster-port", "", "0", kCluster},
    {"cluster-announce-port", "", "0", kCluster},
    {"cluster-announce-tls-port", "", "0", kCluster},
    {"cluster-announce-bus-port", "", "0", kCluster},
    {"cluster-announce-hostname", "", "", kCluster},
    {"cluster-preferred-endpoint-type", "", "ip", kCluster},
    {"cluster-link-sendbuf-limit", "", "0", kCluster},
    {"cluster-migration-barrier", "", "1", kCluster},
    {"cluster-allow-replica-migration", "", "yes", kCluster},
    {"cluster-replica-validity-factor", "cluster-slave-validity-factor", "10", kCluster},
    {"cluster-replica-no-failover", "cluster-slave-no-failover", "no", kCluster},
    {"cluster-require-full-coverage", "", "yes", kCluster},
    {"cluster-allow-reads-when-down", "", "no", kCluster},
    {"cluster-allow-pubsubshard-when-down", "", "yes", kCluster},
    {"tls-cluster", "", "no", kTls},
    {"tls-replication", "", "no", kTls},
    {"tls-auth-clients", "", "yes", kTls},
    {"tls-session-caching", "", "yes", kTls},
    {"tls-session-cache-size", "", "20480", kTls},
    {"tls-session-cache-timeout", "", "300", kTls},
    {"tls-prefer-server-ciphers", "", "no", kTls},
    {"tls-protocols", "", "", kTls},
    {"tls-ciphers", "", "", kTls},
    {"tls-ciphersuites", "", "", kTls},
    {"tls-cert-file", "", "", kTls},
    {"tls-key-file", "", "", kTls},
    {"tls-key-file-pass", "", "", kTls},
    {"tls-client-cert-file", "", "", kTls},
    {"tls-client-key-file", "", "", kTls},
    {"tls-client-key-file-pass", "", "", kTls},
    {"tls-dh-params-file", "", "", kTls},
    {"tls-ca-cert-file", "", "", kTls},
    {"tls-ca-cert-dir", "", "", kTls},
    {"unixsocketperm", "", "0", "there is no Unix socket yet"},
};

constexpr std::string_view kEmpty[] = {""};
constexpr std::string_view kNo[] = {"no"};
constexpr std::string_view kZero[] = {"0"};
constexpr std::string_view kNoOne[] = {"", "no one"};

constexpr RefusedOption kRefused[] = {
    {"replicaof", "slaveof", kNoOne,
     "Basalt cannot be a replica yet; copy the data with a snapshot", true},
    {"min-replicas-to-write", "min-slaves-to-write", kZero,
     "Basalt has no replicas that could confirm a write", true},
    {"cluster-enabled", "", kNo,
     "Basalt is one machine; cluster-aware clients reach its cores by 'shard-port-base'", true},
    {"tls-port", "", kZero, "Basalt does not speak TLS yet; put a TLS proxy in front", true},
    {"unixsocket", "", kEmpty, "Basalt listens on TCP only", true},
    {"aclfile", "", kEmpty, "Basalt has no ACL users yet; use 'requirepass'", true},
    {"user", "", {}, "Basalt has no ACL users yet; use 'requirepass'", false},
    {"rename-command", "", {}, "Basalt cannot rename or disable commands", false},
    {"loadmodule", "", {}, "Basalt does not load modules", false},
    {"sentinel", "", {}, "Basalt is no Sentinel", false},
};

template <class Row>
const Row* FindRow(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (EqualsNoCase(row.name, name)) return &row;
    if (!row.alias.empty() && EqualsNoCase(row.alias, name)) return &row;
  }
  return nullptr;
}

}  // namespace

std::span<const IgnoredOption> IgnoredOptions() { return kIgnored; }
std::span<const RefusedOption> RefusedOptions() { return kRefused; }
const IgnoredOption* FindIgnoredOption(std::string_view name) {
  return FindRow(IgnoredOptions(), name);
}
const RefusedOption* FindRefusedOption(std::string_view name) {
  return FindRow(RefusedOptions(), name);
}

bool IsHarmless(const RefusedOption& option, OptionWords words) {
  std::string text;
  for (const std::string& word : words) StrAppend(&text, text.empty() ? "" : " ", word);
  for (std::string_view harmless : option.harmless) {
    if (EqualsNoCase(text, harmless)) return true;
  }
  return false;
}

std::vector<std::string> IgnoredOptionNotes(const Config& config) {
  std::vector<std::string> notes;
  for (const IgnoredOption& option : kIgnored) {
    auto it = config.ignored.find(std::string(option.name));
    if (it == config.ignored.end() || it->second == option.default_text) continue;
    notes.push_back(StrCat("Option '", option.name, "' has no effect: ", option.reason));
  }
  return notes;
}

}  // namespace basalt
