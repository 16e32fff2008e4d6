// CONFIG. Options change only while every shard is parked; between two commands no shard sees a
// half-changed configuration.

#include "core/admin/config_rewrite.h"
#include "core/admin/options.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/groups.h"
#include "core/cmd/info_reset.h"
#include "core/cmd/row_words.h"
#include "core/resp/errors.h"
#include "core/shard/client.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

void Get(CommandContext& ctx) {
  Args patterns = ctx.args.From(2);
  auto found = GetOptions(ctx.world()->config(), std::span(patterns.v, patterns.n));
  ctx.reply.Map(found.size());
  for (const auto& [name, value] : found) {
    ctx.reply.Bulk(name);
    ctx.reply.Bulk(value);
  }
}

bool IsLocal(const Client* client) {
  return client != nullptr &&
         (client->peer.starts_with("127.") || client->peer.starts_with("[::1]"));
}

void Set(CommandContext& ctx) {
  Args pairs = ctx.args.From(2);
  if (pairs.size() % 2 != 0) return ReplySyntaxError(ctx);
  const Config& config = ctx.world()->config();
  const Config old = config;
  Config changed = config;
  When when = IsLocal(ctx.client()) ? When::kRuntimeLocal : When::kRuntime;
  absl::StatusOr<OptionHooks> hooks = SetOptions(changed, std::span(pairs.v, pairs.n), when);
  if (!hooks.ok()) return ctx.reply.Error(MessageOf(hooks.status()));
  ctx.world()->ChangeConfig(std::move(changed));
  if (!hooks->empty()) {
    if (absl::Status s = ctx.world()->host().ApplyOptions(*hooks, old); !s.ok()) {
      ctx.world()->ChangeConfig(old);
      return ctx.reply.Error(StrCat("ERR CONFIG SET failed (possibly related to argument '",
                                    pairs[0], "') - ", MessageOf(s)));
    }
  }
  if (hooks->Has(OptionHook::kAppendFsync) && config.appendfsync == AppendFsync::kAlways) {
    ctx.ErrorUnlessDurable(errors::kAlwaysNotBegun);
  }
  if (hooks->Has(OptionHook::kSlowlog)) {
    for (uint32_t i = 0; i < ctx.world()->shard_count(); ++i)
      ctx.world()->shard(i).ApplySlowLimits();
  }
  ctx.reply.Ok();
}

void ResetStat(CommandContext& ctx) {
  ResetStatistics(ctx);
  ctx.reply.Ok();
}

void Rewrite(CommandContext& ctx) {
  const Config& config = ctx.world()->config();
  if (config.config_file.empty())
    return ctx.reply.Error("ERR The server is running without a config file");
  if (absl::Status s = RewriteConfigFile(config); !s.ok()) {
    LogWarning("CONFIG REWRITE failed: ", MessageOf(s));
    return ctx.reply.Error(StrCat("ERR Rewriting config file: ", MessageOf(s)));
  }
  LogNotice("CONFIG REWRITE executed with success.");
  ctx.reply.Ok();
}

void Help(CommandContext& ctx) {
  ReplyHelp(ctx, {"GET <pattern> [...]", "    Options whose names match, with their values.",
                  "SET <option> <value> [...]", "    Changes options: all of them or none.",
                  "RESETSTAT", "    Sets the counters of INFO to zero.", "REWRITE",
                  "    Brings the config file in line with the running configuration."});
}

void NotReached(CommandContext& ctx) { ReplyWrongArity(ctx); }

constexpr CommandSpec kConfigSubcommands[] = {
    {"config|get", -3, kWatchful, {}, Where::kHome, Get, "server", ""},
    {"config|help", 2, kLoading | kStale, {}, Where::kHome, Help, "server", ""},
    {"config|resetstat", 2, kWatchful, {}, Where::kAllShards, ResetStat, "server", ""},
    {"config|rewrite", 2, kWatchful, {}, Where::kHome, Rewrite, "server", ""},
    {"config|set",
     -4,
     kWatchful,
     {},
     Where::kAllShards,
     Set,
     "server",
     "",
     {},
     "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandSpec kConfigCommands[] = {
    {.name = "config",
     .arity = -2,
     .flags = 0,
     .where = Where::kHome,
     .handler = NotReached,
     .group = "server",
     .categories = "",
     .subcommands = kConfigSubcommands},
};

}  // namespace

std::span<const CommandSpec> ConfigCommands() { return kConfigCommands; }

}  // namespace basalt
