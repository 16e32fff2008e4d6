#include "core/cmd/server_cluster.h"

#include "core/base/numbers.h"
#include "core/shard/client.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

// "host:port" taken apart; an IPv6 host comes without its brackets.
bool SplitAddress(std::string_view address, std::string_view* host, int64_t* port) {
  size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || !ParseInt64(address.substr(colon + 1), port)) return false;
  *host = address.substr(0, colon);
  if (host->starts_with('[') && host->ends_with(']')) *host = host->substr(1, host->size() - 2);
  return true;
}

}  // namespace

bool SeesCluster(const CommandContext& ctx) {
  if (ctx.client() == nullptr || ctx.world() == nullptr) return false;
  int64_t base = ctx.world()->config().shard_port_base;
  std::string_view host;
  int64_t port;
  if (base == 0 || !SplitAddress(ctx.client()->local, &host, &port)) return false;
  return port >= base && port < base + ctx.world()->shard_count();
}

ClusterNode NodeOf(const CommandContext& ctx, uint32_t shard) {
  World& world = *ctx.world();
  std::string_view host;
  int64_t port;
  if (!world.config().cluster_announce_ip.empty()) {
    host = world.config().cluster_announce_ip;
  } else if (!SplitAddress(ctx.client()->local, &host, &port)) {
    host = "127.0.0.1";
  }
  // The run id, with the shard's number in its last digits: one node per shard.
  std::string id = world.run_id;
  id.resize(40, '0');
  for (int digit = 0; digit < 3; ++digit)
    id[39 - digit] = "0123456789abcdef"[shard >> (4 * digit) & 0xf];
  return {.id = std::move(id),
          .host = std::string(host),
          .port = world.config().shard_port_base + shard,
          .first_slot = FirstSlotOf(shard, world.shard_count()),
          .last_slot = FirstSlotOf(shard + 1, world.shard_count()) - 1};
}

}  // namespace basalt
