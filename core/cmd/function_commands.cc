// FUNCTION: the libraries of functions. Changes run with every shard parked and are logged as they
// came, on every shard; replaying them in any interleaving gives the same libraries
// (OnCollision::kReplaceAll).
#include "core/base/glob.h"
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/script_handlers.h"
#include "core/script/engine.h"
#include "core/script/script_flags.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

using script::FunctionInfo;
using script::FunctionRegistry;
using script::Library;
using OnCollision = FunctionRegistry::OnCollision;

FunctionRegistry& Registry(CommandContext& ctx) {
  return script::ScriptEngine::Of(ctx).store().functions();
}

void Changed(CommandContext& ctx) { ctx.ChangedEverything(1); }

void FunctionLoad(CommandContext& ctx) {
  const Args& args = ctx.args;
  OnCollision how = ctx.in_replay() ? OnCollision::kReplaceAll : OnCollision::kRefuse;
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if (!Is(args[i], "replace"))
      return ctx.reply.Error(StrCat("ERR Unknown option given: ", args[i]));
    if (!ctx.in_replay()) how = OnCollision::kReplaceLibrary;
  }
  std::string name;
  if (std::string error = Registry(ctx).Load(args[args.size() - 1], how, &name); !error.empty())
    return ctx.reply.Error(error);
  Changed(ctx);
  ctx.reply.Bulk(name);
}

void FunctionDelete(CommandContext& ctx) {
  if (!Registry(ctx).Delete(ctx.args[2]) && !ctx.in_replay())
    return ctx.reply.Error("ERR Library not found");
  Changed(ctx);
  ctx.reply.Ok();
}

void FunctionFlush(CommandContext& ctx) {
  if (ctx.args.size() > 3)
    return ctx.reply.Error(errors::SubcommandSyntax("function", ctx.args[1]));
  if (ctx.args.size() == 3 && !Is(ctx.args[2], "sync") && !Is(ctx.args[2], "async")) {
    return ctx.reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  Registry(ctx).Flush();
  Changed(ctx);
  ctx.reply.Ok();
}

void FunctionDump(CommandContext& ctx) { ctx.reply.Bulk(Registry(ctx).Dump()); }

void FunctionRestore(CommandContext& ctx) {
  if (ctx.args.size() > 4)
    return ctx.reply.Error(errors::SubcommandSyntax("function", ctx.args[1]));
  bool flush = false;
  OnCollision how = OnCollision::kRefuse;
  if (ctx.args.size() == 4) {
    std::string_view policy = ctx.args[3];
    flush = Is(policy, "flush");
    if (Is(policy, "replace")) {
      how = OnCollision::kReplaceLibrary;
    } else if (!flush && !Is(policy, "append")) {
      return ctx.reply.Error(
          "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    }
  }
  if (ctx.in_replay()) how = OnCollision::kReplaceAll;
  if (std::string error = Registry(ctx).Restore(ctx.args[2], flush, how); !error.empty())
    return ctx.reply.Error(error);
  Changed(ctx);
  ctx.reply.Ok();
}

void ReplyFunction(CommandContext& ctx, const FunctionInfo& function) {
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(function.name);
  ctx.reply.Bulk("description");
  function.description.has_value() ? ctx.reply.Bulk(*function.description) : ctx.reply.Null();
  ctx.reply.Bulk("flags");
  size_t mark = ctx.reply.BeginArray();
  size_t n = 0;
  for (script::ScriptFlag flag : script::kNamedFlags) {
    if (!(function.flags & flag)) continue;
    ctx.reply.Simple(script::NameOf(flag));
    ++n;
  }
  ctx.reply.EndSet(mark, n);
}

void ReplyLibrary(CommandContext& ctx, const Library& library, bool with_code) {
  ctx.reply.Map(with_code ? 4 : 3);
  ctx.reply.Bulk("library_name");
  ctx.reply.Bulk(library.name);
  ctx.reply.Bulk("engine");
  ctx.reply.Bulk("LUA");
  ctx.reply.Bulk("functions");
  ctx.reply.Array(library.functions.size());
  for (const FunctionInfo& function : library.functions) ReplyFunction(ctx, function);
  if (!with_code) return;
  ctx.reply.Bulk("library_code");
  ctx.reply.Bulk(library.code);
}

void FunctionList(CommandContext& ctx) {
  bool with_code = false, filtered = false;
  std::string_view pattern;
  for (size_t i = 2; i < ctx.args.size(); ++i) {
    std::string_view word = ctx.args[i];
    if (!with_code && Is(word, "withcode")) {
      with_code = true;
    } else if (!filtered && Is(word, "libraryname")) {
      if (i + 1 == ctx.args.size())
        return ctx.reply.Error("ERR library name argument was not given");
      filtered = true;
      pattern = ctx.args[++i];
    } else {
      return ctx.reply.Error(StrCat("ERR Unknown argument ", word));
    }
  }
  size_t mark = ctx.reply.BeginArray();
  size_t n = 0;
  for (const auto& [name, library] : Registry(ctx).All()) {
    if (filtered && !GlobMatch(pattern, name, /*nocase=*/true)) continue;
    ReplyLibrary(ctx, *library, with_code);
    ++n;
  }
  ctx.reply.EndArray(mark, n);
}

void ReplyRunning(CommandContext& ctx) {
  std::optional<script::BusyBoard::Running> running =
      script::ScriptEngine::Of(ctx).store().busy().Longest();
  if (!running.has_value() || ctx.world() == nullptr) return ctx.reply.Null();
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(running->name);
  ctx.reply.Bulk("command");
  ctx.reply.Array(running->command.size());
  for (const std::string& word : running->command) ctx.reply.Bulk(word);
  ctx.reply.Bulk("duration_ms");
  ctx.reply.Integer((ctx.world()->clock().MonotonicMicros() - running->started_us) / 1000);
}

void FunctionStats(CommandContext& ctx) {
  FunctionRegistry::Usage usage = Registry(ctx).usage();
  ctx.reply.Map(2);
  ctx.reply.Bulk("running_script");
  ReplyRunning(ctx);
  ctx.reply.Bulk("engines");
  ctx.reply.Map(1);
  ctx.reply.Bulk("LUA");
  ctx.reply.Map(2);
  ctx.reply.Bulk("libraries_count");
  ctx.reply.Integer(static_cast<int64_t>(usage.libraries));
  ctx.reply.Bulk("functions_count");
  ctx.reply.Integer(static_cast<int64_t>(usage.functions));
}

void FunctionKill(CommandContext& ctx) { EndBusyScript(ctx, /*functions=*/true); }

void FunctionHelp(CommandContext& ctx) {
  ReplyHelp(
      ctx,
      {"DELETE <library>", "    Deletes a library with its functions.", "DUMP",
       "    All libraries as one payload for FUNCTION RESTORE.", "FLUSH [ASYNC|SYNC]",
       "    Deletes all libraries.", "KILL", "    Ends the running function unless it has written.",
       "LIST [LIBRARYNAME <pattern>] [WITHCODE]", "    The libraries and their functions.",
       "LOAD [REPLACE] <code>", "    Makes a library of the code, which registers its functions.",
       "RESTORE <payload> [FLUSH|APPEND|REPLACE]", "    Loads the libraries of a payload.", "STATS",
       "    What runs now, and how many libraries and functions there are."});
}

constexpr char kToAll[] = "request_policy:all_shards response_policy:all_succeeded";

constexpr CommandSpec kFunctionSubcommands[] = {
    {"function|delete",
     3,
     kWrite | kNoScript,
     {},
     Where::kAllShards,
     FunctionDelete,
     "scripting",
     "",
     {},
     kToAll},
    {"function|dump", 2, kNoScript, {}, Where::kHome, FunctionDump, "scripting", ""},
    {"function|flush",
     -2,
     kWrite | kNoScript,
     {},
     Where::kAllShards,
     FunctionFlush,
     "scripting",
     "",
     {},
     kToAll},
    {"function|help", 2, kLoading | kStale, {}, Where::kHome, FunctionHelp, "scripting", ""},
    {"function|kill",
     2,
     kNoScript | kAllowBusy,
     {},
     Where::kHome,
     FunctionKill,
     "scripting",
     "",
     {},
     "request_policy:all_shards response_policy:one_succeeded"},
    {"function|list",
     -2,
     kNoScript,
     {},
     Where::kHome,
     FunctionList,
     "scripting",
     "",
     {},
     "nondeterministic_output_order"},
    {"function|load",
     -3,
     kWrite | kDenyOom | kNoScript,
     {},
     Where::kAllShards,
     FunctionLoad,
     "scripting",
     "",
     {},
     kToAll},
    {"function|restore",
     -3,
     kWrite | kDenyOom | kNoScript,
     {},
     Where::kAllShards,
     FunctionRestore,
     "scripting",
     "",
     {},
     kToAll},
    {"function|stats",
     2,
     kNoScript | kAllowBusy,
     {},
     Where::kHome,
     FunctionStats,
     "scripting",
     "",
     {},
     "nondeterministic_output request_policy:all_shards response_policy:special"},
};

}  // namespace

std::span<const CommandSpec> FunctionSubcommands() { return kFunctionSubcommands; }

}  // namespace basalt
