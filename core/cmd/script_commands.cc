// EVAL and its kin, and SCRIPT. The work is done by the shard's script engine (core/script).
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/groups.h"
#include "core/cmd/script_handlers.h"
#include "core/script/engine.h"

namespace basalt {
namespace {

using script::ScriptEngine;

void EvalCommand(CommandContext& ctx) { ScriptEngine::Of(ctx).Eval(ctx, /*read_only=*/false); }
void EvalRoCommand(CommandContext& ctx) { ScriptEngine::Of(ctx).Eval(ctx, /*read_only=*/true); }
void EvalshaCommand(CommandContext& ctx) {
  ScriptEngine::Of(ctx).EvalSha(ctx, /*read_only=*/false);
}
void EvalshaRoCommand(CommandContext& ctx) {
  ScriptEngine::Of(ctx).EvalSha(ctx, /*read_only=*/true);
}
void FcallCommand(CommandContext& ctx) { ScriptEngine::Of(ctx).Fcall(ctx, /*read_only=*/false); }
void FcallRoCommand(CommandContext& ctx) { ScriptEngine::Of(ctx).Fcall(ctx, /*read_only=*/true); }

void ScriptLoad(CommandContext& ctx) {
  std::string sha;
  std::string error = ScriptEngine::Of(ctx).Load(ctx.args[2], &sha);
  error.empty() ? ctx.reply.Bulk(sha) : ctx.reply.Error(error);
}

void ScriptExists(CommandContext& ctx) {
  script::ScriptStore& store = ScriptEngine::Of(ctx).store();
  ctx.reply.Array(ctx.args.size() - 2);
  for (std::string_view sha : ctx.args.From(2))
    ctx.reply.Integer(store.Find(ToLower(sha)) != nullptr);
}

void ScriptFlush(CommandContext& ctx) {
  if (ctx.args.size() > 3 ||
      (ctx.args.size() == 3 && !Is(ctx.args[2], "sync") && !Is(ctx.args[2], "async"))) {
    return ctx.reply.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  }
  ScriptEngine::Of(ctx).store().Flush();
  ctx.reply.Ok();
}

void ScriptKill(CommandContext& ctx) { EndBusyScript(ctx, /*functions=*/false); }

void ScriptDebug(CommandContext& ctx) {
  if (Is(ctx.args[2], "no")) return ctx.reply.Ok();
  if (!Is(ctx.args[2], "yes") && !Is(ctx.args[2], "sync"))
    return ctx.reply.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
  ctx.reply.Error("ERR The Lua debugger is not supported by this server");
}

void ScriptHelp(CommandContext& ctx) {
  ReplyHelp(ctx,
            {"DEBUG (YES|SYNC|NO)",
             "    Sets how scripts are debugged; there is no debugger, so only NO is taken.",
             "EXISTS <sha1> [<sha1> ...]", "    Tells of each SHA1 whether its script is known.",
             "FLUSH [ASYNC|SYNC]", "    Forgets all scripts.", "KILL",
             "    Ends the running script unless it has written.", "LOAD <script>",
             "    Makes a script known without running it."});
}

constexpr char kToAll[] = "request_policy:all_nodes response_policy:all_succeeded";

constexpr CommandSpec kScriptRows[] = {
    {"script|debug", 3, kNoScript, {}, Where::kHome, ScriptDebug, "scripting", ""},
    {"script|exists",
     -3,
     kNoScript,
     {},
     Where::kHomeInTurn,
     ScriptExists,
     "scripting",
     "",
     {},
     "request_policy:all_shards response_policy:agg_logical_and"},
    {"script|flush",
     -2,
     kNoScript,
     {},
     Where::kAllShards,
     ScriptFlush,
     "scripting",
     "",
     {},
     kToAll},
    {"script|help", 2, kLoading | kStale, {}, Where::kHome, ScriptHelp, "scripting", ""},
    {"script|kill",
     2,
     kNoScript | kAllowBusy,
     {},
     Where::kHome,
     ScriptKill,
     "scripting",
     "",
     {},
     "request_policy:all_shards response_policy:one_succeeded"},
    {"script|load",
     3,
     kNoScript | kStale,
     {},
     Where::kHome,
     ScriptLoad,
     "scripting",
     "",
     {},
     kToAll},
};

// EVAL and FCALL: args[2] says how many keys follow.
bool FindScriptKeys(Args args, std::vector<uint32_t>* positions) {
  int64_t keys;
  if (args.size() < 3 || !ParseInt64(args[2], &keys)) return false;
  if (keys < 0 || keys > static_cast<int64_t>(args.size()) - 3) return false;
  for (uint32_t i = 0; i < keys; ++i) positions->push_back(3 + i);
  return true;
}

void NotReached(CommandContext& ctx) { ReplyWrongArity(ctx); }

}  // namespace

void EndBusyScript(CommandContext& ctx, bool functions) {
  using Kill = script::BusyBoard::Kill;
  switch (ScriptEngine::Of(ctx).store().busy().AskToEnd(functions)) {
    case Kill::kAsked:
      return ctx.reply.Ok();
    case Kill::kNotBusy:
      return ctx.reply.Error(errors::kNotBusy);
    case Kill::kUnkillable:
      return ctx.reply.Error(errors::kUnkillable);
    case Kill::kOtherKind:
      return ctx.reply.Error(functions ? errors::kBusyScript : errors::kBusyFunction);
  }
}

std::span<const CommandSpec> ScriptCommands() {
  constexpr uint32_t kRun = kNoScript | kStale | kSkipMonitor | kMovableKeys | kMayReplicate;
  constexpr uint32_t kRunReadOnly = kNoScript | kStale | kSkipMonitor | kMovableKeys | kReadonly;
  constexpr KeySpec kKeys{0, 0, 0, FindScriptKeys};
  static const CommandSpec kRows[] = {
      {"eval", -3, kRun, kKeys, Where::kScript, EvalCommand, "scripting", ""},
      {"eval_ro", -3, kRunReadOnly, kKeys, Where::kScript, EvalRoCommand, "scripting", ""},
      {"evalsha", -3, kRun, kKeys, Where::kScript, EvalshaCommand, "scripting", ""},
      {"evalsha_ro", -3, kRunReadOnly, kKeys, Where::kScript, EvalshaRoCommand, "scripting", ""},
      {"fcall", -3, kRun, kKeys, Where::kScript, FcallCommand, "scripting", ""},
      {"fcall_ro", -3, kRunReadOnly, kKeys, Where::kScript, FcallRoCommand, "scripting", ""},
      {"function", -2, 0, {}, Where::kHome, NotReached, "scripting", "", FunctionSubcommands()},
      {"script", -2, 0, {}, Where::kHome, NotReached, "scripting", "", kScriptRows},
  };
  return kRows;
}

}  // namespace basalt
