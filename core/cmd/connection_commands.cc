// PING, ECHO, SELECT, HELLO, AUTH: the connection itself. RESET and QUIT are with the transaction
// verbs in core/tx, as they end those. Every handler runs on the connection's shard.

#include "core/admin/version.h"
#include "core/cmd/arguments.h"
#include "core/cmd/connection_session.h"
#include "core/cmd/groups.h"
#include "core/cmd/server_cluster.h"
#include "core/shard/client.h"
#include "core/shard/world.h"

namespace basalt {

namespace {

// Takes the same time wherever the first difference is.
bool SameSecret(std::string_view a, std::string_view b) {
  size_t difference = a.size() ^ b.size();
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  }
  return difference == 0;
}

void PingCommand(CommandContext& ctx) {
  if (ctx.args.size() > 2) return ReplyWrongArity(ctx);
  if (ctx.args.size() == 2) return ctx.reply.Bulk(ctx.args[1]);
  ctx.reply.Simple("PONG");
}

void EchoCommand(CommandContext& ctx) { ctx.reply.Bulk(ctx.args[1]); }

void SelectCommand(CommandContext& ctx) {
  DbIndex db;
  if (!DbArg(ctx, 1, &db)) return;
  if (ctx.client() != nullptr && !ctx.in_script()) ctx.client()->db = db;
  ctx.set_db(db);
  ctx.reply.Ok();
}

void AuthCommand(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ReplySyntaxError(ctx);
  bool with_user = ctx.args.size() == 3;
  if (!with_user && ctx.world()->config().requirepass.empty())
    return ctx.reply.Error(errors::kNoPassword);
  if (!SignIn(ctx, with_user ? ctx.args[1] : "default", ctx.args[ctx.args.size() - 1])) {
    return ctx.reply.Error(errors::kWrongPass);
  }
  ctx.reply.Ok();
}

void ReplyHello(CommandContext& ctx) {
  Reply& reply = ctx.reply;
  reply.set_resp(ctx.client()->resp);
  reply.Map(7);
  reply.Bulk("server");
  reply.Bulk("redis");
  reply.Bulk("version");
  reply.Bulk(kRedisVersion);
  reply.Bulk("proto");
  reply.Integer(ctx.client()->resp);
  reply.Bulk("id");
  reply.Integer(static_cast<int64_t>(ctx.client()->id.value));
  reply.Bulk("mode");
  reply.Bulk(SeesCluster(ctx) ? "cluster" : "standalone");
  reply.Bulk("role");
  reply.Bulk("master");
  reply.Bulk("modules");
  reply.EmptyArray();
}

void HelloCommand(CommandContext& ctx) {
  Client& client = *ctx.client();
  const Args& args = ctx.args;
  int64_t version = client.resp;
  if (args.size() > 1) {
    if (!IntegerArg(ctx, 1, &version, errors::kProtoNotInteger)) return;
    if (version < 2 || version > 3) return ctx.reply.Error(errors::kNoProto);
  }
  std::string_view user, password, name;
  bool sign_in = false, rename = false;
  for (size_t i = 2; i < args.size(); ++i) {
    size_t left = args.size() - i - 1;
    if (Is(args[i], "auth") && left >= 2) {
      user = args[i + 1];
      password = args[i + 2];
      sign_in = true;
      i += 2;
    } else if (Is(args[i], "setname") && left >= 1) {
      name = args[++i];
      rename = true;
    } else {
      return ctx.reply.Error(StrCat("ERR Syntax error in HELLO option '", args[i], "'"));
    }
  }
  if (sign_in && !SignIn(ctx, user, password)) return ctx.reply.Error(errors::kWrongPass);
  if (!client.authenticated && !ctx.world()->config().requirepass.empty())
    return ctx.reply.Error(errors::kHelloNoAuth);
  if (rename && !NameClient(ctx, name)) return;
  client.resp = static_cast<int>(version);
  ReplyHello(ctx);
}

constexpr uint32_t kSession = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

constexpr CommandSpec kConnectionCommands[] = {
    {.name = "ping",
     .arity = -1,
     .flags = kFast,
     .where = Where::kHome,
     .handler = PingCommand,
     .group = "connection",
     .categories = "",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {"echo", 2, kLoading | kStale | kFast, {}, Where::kHome, EchoCommand, "connection", ""},
    {"select", 2, kLoading | kStale | kFast, {}, Where::kHome, SelectCommand, "connection", ""},
    {"auth", -2, kSession, {}, Where::kHome, AuthCommand, "connection", ""},
    {"hello", -1, kSession, {}, Where::kHome, HelloCommand, "connection", ""},
};

}  // namespace

bool SignIn(CommandContext& ctx, std::string_view user, std::string_view password) {
  const std::string& wanted = ctx.world()->config().requirepass;
  if (user != "default") return false;
  if (!wanted.empty() && !SameSecret(password, wanted)) return false;
  ctx.client()->authenticated = true;
  return true;
}

bool FitsClientList(std::string_view text) {
  for (char c : text) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

bool NameClient(CommandContext& ctx, std::string_view name) {
  if (!FitsClientList(name)) {
    ctx.reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  ctx.client()->name = name;
  return true;
}

std::span<const CommandSpec> ConnectionCommands() { return kConnectionCommands; }

}  // namespace basalt
