// CLIENT. What concerns only the own connection runs at home; LIST, KILL and UNBLOCK look at all of
// them, with every shard parked.

#include <algorithm>

#include "core/cmd/arguments.h"
#include "core/cmd/client_list.h"
#include "core/cmd/command_help.h"
#include "core/cmd/connection_session.h"
#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

// --- the own connection

void Id(CommandContext& ctx) { ctx.reply.Integer(static_cast<int64_t>(ctx.client()->id.value)); }

void GetName(CommandContext& ctx) {
  const std::string& name = ctx.client()->name;
  name.empty() ? ctx.reply.Null() : ctx.reply.Bulk(name);
}

void SetName(CommandContext& ctx) {
  if (NameClient(ctx, ctx.args[2])) ctx.reply.Ok();
}

void SetInfo(CommandContext& ctx) {
  std::string_view what = ctx.args[2], text = ctx.args[3];
  bool lib_name = Is(what, "lib-name");
  if (!lib_name && !Is(what, "lib-ver"))
    return ctx.reply.Error(StrCat("ERR Unrecognized option '", what, "'"));
  if (!FitsClientList(text)) {
    return ctx.reply.Error(
        StrCat("ERR ", what, " cannot contain spaces, newlines or special characters."));
  }
  (lib_name ? ctx.client()->lib_name : ctx.client()->lib_ver) = text;
  ctx.reply.Ok();
}

void Info(CommandContext& ctx) {
  std::string line;
  AppendClientLine(*ctx.client(), ctx.now_ms(), &line);
  ctx.reply.Verbatim(line + "\n");
}

// "on" or "off".
bool Switch(CommandContext& ctx, bool* out) {
  bool on = Is(ctx.args[2], "on");
  if (!on && !Is(ctx.args[2], "off")) {
    ReplySyntaxError(ctx);
    return false;
  }
  *out = on;
  ctx.reply.Ok();
  return true;
}

void NoEvict(CommandContext& ctx) { (void)Switch(ctx, &ctx.client()->no_evict); }
void NoTouch(CommandContext& ctx) { (void)Switch(ctx, &ctx.client()->no_touch); }

void ReplyMode(CommandContext& ctx) {
  Client& client = *ctx.client();
  std::string_view mode = ctx.args[2];
  if (Is(mode, "on")) {
    if (client.reply_mode != Client::ReplyMode::kOn) client.DropMuted();
    client.reply_mode = Client::ReplyMode::kOn;
    return ctx.reply.Ok();
  }
  if (Is(mode, "off")) return client.Mute(Client::ReplyMode::kOff);
  if (!Is(mode, "skip")) return ReplySyntaxError(ctx);
  if (client.reply_mode != Client::ReplyMode::kOff) client.Mute(Client::ReplyMode::kSkipNext);
}

// --- tracking, which is always off

void GetRedir(CommandContext& ctx) { ctx.reply.Integer(-1); }

void TrackingInfo(CommandContext& ctx) {
  ctx.reply.Map(3);
  ctx.reply.Bulk("flags");
  ctx.reply.Set(1);
  ctx.reply.Bulk("off");
  ctx.reply.Bulk("redirect");
  ctx.reply.Integer(-1);
  ctx.reply.Bulk("prefixes");
  ctx.reply.EmptyArray();
}

void Tracking(CommandContext& ctx) {
  if (Is(ctx.args[2], "off")) return ctx.reply.Ok();
  if (!Is(ctx.args[2], "on")) return ReplySyntaxError(ctx);
  ctx.reply.Error("ERR Client tracking is not supported by this server");
}

void Caching(CommandContext& ctx) {
  ctx.reply.Error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
      "OPTOUT mode enabled");
}

// --- all connections

bool ParseListFilter(CommandContext& ctx, ClientFilter* filter, std::vector<uint64_t>* ids) {
  const Args& args = ctx.args;
  if (args.size() == 4 && Is(args[2], "type")) {
    filter->by_kind = true;
    if (ParseClientKind(args[3], &filter->kind)) return true;
    ctx.reply.Error(StrCat("ERR Unknown client type '", args[3], "'"));
    return false;
  }
  if (args.size() > 3 && Is(args[2], "id")) {
    for (std::string_view word : args.From(3)) {
      int64_t id;
      if (!ParseInt64(word, &id) || id < 1) {
        ctx.reply.Error("ERR Invalid client ID");
        return false;
      }
      ids->push_back(static_cast<uint64_t>(id));
    }
    return true;
  }
  if (args.size() == 2) return true;
  ReplySyntaxError(ctx);
  return false;
}

void List(CommandContext& ctx) {
  ClientFilter filter;
  std::vector<uint64_t> ids;
  if (!ParseListFilter(ctx, &filter, &ids)) return;
  std::vector<Client*> clients = ctx.world()->host().Clients();
  std::sort(clients.begin(), clients.end(), [](Client* a, Client* b) { return a->id < b->id; });
  std::string text;
  for (const Client* client : clients) {
    if (!filter.Fits(*client)) continue;
    if (!ids.empty() && std::find(ids.begin(), ids.end(), client->id.value) == ids.end()) continue;
    AppendClientLine(*client, ctx.now_ms(), &text);
    text += '\n';
  }
  ctx.reply.Verbatim(text);
}

bool ParseKillFilter(CommandContext& ctx, ClientFilter* filter) {
  const Args& args = ctx.args;
  auto fail = [&](std::string_view error) {
    ctx.reply.Error(error);
    return false;
  };
  for (size_t i = 2; i < args.size(); i += 2) {
    if (i + 1 >= args.size()) return fail(errors::kSyntax);
    std::string_view value = args[i + 1];
    if (Is(args[i], "id")) {
      int64_t id;
      if (!ParseInt64(value, &id) || id < 1) return fail("ERR client-id should be greater than 0");
      filter->id = static_cast<uint64_t>(id);
    } else if (Is(args[i], "type")) {
      filter->by_kind = true;
      if (!ParseClientKind(value, &filter->kind))
        return fail(StrCat("ERR Unknown client type '", value, "'"));
    } else if (Is(args[i], "addr")) {
      filter->addr = value;
    } else if (Is(args[i], "laddr")) {
      filter->laddr = value;
    } else if (Is(args[i], "user")) {
      if (value != "default") return fail(StrCat("ERR No such user '", value, "'"));
    } else if (Is(args[i], "skipme")) {
      filter->skip_me = Is(value, "yes");
      if (!filter->skip_me && !Is(value, "no")) return fail(errors::kSyntax);
    } else {
      return fail(errors::kSyntax);
    }
  }
  return true;
}

void Kill(CommandContext& ctx) {
  ClientFilter filter;
  const bool by_address =
      ctx.args.size() == 3;  // the old form: an address, and the caller is not spared
  if (by_address) {
    filter.addr = ctx.args[2];
    filter.skip_me = false;
  } else if (!ParseKillFilter(ctx, &filter)) {
    return;
  }
  Host& host = ctx.world()->host();
  int64_t killed = 0;
  for (Client* client : host.Clients()) {
    bool me = client == ctx.client();
    if (!filter.Fits(*client) || (me && filter.skip_me)) continue;
    ++killed;
    host.Kill(client, /*now=*/!me);
  }
  if (!by_address) return ctx.reply.Integer(killed);
  killed > 0 ? ctx.reply.Ok() : ctx.reply.Error("ERR No such client");
}

void Unblock(CommandContext& ctx) {
  int64_t id;
  if (ctx.args.size() > 4) return ReplyWrongArity(ctx);
  if (ctx.args.size() == 4 && !Is(ctx.args[3], "timeout") && !Is(ctx.args[3], "error")) {
    return ctx.reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (!IntegerArg(ctx, 2, &id)) return;
  const bool with_error = ctx.args.size() == 4 && Is(ctx.args[3], "error");
  int64_t unblocked = 0;
  for (Client* client : ctx.world()->host().Clients()) {
    if (client->id.value != static_cast<uint64_t>(id)) continue;
    unblocked += ctx.world()->shard(client->home).coordinator().Unblock(client, with_error);
  }
  ctx.reply.Integer(unblocked);
}

void Pause(CommandContext& ctx) {
  const Args& args = ctx.args;
  bool all = true;
  if (args.size() > 4) return ctx.reply.Error(errors::SubcommandSyntax("client", args[1]));
  if (args.size() == 4) {
    all = Is(args[3], "all");
    if (!all && !Is(args[3], "write"))
      return ctx.reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  int64_t ms;
  if (!IntegerArg(ctx, 2, &ms, errors::kTimeoutNotInteger)) return;
  if (ms < 0) return ctx.reply.Error(errors::kTimeoutNegative);
  if (ms > INT64_MAX - ctx.now_ms()) return ctx.reply.Error(errors::kTimeoutNotInteger);
  // A pause may be made longer and stricter by another one, never the other way round.
  World& world = *ctx.world();
  bool under_way = world.pause_until_ms.load() > ctx.now_ms();
  int64_t until = ctx.now_ms() + ms;
  world.pause_all = all || (under_way && world.pause_all.load());
  world.pause_until_ms = under_way ? std::max(until, world.pause_until_ms.load()) : until;
  ctx.reply.Ok();
}

void Unpause(CommandContext& ctx) {
  ctx.world()->pause_until_ms = 0;
  ctx.reply.Ok();
}

void Help(CommandContext& ctx) {
  ReplyHelp(ctx, {"GETNAME",
                  "    The connection's name.",
                  "SETNAME <name>",
                  "    Gives the connection a name.",
                  "SETINFO <LIB-NAME|LIB-VER> <value>",
                  "    Says which client library this is.",
                  "ID",
                  "    The connection's number.",
                  "INFO",
                  "    The connection as CLIENT LIST shows it.",
                  "LIST [TYPE <NORMAL|MASTER|REPLICA|PUBSUB> | ID <id> ...]",
                  "    All connections, one per line.",
                  "KILL <ip:port>",
                  "    Closes the connection from that address.",
                  "KILL <option> <value> [...]",
                  "    Closes those that fit every option: ID, TYPE, ADDR, LADDR, USER, SKIPME.",
                  "NO-EVICT <ON|OFF>",
                  "    Keeps the connection when memory runs short.",
                  "NO-TOUCH <ON|OFF>",
                  "    Whether its reads count as use of a key.",
                  "PAUSE <milliseconds> [WRITE|ALL]",
                  "    Holds commands of all connections back for a while.",
                  "UNPAUSE",
                  "    Ends a pause.",
                  "REPLY <ON|OFF|SKIP>",
                  "    Whether this connection is answered.",
                  "UNBLOCK <id> [TIMEOUT|ERROR]",
                  "    Lets a blocked connection go.",
                  "TRACKING OFF",
                  "    Client-side caching is always off.",
                  "TRACKINGINFO",
                  "    The state of client-side caching.",
                  "GETREDIR",
                  "    Where invalidations go; -1: nowhere."});
}

void NotReached(CommandContext& ctx) { ReplyWrongArity(ctx); }

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;

constexpr CommandSpec kClientSubcommands[] = {
    {"client|caching", 3, kOwn, {}, Where::kHome, Caching, "connection", ""},
    {"client|getname", 2, kOwn, {}, Where::kHome, GetName, "connection", ""},
    {"client|getredir", 2, kOwn, {}, Where::kHome, GetRedir, "connection", ""},
    {"client|help", 2, kLoading | kStale, {}, Where::kHome, Help, "connection", ""},
    {"client|id", 2, kOwn, {}, Where::kHome, Id, "connection", ""},
    {.name = "client|info",
     .arity = 2,
     .flags = kOwn,
     .where = Where::kHome,
     .handler = Info,
     .group = "connection",
     .categories = "",
     .tips = "nondeterministic_output"},
    {"client|kill", -3, kWatchful, {}, Where::kAllShards, Kill, "connection", ""},
    {.name = "client|list",
     .arity = -2,
     .flags = kWatchful,
     .where = Where::kAllShards,
     .handler = List,
     .group = "connection",
     .categories = "",
     .tips = "nondeterministic_output"},
    {"client|no-evict", 3, kWatchful, {}, Where::kHome, NoEvict, "connection", ""},
    {"client|no-touch", 3, kOwn, {}, Where::kHome, NoTouch, "connection", ""},
    {"client|pause", -3, kWatchful, {}, Where::kHome, Pause, "connection", ""},
    {"client|reply", 3, kOwn, {}, Where::kHomeInTurn, ReplyMode, "connection", ""},
    {"client|setinfo", 4, kOwn, {}, Where::kHome, SetInfo, "connection", ""},
    {"client|setname", 3, kOwn, {}, Where::kHome, SetName, "connection", ""},
    {"client|tracking", -3, kOwn, {}, Where::kHome, Tracking, "connection", ""},
    {"client|trackinginfo", 2, kOwn, {}, Where::kHome, TrackingInfo, "connection", ""},
    {"client|unblock", -3, kWatchful, {}, Where::kAllShards, Unblock, "connection", ""},
    {"client|unpause", 2, kWatchful, {}, Where::kHome, Unpause, "connection", ""},
};

constexpr CommandSpec kClientCommands[] = {
    {.name = "client",
     .arity = -2,
     .flags = 0,
     .where = Where::kHome,
     .handler = NotReached,
     .group = "connection",
     .categories = "",
     .subcommands = kClientSubcommands},
};

}  // namespace

std::span<const CommandSpec> ClientCommands() { return kClientCommands; }

}  // namespace basalt
