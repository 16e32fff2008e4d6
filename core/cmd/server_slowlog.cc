// SLOWLOG: each shard keeps what was slow on it; here they are one list by number. LATENCY: no
// events are monitored, so all of it is empty.
#include <algorithm>
#include <vector>

#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/row_words.h"
#include "core/cmd/server_handlers.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

template <class F>
void ForEachShard(CommandContext& ctx, F&& f) {
  for (uint32_t i = 0; i < ctx.world()->shard_count(); ++i) f(ctx.world()->shard(i).stats());
}

void WriteEntry(const SlowCommand& slow, Reply& reply) {
  reply.Array(6);
  reply.Integer(static_cast<int64_t>(slow.id));
  reply.Integer(slow.unix_s);
  reply.Integer(slow.took_us);
  reply.Array(slow.words.size());
  for (const std::string& word : slow.words) reply.Bulk(word);
  reply.Bulk(slow.peer);
  reply.Bulk(slow.name);
}

void SlowGet(CommandContext& ctx) {
  int64_t count = 10;
  if (ctx.args.size() > 3) return ReplyWrongArity(ctx);
  if (ctx.args.size() == 3 && !IntegerArgIn(ctx, 2, -1, INT64_MAX, &count,
                                            "ERR count should be greater than or equal to -1")) {
    return;
  }
  std::vector<const SlowCommand*> all;
  ForEachShard(ctx, [&](ShardStats& stats) {
    for (const SlowCommand& slow : stats.slow) all.push_back(&slow);
  });
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->id > b->id; });
  size_t kept = std::min(all.size(), static_cast<size_t>(ctx.world()->config().slowlog_max_len));
  if (count >= 0) kept = std::min(kept, static_cast<size_t>(count));
  ctx.reply.Array(kept);
  for (size_t i = 0; i < kept; ++i) WriteEntry(*all[i], ctx.reply);
}

void SlowLen(CommandContext& ctx) {
  int64_t n = 0;
  ForEachShard(ctx, [&](ShardStats& stats) { n += static_cast<int64_t>(stats.slow.size()); });
  ctx.reply.Integer(std::min(n, ctx.world()->config().slowlog_max_len));
}

void SlowReset(CommandContext& ctx) {
  ForEachShard(ctx, [](ShardStats& stats) { stats.slow.clear(); });
  ctx.reply.Ok();
}

void SlowHelp(CommandContext& ctx) {
  ReplyHelp(
      ctx,
      {"GET [<count>]",
       "    The latest slow commands (10; -1: all): number, time, microseconds, words, client.",
       "LEN", "    How many are kept.", "RESET", "    Forgets them."});
}

void LatencyEmpty(CommandContext& ctx) { ctx.reply.EmptyArray(); }
void LatencyEmptyMap(CommandContext& ctx) { ctx.reply.Map(0); }
void LatencyReset(CommandContext& ctx) { ctx.reply.Integer(0); }

void LatencyGraph(CommandContext& ctx) {
  ctx.reply.Error(StrCat("ERR No samples available for event '", ctx.args[2], "'"));
}

void LatencyDoctor(CommandContext& ctx) {
  ctx.reply.Verbatim(
      "No latency events are recorded. SLOWLOG GET shows slow commands, INFO shards where shards "
      "waited.\n");
}

void LatencyHelp(CommandContext& ctx) {
  ReplyHelp(ctx, {"LATEST", "    The latest latency events: there are none.", "HISTORY <event>",
                  "    Samples of an event.", "RESET [<event> ...]", "    Forgets events.",
                  "GRAPH <event>", "    Draws an event's samples.", "HISTOGRAM [<command> ...]",
                  "    Distribution of the time commands took.", "DOCTOR", "    Advice."});
}

constexpr uint32_t kSlow = kAdmin | kLoading | kStale;
constexpr CommandSpec kSlowlog[] = {
    {"slowlog|get",
     -2,
     kSlow,
     {},
     Where::kAllShards,
     SlowGet,
     "server",
     "",
     {},
     "request_policy:all_nodes nondeterministic_output"},
    {"slowlog|help", 2, kLoading | kStale, {}, Where::kHome, SlowHelp, "server", ""},
    {"slowlog|len",
     2,
     kSlow,
     {},
     Where::kAllShards,
     SlowLen,
     "server",
     "",
     {},
     "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {"slowlog|reset",
     2,
     kSlow,
     {},
     Where::kAllShards,
     SlowReset,
     "server",
     "",
     {},
     "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr char kTips[] = "nondeterministic_output request_policy:all_nodes response_policy:special";
constexpr CommandSpec kLatency[] = {
    {"latency|doctor", 2, kWatchful, {}, Where::kHome, LatencyDoctor, "server", "", {}, kTips},
    {"latency|graph", 3, kWatchful, {}, Where::kHome, LatencyGraph, "server", "", {}, kTips},
    {"latency|help", 2, kLoading | kStale, {}, Where::kHome, LatencyHelp, "server", ""},
    {"latency|histogram",
     -2,
     kWatchful,
     {},
     Where::kHome,
     LatencyEmptyMap,
     "server",
     "",
     {},
     kTips},
    {"latency|history", 3, kWatchful, {}, Where::kHome, LatencyEmpty, "server", "", {}, kTips},
    {"latency|latest", 2, kWatchful, {}, Where::kHome, LatencyEmpty, "server", "", {}, kTips},
    {"latency|reset",
     -2,
     kWatchful,
     {},
     Where::kHome,
     LatencyReset,
     "server",
     "",
     {},
     "request_policy:all_nodes response_policy:all_succeeded"},
};

}  // namespace

std::span<const CommandSpec> SlowlogSubcommands() { return kSlowlog; }
std::span<const CommandSpec> LatencySubcommands() { return kLatency; }

}  // namespace basalt
