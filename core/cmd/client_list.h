// Clients as CLIENT LIST shows them and as CLIENT LIST and CLIENT KILL choose them. Works on other
// shards' clients: every shard is parked, or the client is the caller's own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/shard/client.h"

namespace basalt {

enum class ClientKind { kNormal, kMaster, kReplica, kPubSub };

// False: no such kind.
[[nodiscard]] bool ParseClientKind(std::string_view text, ClientKind* kind);
ClientKind KindOf(const Client& client);

// "id=1 addr=... resp=2", without a line end.
void AppendClientLine(const Client& client, int64_t now_ms, std::string* out);

// What all has to fit; an unset part fits every client.
struct ClientFilter {
  uint64_t id = 0;
  std::string_view addr, laddr;
  bool by_kind = false;
  ClientKind kind = ClientKind::kNormal;
  bool skip_me = true;

  bool Fits(const Client& client) const;
};

}  // namespace basalt
