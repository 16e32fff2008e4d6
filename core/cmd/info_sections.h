// The sections of INFO that the shards' own figures give; what only the process knows comes from
// Host::AppendInfo. Every shard is parked while they are written.
#pragma once

#include <string>
#include <string_view>

#include "core/shard/command_context.h"

namespace basalt {

struct InfoSection {
  std::string_view name;   // lower case
  std::string_view title;  // "# Server"
  bool by_default;  // in INFO without arguments; the others need "all", "everything" or their name
  void (*write)(CommandContext& ctx, std::string* out);
};

std::span<const InfoSection> InfoSections();

// "976.88K", as the *_human fields show bytes.
std::string HumanBytes(int64_t bytes);
// "12.30"; with three decimals "12.300".
std::string Fixed(double value, int decimals = 2);

struct MemoryFigures {
  int64_t used, peak, rss, total_system;
};
MemoryFigures ReadMemoryFigures(CommandContext& ctx);

// The sections by file: info_traffic.cc has those about commands, info_stages.cc that about ticks,
// info_sections.cc the others.
void WriteStats(CommandContext& ctx, std::string* out);
void WriteCommandStats(CommandContext& ctx, std::string* out);
void WriteErrorStats(CommandContext& ctx, std::string* out);
void WriteStages(CommandContext& ctx, std::string* out);

}  // namespace basalt
