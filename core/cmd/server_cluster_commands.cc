// CLUSTER, on core ports: every shard is a node that owns a contiguous range of slots and never
// fails. The rest of Redis Cluster (moving slots, joining nodes) has no meaning inside one process
// and is refused. On the common port there is no cluster at all.
#include "core/base/crc.h"
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/server_cluster.h"
#include "core/cmd/server_handlers.h"
#include "core/shard/client.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

bool Enabled(CommandContext& ctx) {
  if (SeesCluster(ctx)) return true;
  ctx.reply.Error("ERR This instance has cluster support disabled");
  return false;
}

bool SlotArg(CommandContext& ctx, size_t i, SlotId* slot) {
  int64_t value;
  if (!IntegerArgIn(ctx, i, 0, kSlotCount - 1, &value, "ERR Invalid slot")) return false;
  *slot = SlotId(static_cast<uint16_t>(value));
  return true;
}

// The shard whose core port the client came by.
uint32_t OwnShard(const CommandContext& ctx) { return ctx.client()->home.value; }

void Info(CommandContext& ctx) {
  if (!Enabled(ctx)) return;
  uint32_t n = ctx.world()->shard_count();
  ctx.reply.Verbatim(StrCat(
      "cluster_state:ok\r\ncluster_slots_assigned:", kSlotCount, "\r\ncluster_slots_ok:",
      kSlotCount, "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:0\r\ncluster_known_nodes:", n,
      "\r\ncluster_size:", n,
      "\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\ncluster_stats_messages_sent:0\r\n"
      "cluster_stats_messages_received:0\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n"));
}

void MyId(CommandContext& ctx) {
  if (Enabled(ctx)) ctx.reply.Bulk(NodeOf(ctx, OwnShard(ctx)).id);
}

void Slots(CommandContext& ctx) {
  if (!Enabled(ctx)) return;
  uint32_t n = ctx.world()->shard_count();
  ctx.reply.Array(n);
  for (uint32_t i = 0; i < n; ++i) {
    ClusterNode node = NodeOf(ctx, i);
    ctx.reply.Array(3);
    ctx.reply.Integer(node.first_slot);
    ctx.reply.Integer(node.last_slot);
    ctx.reply.Array(4);
    ctx.reply.Bulk(node.host);
    ctx.reply.Integer(node.port);
    ctx.reply.Bulk(node.id);
    ctx.reply.EmptyArray();
  }
}

void Shards(CommandContext& ctx) {
  if (!Enabled(ctx)) return;
  Reply& reply = ctx.reply;
  uint32_t n = ctx.world()->shard_count();
  auto text = [&](std::string_view name, std::string_view value) {
    reply.Bulk(name);
    reply.Bulk(value);
  };
  reply.Array(n);
  for (uint32_t i = 0; i < n; ++i) {
    ClusterNode node = NodeOf(ctx, i);
    reply.Map(2);
    reply.Bulk("slots");
    reply.Array(2);
    reply.Integer(node.first_slot);
    reply.Integer(node.last_slot);
    reply.Bulk("nodes");
    reply.Array(1);
    reply.Map(7);
    text("id", node.id);
    reply.Bulk("port");
    reply.Integer(node.port);
    text("ip", node.host);
    text("endpoint", node.host);
    text("role", "master");
    reply.Bulk("replication-offset");
    reply.Integer(0);
    text("health", "online");
  }
}

void Nodes(CommandContext& ctx) {
  if (!Enabled(ctx)) return;
  std::string text;
  for (uint32_t i = 0; i < ctx.world()->shard_count(); ++i) {
    ClusterNode node = NodeOf(ctx, i);
    std::string_view flags = i == OwnShard(ctx) ? "myself,master" : "master";
    StrAppend(&text, node.id, " ", node.host, ":", node.port, "@", node.port + 10000, " ", flags,
              " - 0 0 1 connected ", node.first_slot, "-", node.last_slot, "\n");
  }
  ctx.reply.Verbatim(text);
}

void KeySlot(CommandContext& ctx) {
  if (Enabled(ctx)) ctx.reply.Integer(SlotOf(ctx.args[2]).value);
}

void ScanSlot(CommandContext& ctx, SlotId slot, absl::FunctionRef<void(Entry*)> visit) {
  ctx.ForEachKeyspace([&](Keyspace& keyspace) {
    uint64_t cursor = 0;
    do {
      cursor = keyspace.db(ctx.db_index()).Scan(cursor, 1000, [&](Entry* e) {
        if (SlotOf(e->key()) == slot) visit(e);
      });
    } while (cursor != 0);
  });
}

void CountKeysInSlot(CommandContext& ctx) {
  SlotId slot;
  if (!Enabled(ctx) || !SlotArg(ctx, 2, &slot)) return;
  int64_t n = 0;
  ScanSlot(ctx, slot, [&](Entry*) { ++n; });
  ctx.reply.Integer(n);
}

void GetKeysInSlot(CommandContext& ctx) {
  SlotId slot;
  int64_t count;
  if (!Enabled(ctx) || !SlotArg(ctx, 2, &slot)) return;
  if (!IntegerArgIn(ctx, 3, 0, INT64_MAX, &count, "ERR Invalid number of keys")) return;
  size_t mark = ctx.reply.BeginArray();
  int64_t n = 0;
  ScanSlot(ctx, slot, [&](Entry* e) {
    if (n >= count) return;
    ctx.reply.Bulk(e->key());
    ++n;
  });
  ctx.reply.EndArray(mark, static_cast<size_t>(n));
}

bool KnownNode(CommandContext& ctx) {
  for (uint32_t i = 0; i < ctx.world()->shard_count(); ++i) {
    if (NodeOf(ctx, i).id == ctx.args[2]) return true;
  }
  ctx.reply.Error(StrCat("ERR Unknown node ", ctx.args[2]));
  return false;
}

void CountFailureReports(CommandContext& ctx) {
  if (Enabled(ctx) && KnownNode(ctx)) ctx.reply.Integer(0);
}

void NoElements(CommandContext& ctx) {
  if (Enabled(ctx)) ctx.reply.EmptyArray();
}

void Replicas(CommandContext& ctx) {
  if (Enabled(ctx) && KnownNode(ctx)) ctx.reply.EmptyArray();
}

void Refused(CommandContext& ctx) {
  if (Enabled(ctx))
    ctx.reply.Error(
        "ERR The nodes are the shards of one process: their number and slots do not change while "
        "it runs");
}

void Help(CommandContext& ctx) {
  if (!Enabled(ctx)) return;
  ReplyHelp(ctx, {"COUNT-FAILURE-REPORTS <node-id>",
                  "    Always 0.",
                  "COUNTKEYSINSLOT <slot>",
                  "    Keys in a slot.",
                  "GETKEYSINSLOT <slot> <count>",
                  "    Names of keys in a slot.",
                  "INFO",
                  "    The cluster's state.",
                  "KEYSLOT <key>",
                  "    A key's slot.",
                  "LINKS",
                  "    Always empty.",
                  "MYID",
                  "    This node's id.",
                  "NODES",
                  "    The nodes, one per line.",
                  "REPLICAS <node-id>",
                  "    Always empty.",
                  "SHARDS",
                  "    The shards with their slots.",
                  "SLOTS",
                  "    Ranges of slots with their nodes."});
}

constexpr uint32_t kChange = kAdmin | kStale | kNoAsyncLoading;
constexpr char kVaries[] = "nondeterministic_output";
constexpr CommandSpec kServerClusterSubcommands[] = {
    {"cluster|addslots", -3, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|addslotsrange", -4, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|bumpepoch", 2, kChange, {}, Where::kHome, Refused, "cluster", "", {}, kVaries},
    {"cluster|count-failure-reports",
     3,
     kAdmin | kStale,
     {},
     Where::kHome,
     CountFailureReports,
     "cluster",
     "",
     {},
     kVaries},
    {"cluster|countkeysinslot", 3, kStale, {}, Where::kAllShards, CountKeysInSlot, "cluster", ""},
    {"cluster|delslots", -3, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|delslotsrange", -4, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|failover", -2, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|flushslots", 2, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|forget", 3, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|getkeysinslot",
     4,
     kStale,
     {},
     Where::kAllShards,
     GetKeysInSlot,
     "cluster",
     "",
     {},
     kVaries},
    {"cluster|help", 2, kLoading | kStale, {}, Where::kHome, Help, "cluster", ""},
    {"cluster|info", 2, kStale, {}, Where::kHome, Info, "cluster", "", {}, kVaries},
    {"cluster|keyslot", 3, kStale, {}, Where::kHome, KeySlot, "cluster", ""},
    {"cluster|links", 2, kStale, {}, Where::kHome, NoElements, "cluster", "", {}, kVaries},
    {"cluster|meet", -4, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|myid", 2, kStale, {}, Where::kHome, MyId, "cluster", ""},
    {"cluster|nodes", 2, kStale, {}, Where::kHome, Nodes, "cluster", "", {}, kVaries},
    {"cluster|replicas",
     3,
     kAdmin | kStale,
     {},
     Where::kHome,
     Replicas,
     "cluster",
     "",
     {},
     kVaries},
    {"cluster|replicate", 3, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|reset", -2, kAdmin | kNoScript | kStale, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|saveconfig", 2, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|set-config-epoch", 3, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|setslot", -4, kChange, {}, Where::kHome, Refused, "cluster", ""},
    {"cluster|shards", 2, kStale, {}, Where::kHome, Shards, "cluster", "", {}, kVaries},
    {"cluster|slaves", 3, kAdmin | kStale, {}, Where::kHome, Replicas, "cluster", "", {}, kVaries},
    {"cluster|slots", 2, kStale, {}, Where::kHome, Slots, "cluster", "", {}, kVaries},
};

}  // namespace

std::span<const CommandSpec> ClusterSubcommands() { return kServerClusterSubcommands; }

}  // namespace basalt
