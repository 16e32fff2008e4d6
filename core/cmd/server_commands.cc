// The server's own commands: the rows of the group, and the handlers that are a few lines each.
#include "core/admin/version.h"
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/groups.h"
#include "core/cmd/info_sections.h"
#include "core/cmd/server_cluster.h"
#include "core/cmd/server_handlers.h"
#include "core/shard/client.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

// Arguments name sections, in any number; "all" leaves nothing out here, as there are no modules to
// tell it from "everything".
bool Wanted(const InfoSection& section, Args names) {
  if (names.size() == 0) return section.by_default;
  for (std::string_view name : names) {
    if (Is(name, section.name) || Is(name, "all") || Is(name, "everything")) return true;
    if (Is(name, "default") && section.by_default) return true;
  }
  return false;
}

void InfoCommand(CommandContext& ctx) {
  std::string text;
  for (const InfoSection& section : InfoSections()) {
    if (!Wanted(section, ctx.args.From(1))) continue;
    if (!text.empty()) text += "\r\n";
    StrAppend(&text, section.title, "\r\n");
    section.write(ctx, &text);
  }
  ctx.reply.Verbatim(text);
}

void TimeCommand(CommandContext& ctx) {
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(ctx.local().now_us / 1'000'000);
  ctx.reply.BulkInteger(ctx.local().now_us % 1'000'000);
}

void LolwutCommand(CommandContext& ctx) {
  std::string text;
  for (const char* row : {"  _   _ _   _   _ ", " / \\_/ / \\_/ \\_/ \\", " |_| |_|_| |_| |_|"})
    StrAppend(&text, std::string_view(row), "\n");
  ctx.reply.Verbatim(StrCat(text, "Columns of basalt, side by side. Basalt ver. ",
                            std::string_view(kBasaltVersion), ", Redis ver. ",
                            std::string_view(kRedisVersion), "\n"));
}

void RoleCommand(CommandContext& ctx) {
  ctx.reply.Array(3);
  ctx.reply.Bulk("master");
  ctx.reply.Integer(0);
  ctx.reply.EmptyArray();
}

void ReplicaofCommand(CommandContext& ctx) {
  if (Is(ctx.args[1], "no") && Is(ctx.args[2], "one")) return ctx.reply.Ok();
  int64_t port;
  if (!IntegerArgIn(ctx, 2, 0, 65535, &port, "ERR Invalid master port")) return;
  ctx.reply.Error("ERR Replication is not supported by this server");
}

// There are no replicas to wait for.
void WaitCommand(CommandContext& ctx) {
  int64_t replicas, timeout;
  if (!IntegerArg(ctx, 1, &replicas) || !IntegerArg(ctx, 2, &timeout, errors::kTimeoutNotInteger))
    return;
  if (timeout < 0) return ctx.reply.Error(errors::kTimeoutNegative);
  // There are no replicas, so nothing but the time can end it.
  if (replicas <= 0 || !ctx.may_block()) return ctx.reply.Integer(0);
  ctx.shard()->coordinator().AwaitDurable(ctx.client(),
                                          {.replicas = replicas, .timeout_ms = timeout});
}

// WAITAOF <local 0|1> <replicas> <timeout>: how many logs have what this connection wrote, the own
// one and replicas'.
void WaitaofCommand(CommandContext& ctx) {
  int64_t local, replicas, timeout;
  if (!IntegerArgIn(ctx, 1, 0, 1, &local, "ERR value is out of range, value must between 0 and 1"))
    return;
  if (!IntegerArgIn(ctx, 2, 0, INT64_MAX, &replicas, errors::kMustBePositive)) return;
  if (!IntegerArg(ctx, 3, &timeout, errors::kTimeoutNotInteger)) return;
  if (timeout < 0) return ctx.reply.Error(errors::kTimeoutNegative);
  const World& world = *ctx.world();
  if (local > 0 && !ctx.world()->config().appendonly)
    return ctx.reply.Error(errors::kWaitaofWithoutLog);
  if (ctx.may_block() && (replicas > 0 || (local > 0 && !world.always()))) {
    return ctx.shard()->coordinator().AwaitDurable(
        ctx.client(),
        {.local = local > 0, .replies_local = true, .replicas = replicas, .timeout_ms = timeout});
  }
  ctx.reply.Array(2);
  // Under `always` this reply leaves behind those of the writes, and so only once they are durable.
  ctx.reply.Integer(local > 0 && world.always());
  ctx.reply.Integer(0);
}

void FailoverCommand(CommandContext& ctx) {
  for (size_t i = 1; i < ctx.args.size(); ++i) {
    std::string_view word = ctx.args[i];
    if (Is(word, "abort") && ctx.args.size() == 2)
      return ctx.reply.Error("ERR No failover in progress.");
    if (Is(word, "to") && i + 2 < ctx.args.size()) {
      i += 2;
    } else if (Is(word, "timeout") && i + 1 < ctx.args.size()) {
      ++i;
    } else if (!Is(word, "force")) {
      return ReplySyntaxError(ctx);
    }
  }
  ctx.reply.Error("ERR FAILOVER requires connected replicas.");
}

// READONLY, READWRITE, ASKING: every node serves every key, so they ask for what is so already.
void ClusterModeCommand(CommandContext& ctx) {
  SeesCluster(ctx) ? ctx.reply.Ok()
                   : ctx.reply.Error("ERR This instance has cluster support disabled");
}

void ModuleList(CommandContext& ctx) { ctx.reply.EmptyArray(); }

void ModuleHelp(CommandContext& ctx) {
  ReplyHelp(ctx, {"LIST", "    Always empty: modules are not supported."});
}

void NotReached(CommandContext& ctx) { ReplyWrongArity(ctx); }

constexpr CommandSpec kModule[] = {
    {"module|help", 2, kLoading | kStale, {}, Where::kHome, ModuleHelp, "server", ""},
    {"module|list",
     2,
     kAdmin | kNoScript,
     {},
     Where::kHome,
     ModuleList,
     "server",
     "",
     {},
     "nondeterministic_output_order"},
};

constexpr uint32_t kSaving = kAdmin | kNoScript | kNoAsyncLoading;
constexpr uint32_t kReplication = kAdmin | kNoScript | kStale;
constexpr char kVaries[] = "nondeterministic_output";
constexpr auto kHere = Where::kHome;
constexpr auto kEverywhere = Where::kAllShards;

CommandSpec Container(const char* name, std::span<const CommandSpec> subcommands,
                      const char* group = "server") {
  return {name, -2, 0, {}, kHere, NotReached, group, "", subcommands};
}

}  // namespace

std::span<const CommandSpec> ServerCommands() {
  static const CommandSpec kServerCommands[] = {
      {"asking", 1, kFast, {}, kHere, ClusterModeCommand, "cluster", "@connection"},
      {"bgrewriteaof", 1, kSaving, {}, kEverywhere, BgrewriteaofCommand, "server", ""},
      {"bgsave", -1, kSaving, {}, kEverywhere, BgsaveCommand, "server", ""},
      {.name = "debug",
       .arity = -2,
       .flags = kAdmin | kNoScript | kLoading | kStale,
       .where = kEverywhere,
       .handler = DebugCommand,
       .group = "server",
       .categories = "",
       .at_home = DebugRunsAtHome},
      {"failover", -1, kReplication, {}, kHere, FailoverCommand, "server", ""},
      {"info",
       -1,
       kLoading | kStale,
       {},
       kEverywhere,
       InfoCommand,
       "server",
       "@dangerous",
       {},
       "nondeterministic_output request_policy:all_shards response_policy:special"},
      {"lastsave",
       1,
       kLoading | kStale | kFast,
       {},
       kHere,
       LastsaveCommand,
       "server",
       "@admin @dangerous",
       {},
       kVaries},
      {"lolwut", -1, kReadonly | kFast, {}, kHere, LolwutCommand, "server", ""},
      {"readonly",
       1,
       kLoading | kStale | kFast,
       {},
       kHere,
       ClusterModeCommand,
       "cluster",
       "@connection"},
      {"readwrite",
       1,
       kLoading | kStale | kFast,
       {},
       kHere,
       ClusterModeCommand,
       "cluster",
       "@connection"},
      {"replicaof", 3, kReplication | kNoAsyncLoading, {}, kHere, ReplicaofCommand, "server", ""},
      {"role",
       1,
       kNoScript | kLoading | kStale | kFast,
       {},
       kHere,
       RoleCommand,
       "server",
       "@admin @dangerous"},
      {"save", 1, kSaving | kNoMulti, {}, kEverywhere, SaveCommand, "server", ""},
      {"shutdown",
       -1,
       kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
       {},
       kEverywhere,
       ShutdownCommand,
       "server",
       ""},
      {"slaveof", 3, kReplication | kNoAsyncLoading, {}, kHere, ReplicaofCommand, "server", ""},
      {"time", 1, kLoading | kStale | kFast, {}, kHere, TimeCommand, "server", "", {}, kVaries},
      {"wait",
       3,
       kNoScript,
       {},
       Where::kHomeInTurn,
       WaitCommand,
       "connection",
       "",
       {},
       "request_policy:all_shards response_policy:agg_min"},
      {"waitaof",
       4,
       kNoScript,
       {},
       Where::kHomeInTurn,
       WaitaofCommand,
       "connection",
       "",
       {},
       "request_policy:all_shards response_policy:agg_min"},
      Container("cluster", ClusterSubcommands(), "cluster"),
      Container("latency", LatencySubcommands()),
      Container("memory", MemorySubcommands()),
      Container("module", kModule),
      Container("slowlog", SlowlogSubcommands()),
  };
  return kServerCommands;
}

}  // namespace basalt
