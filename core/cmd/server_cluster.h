// How the shards look to a cluster client: on a core port (shard-port-base + i) every shard is a
// node that owns a contiguous range of slots; on the common port there is one flat server. Pure
// functions of the configuration; any thread.
#pragma once

#include <string>

#include "core/base/ids.h"
#include "core/shard/command_context.h"

namespace basalt {

// The client came by a core port.
bool SeesCluster(const CommandContext& ctx);

struct ClusterNode {
  std::string id;  // 40 hex digits, the same for the life of the process
  std::string host;
  int64_t port;
  uint32_t first_slot, last_slot;
};
// Shard `shard` as the client of `ctx` can reach it.
ClusterNode NodeOf(const CommandContext& ctx, uint32_t shard);

}  // namespace basalt
