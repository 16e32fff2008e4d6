// The commands that look at whole databases: SCAN, KEYS, DBSIZE and RANDOMKEY.
//
// SCAN walks shard after shard: its cursor names the shard it is on and the position there
// (ScanCursor), and one call never leaves that shard. A step that finishes a shard answers the
// beginning of the next one.

#include "core/base/glob.h"
#include "core/cmd/groups.h"
#include "core/cmd/scan_options.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"
#include "core/tx/dispatcher.h"

namespace basalt {
namespace {

constexpr uint64_t kPositions = uint64_t{1} << 40;

// The slice that `shard` owns: this thread's, or in a parked world any.
Keyspace& KeyspaceOfShard(CommandContext& ctx, ShardId shard) {
  return ctx.parked_world() ? ctx.world()->shard(shard).keyspace() : ctx.local();
}

void ScanCommand(CommandContext& ctx) {
  uint64_t cursor;
  ScanOptions o;
  if (!CursorArg(ctx, 1, &cursor) || !ParseScanOptions(ctx, 2, /*with_type=*/true, &o)) return;
  uint32_t shards = ctx.world() == nullptr ? 1 : ctx.world()->shard_count();
  ScanCursor at = ScanCursor::Unpack(cursor);

  ctx.reply.Array(2);
  if (at.shard.value >= shards ||
      at.position >= kPositions) {  // none of ours, or of a server with more shards
    ctx.reply.Bulk("0");
    return ctx.reply.EmptyArray();
  }
  std::string keys;
  Reply found(&keys, ctx.reply.resp());
  size_t n = 0;
  Db& db = KeyspaceOfShard(ctx, at.shard).db(ctx.db_index());
  at.position = db.Scan(at.position, o.count, [&](Entry* e) {
    if (!o.type.empty() && !Is(o.type, TypeName(e->type()))) return;
    if (!o.Matches(e->key())) return;
    found.Bulk(e->key());
    ++n;
  });
  if (at.position == 0) {
    ++at.shard;
    if (at.shard.value == shards) at.shard = ShardId(0);
  }
  char text[24];
  ctx.reply.Bulk({text, FormatUint64(at.Pack(), text)});
  ctx.reply.Array(n);
  ctx.reply.Raw(keys);
}

void KeysCommand(CommandContext& ctx) {
  std::string_view pattern = ctx.args[1];
  bool all = pattern == "*";
  size_t mark = ctx.reply.BeginArray(), n = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) {
    keyspace.db(ctx.db_index()).ForEach([&](Entry* e) {
      if (!keyspace.expiry_paused() && e->ExpiredAt(keyspace.now_ms)) return;
      if (!all && !GlobMatch(pattern, e->key())) return;
      ctx.reply.Bulk(e->key());
      ++n;
    });
  });
  ctx.reply.EndArray(mark, n);
}

size_t DbSize(CommandContext& ctx) {
  size_t n = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) { n += keyspace.db(ctx.db_index()).size(); });
  return n;
}

void DbsizeCommand(CommandContext& ctx) { ctx.reply.Integer(static_cast<int64_t>(DbSize(ctx))); }

// Every key of every shard equally likely: a shard is chosen by how many it has.
void RandomkeyCommand(CommandContext& ctx) {
  constexpr int kTries = 16;  // a shard may turn out to hold nothing but expired keys
  for (int i = 0; i < kTries; ++i) {
    size_t total = DbSize(ctx);
    if (total == 0) break;
    uint64_t skip = ctx.local().rng.Below(total);
    Db* chosen = nullptr;
    ctx.ForEachKeyspace([&](Keyspace& keyspace) {
      Db& db = keyspace.db(ctx.db_index());
      if (chosen != nullptr) return;
      if (skip < db.size()) chosen = &db;
      skip -= db.size();
    });
    if (Entry* e = chosen->RandomEntry(ctx.local().rng); e != nullptr)
      return ctx.reply.Bulk(e->key());
  }
  ctx.reply.Null();
}

// clang-format off
constexpr CommandSpec kScanCommands[] = {
    {"scan", -2, kReadonly, {}, Where::kCursor, ScanCommand, "generic", "", {},
     "nondeterministic_output request_policy:special"},
    {"keys", 2, kReadonly, {}, Where::kAllShards, KeysCommand, "generic", "@dangerous", {},
     "request_policy:all_shards nondeterministic_output_order"},
    {"dbsize", 1, kReadonly | kFast, {}, Where::kAllShards, DbsizeCommand, "generic", "", {},
     "request_policy:all_shards response_policy:agg_sum"},
    {"randomkey", 1, kReadonly, {}, Where::kAllShards, RandomkeyCommand, "generic", "", {},
     "request_policy:all_shards nondeterministic_output"},
};
// clang-format on

}  // namespace

std::span<const CommandSpec> ScanCommands() { return kScanCommands; }

}  // namespace basalt
