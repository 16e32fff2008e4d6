// MEMORY. USAGE runs where the key lives; the rest is about the process.
#include <cstdio>

#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/info_sections.h"
#include "core/cmd/server_handlers.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt {
namespace {

size_t BytesOf(const Entry& e, size_t samples) {
  size_t bytes = e.MemoryBytes();
  switch (e.type()) {
    case ValueType::kString:
      return bytes;
    case ValueType::kList:
      return bytes + e.list()->MemoryBytes();
    case ValueType::kSet:
      return bytes + e.set()->MemoryBytes(samples);
    case ValueType::kZSet:
      return bytes + e.zset()->MemoryBytes(samples);
    case ValueType::kHash:
      return bytes + e.hash()->MemoryBytes(samples);
  }
  return bytes;
}

void Usage(CommandContext& ctx) {
  int64_t samples = 5;
  for (size_t i = 3; i < ctx.args.size(); i += 2) {
    if (!Is(ctx.args[i], "samples") || i + 1 >= ctx.args.size()) return ReplySyntaxError(ctx);
    if (!IntegerArg(ctx, i + 1, &samples)) return;
    if (samples < 0) return ReplySyntaxError(ctx);
  }
  std::string_view key = ctx.args[2];
  const Entry* e = ctx.DbOf(key).FindNoTouch(key);
  if (e == nullptr) return ctx.reply.Null();
  ctx.reply.Integer(
      static_cast<int64_t>(BytesOf(*e, samples == 0 ? SIZE_MAX : static_cast<size_t>(samples))));
}

void Stats(CommandContext& ctx) {
  MemoryFigures m = ReadMemoryFigures(ctx);
  size_t mark = ctx.reply.BeginArray(), n = 0;
  auto integer = [&](std::string_view name, int64_t value) {
    ctx.reply.Bulk(name);
    ctx.reply.Integer(value);
    ++n;
  };
  auto ratio = [&](std::string_view name, int64_t part, int64_t whole, double scale) {
    ctx.reply.Bulk(name);
    ctx.reply.Double(whole == 0 ? 0
                                : scale * static_cast<double>(part) / static_cast<double>(whole));
    ++n;
  };
  int64_t tables = 0, keys = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) {
    keys += static_cast<int64_t>(keyspace.TotalKeys());
    for (uint32_t i = 0; i < keyspace.databases(); ++i) {
      tables += static_cast<int64_t>(keyspace.db(DbIndex(static_cast<uint8_t>(i))).TableBytes());
    }
  });
  integer("peak.allocated", m.peak);
  integer("total.allocated", m.used);
  integer("startup.allocated", 0);
  integer("replication.backlog", 0);
  integer("clients.slaves", 0);
  integer("clients.normal", 0);
  integer("cluster.links", 0);
  integer("aof.buffer", 0);
  integer("overhead.total", tables);
  integer("keys.count", keys);
  integer("keys.bytes-per-key", keys == 0 ? 0 : m.used / keys);
  integer("dataset.bytes", m.used - tables);
  ratio("dataset.percentage", m.used - tables, m.used, 100);
  ratio("peak.percentage", m.used, m.peak, 100);
  integer("allocator.allocated", m.used);
  integer("allocator.resident", m.rss);
  ratio("fragmentation", m.rss, m.used, 1);
  integer("fragmentation.bytes", m.rss - m.used);
  ctx.reply.EndMap(mark, n);
}

void Doctor(CommandContext& ctx) {
  MemoryFigures m = ReadMemoryFigures(ctx);
  constexpr int64_t kTooSmall = 5 << 20;
  if (m.used < kTooSmall) {
    return ctx.reply.Verbatim("The data set is nearly empty: there is nothing to judge yet.\n");
  }
  std::string text;
  if (m.peak > m.used + m.used / 2)
    text += "* Peak: memory use was once more than 1.5 times what it is now.\n";
  if (m.rss > m.used + m.used / 2)
    text += "* Fragmentation: the process holds more than 1.5 times what the data needs.\n";
  ctx.reply.Verbatim(text.empty() ? "No memory problem found.\n" : text);
}

void Purge(CommandContext& ctx) { ctx.reply.Ok(); }  // mimalloc gives pages back by itself

void MallocStats(CommandContext& ctx) {
  ctx.reply.Verbatim("The allocator keeps no statistics of its own; see MEMORY STATS.\n");
}

void Help(CommandContext& ctx) {
  ReplyHelp(ctx, {"DOCTOR", "    Judges the memory figures.", "MALLOC-STATS",
                  "    What the allocator says of itself.", "PURGE",
                  "    Asks the allocator to give memory back.", "STATS", "    Memory figures.",
                  "USAGE <key> [SAMPLES <count>]", "    Bytes taken by a key and its value."});
}

bool UsageKey(Args args, std::vector<uint32_t>* positions) {
  if (args.size() < 3) return false;
  positions->push_back(2);
  return true;
}

constexpr char kTips[] =
    "nondeterministic_output request_policy:all_shards response_policy:special";
constexpr CommandSpec kServerMemorySubcommands[] = {
    {"memory|doctor", 2, 0, {}, Where::kAllShards, Doctor, "server", "", {}, kTips},
    {"memory|help", 2, kLoading | kStale, {}, Where::kHome, Help, "server", ""},
    {"memory|malloc-stats", 2, 0, {}, Where::kHome, MallocStats, "server", "", {}, kTips},
    {"memory|purge",
     2,
     0,
     {},
     Where::kHome,
     Purge,
     "server",
     "",
     {},
     "request_policy:all_shards response_policy:all_succeeded"},
    {"memory|stats", 2, 0, {}, Where::kAllShards, Stats, "server", "", {}, kTips},
    {"memory|usage", -3, kReadonly, {2, 2, 1, UsageKey}, Where::kKeys, Usage, "server", ""},
};

}  // namespace

std::span<const CommandSpec> MemorySubcommands() { return kServerMemorySubcommands; }

}  // namespace basalt
