// DEBUG: for tests of servers and clients. Every shard is parked, except for SLEEP, which stops the
// shard of its connection only. Refused unless enable-debug-command allows it.
#include <time.h>

#include <cmath>

#include "core/base/crc.h"
#include "core/base/glob.h"
#include "core/base/log.h"
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/server_handlers.h"
#include "core/shard/client.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/rdb_codec.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt {
namespace {

bool Allowed(CommandContext& ctx) {
  switch (ctx.world()->config().enable_debug_command) {
    case Permission::kYes:
      return true;
    case Permission::kLocal:
      return ctx.client() != nullptr &&
             (ctx.client()->peer.starts_with("127.") || ctx.client()->peer.starts_with("[::1]"));
    case Permission::kNo:
      return false;
  }
  return false;
}

std::string_view EncodingOf(const Entry& e) {
  switch (e.type()) {
    case ValueType::kString:
      return e.StringEncodingName();
    case ValueType::kList:
      return e.list()->EncodingName();
    case ValueType::kSet:
      return e.set()->EncodingName();
    case ValueType::kZSet:
      return e.zset()->EncodingName();
    case ValueType::kHash:
      return e.hash()->EncodingName();
  }
  return "";
}

void Object(CommandContext& ctx) {
  std::string_view key = ctx.args[2];
  const Entry* e = ctx.DbOf(key).FindNoTouch(key);
  if (e == nullptr) return ctx.reply.Error(errors::kNoKey);
  ctx.reply.Simple(StrCat("Value at:", StrCat("0x", reinterpret_cast<uintptr_t>(e)),
                          " refcount:1 encoding:", EncodingOf(*e), " serializedlength:",
                          rdb::DumpValue(*e).size(), " lru:0 lru_seconds_idle:0"));
}

void Sleep(CommandContext& ctx) {
  double seconds = 0;
  if (!ParseDouble(ctx.args[2], &seconds) || seconds < 0) seconds = 0;
  seconds = std::min(seconds, 3600.0);
  timespec t{.tv_sec = static_cast<time_t>(seconds),
             .tv_nsec = static_cast<long>(std::fmod(seconds, 1.0) * 1e9)};
  while (nanosleep(&t, &t) != 0) {
  }
  ctx.reply.Ok();
}

// A sum over all keys that does not depend on their order or their shard, and so not on the number
// of shards.
void Digest(CommandContext& ctx) {
  uint64_t sum[3] = {0, 0, 0};
  for (uint32_t d = 0; d < ctx.local().databases(); ++d) {
    DbIndex index(static_cast<uint8_t>(d));
    ctx.ForEachKeyspace([&](Keyspace& keyspace) {
      uint64_t cursor = 0;
      do {
        cursor = keyspace.db(index).Scan(cursor, 1000, [&](Entry* e) {
          std::string text = StrCat(d, ":", e->key().size(), ":", e->key(), rdb::DumpValue(*e));
          if (e->has_expiry()) StrAppend(&text, e->expire_at_ms());
          for (uint64_t i = 0; i < 3; ++i) sum[i] += Crc64(i + 1, text);
        });
      } while (cursor != 0);
    });
  }
  std::string hex;
  for (int i = 0; i < 40; ++i) hex += "0123456789abcdef"[sum[i / 16] >> (i % 16 * 4) & 0xf];
  ctx.reply.Simple(hex);
}

// One reply of each kind, for tests of clients.
void Protocol(CommandContext& ctx) {
  std::string_view kind = ctx.args[2];
  Reply& reply = ctx.reply;
  if (Is(kind, "string")) return reply.Bulk("Hello World");
  if (Is(kind, "integer")) return reply.Integer(12345);
  if (Is(kind, "double")) return reply.Double(3.141);
  if (Is(kind, "null")) return reply.Null();
  if (Is(kind, "true") || Is(kind, "false")) return reply.Bool(Is(kind, "true"));
  if (Is(kind, "bignum")) return reply.BigNumber("1234567999999999999999999999999999999");
  if (Is(kind, "verbatim")) return reply.Verbatim("This is a verbatim\nstring");
  if (Is(kind, "array") || Is(kind, "set")) {
    Is(kind, "set") ? reply.Set(3) : reply.Array(3);
    for (int i = 0; i < 3; ++i) reply.Integer(i);
    return;
  }
  if (Is(kind, "map")) {
    reply.Map(3);
    for (int i = 0; i < 3; ++i) {
      reply.Integer(i);
      reply.Bool(i == 1);
    }
    return;
  }
  reply.Error(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

// LOG-FAULT <shard | *> <WRITE | SYNC> <errno [times] | DELAY ms [times]>: what the disk does to
// the log's next requests. Without `times`, to all of them until LOG-FAULT ... 0.
void LogFaultCommand(CommandContext& ctx) {
  const size_t n = ctx.args.size();
  LogFault fault;
  if (Is(ctx.args[3], "sync")) {
    fault.op = LogFault::Op::kSync;
  } else if (!Is(ctx.args[3], "write")) {
    return ReplySyntaxError(ctx);
  }
  World& world = *ctx.world();
  const bool delay = Is(ctx.args[4], "delay");
  const size_t number = delay ? 5 : 4;
  int64_t shard = -1, value;
  if (number >= n || n > number + 2) return ReplySyntaxError(ctx);
  if (ctx.args[2] != "*" && !IntegerArgIn(ctx, 2, 0, world.shard_count() - 1, &shard)) return;
  if (!IntegerArgIn(ctx, number, 0, delay ? 3600'000 : 133, &value)) return;
  fault.times = value == 0 ? 0 : -1;
  if (n > number + 1 && !IntegerArgIn(ctx, number + 1, 0, INT32_MAX, &fault.times)) return;
  delay ? fault.delay_ms = value : fault.error = static_cast<int>(value);
  for (uint32_t i = 0; i < world.shard_count(); ++i) {
    if (shard < 0 || shard == i) world.shard(i).log().InjectFault(fault);
  }
  ctx.reply.Ok();
}

void Help(CommandContext& ctx) {
  ReplyHelp(ctx,
            {"CHANGE-REPL-ID",
             "    Accepted; there is no replication.",
             "DIGEST",
             "    A checksum of all data.",
             "ERROR <text>",
             "    Answers that error.",
             "LOG <text>",
             "    Writes to the log.",
             "LOG-FAULT <shard|*> <WRITE|SYNC> <errno|DELAY ms> [<times>]",
             "    The next requests of the append only file fail or take so long; errno 0 ends it.",
             "OBJECT <key>",
             "    How a value is stored.",
             "PROTOCOL <type>",
             "    A reply of that type.",
             "QUICKLIST-PACKED-THRESHOLD <size>",
             "    Accepted; the thresholds are options.",
             "SET-ACTIVE-EXPIRE <0|1>",
             "    Whether expired keys are deleted before somebody asks for them.",
             "SLEEP <seconds>",
             "    Stops this connection's shard.",
             "STRINGMATCH-LEN <length> <pattern>",
             "    Matches a long text of 'a' against a pattern."});
}

}  // namespace

bool DebugRunsAtHome(Args args) { return args.size() > 1 && Is(args[1], "sleep"); }

void DebugCommand(CommandContext& ctx) {
  if (!Allowed(ctx)) {
    return ctx.reply.Error(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
        "you can run it from a local "
        "connection, otherwise you need to set this option in the configuration file, and then "
        "restart the server.");
  }
  std::string_view verb = ctx.args[1];
  const size_t n = ctx.args.size();
  if (Is(verb, "help") && n == 2) return Help(ctx);
  if (Is(verb, "sleep") && n == 3) return Sleep(ctx);
  if (Is(verb, "object") && n >= 3) return Object(ctx);
  if (Is(verb, "digest") && n == 2) return Digest(ctx);
  if (Is(verb, "protocol") && n == 3) return Protocol(ctx);
  if (Is(verb, "error") && n == 3) return ctx.reply.Error(ctx.args[2]);
  if (Is(verb, "change-repl-id") && n == 2) return ctx.reply.Ok();
  if (Is(verb, "quicklist-packed-threshold") && n == 3) return ctx.reply.Ok();
  if (Is(verb, "log") && n == 3) {
    LogNotice("DEBUG LOG: ", ctx.args[2]);
    return ctx.reply.Ok();
  }
  if (Is(verb, "log-fault") && n >= 5) return LogFaultCommand(ctx);
  if (Is(verb, "set-active-expire") && n == 3) {
    bool on = ctx.args[2] != "0";
    ctx.ForEachKeyspace([&](Keyspace& keyspace) { keyspace.PauseActiveExpiry(!on); });
    return ctx.reply.Ok();
  }
  if (Is(verb, "stringmatch-len") && n == 4) {
    int64_t length;
    if (!IntegerArgIn(ctx, 2, 0, 1 << 30, &length)) return;
    return ctx.reply.Integer(GlobMatch(ctx.args[3], std::string(static_cast<size_t>(length), 'a')));
  }
  ctx.reply.Error(errors::SubcommandSyntax("debug", verb));
}

}  // namespace basalt
