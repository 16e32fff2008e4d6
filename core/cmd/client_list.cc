#include "core/cmd/client_list.h"

#include "core/base/strings.h"
#include "core/tx/transaction.h"

namespace basalt {

bool ParseClientKind(std::string_view text, ClientKind* kind) {
  static constexpr struct {
    std::string_view name;
    ClientKind kind;
  } kKinds[] = {{"normal", ClientKind::kNormal},
                {"master", ClientKind::kMaster},
                {"replica", ClientKind::kReplica},
                {"slave", ClientKind::kReplica},
                {"pubsub", ClientKind::kPubSub}};
  for (const auto& k : kKinds) {
    if (!EqualsNoCase(text, k.name)) continue;
    *kind = k.kind;
    return true;
  }
  return false;
}

ClientKind KindOf(const Client&) { return ClientKind::kNormal; }

void AppendClientLine(const Client& c, int64_t now_ms, std::string* out) {
  Client::Usage use = c.usage();
  const Transaction* tx = Transaction::Find(c);
  std::string flags;
  if (c.blocked) flags += 'b';
  if (tx != nullptr && tx->open) flags += 'x';
  if (c.close_after_reply) flags += 'c';
  if (c.no_evict) flags += 'e';
  if (c.no_touch) flags += 'T';
  if (flags.empty()) flags += 'N';
  int64_t queued = tx != nullptr && tx->open ? static_cast<int64_t>(tx->commands.size()) : -1;
  StrAppend(out, "id=", c.id.value, " addr=", c.peer, " laddr=", c.local, " fd=", use.fd,
            " name=", c.name, " age=", (now_ms - c.connected_at_ms) / 1000,
            " idle=", (now_ms - use.last_input_ms) / 1000, " flags=", flags, " db=", c.db.value);
  StrAppend(out, " sub=0 psub=0 ssub=0 multi=", queued, " qbuf=", use.input_bytes,
            " qbuf-free=", use.input_room, " argv-mem=0 multi-mem=0 rbs=", c.out.capacity(),
            " rbp=", c.out.size(), " obl=", use.output_bytes, " oll=", c.replies.size(),
            " omem=", use.output_bytes, " tot-mem=", use.memory,
            " events=r cmd=", std::string_view(c.last_command),
            " user=default redir=-1 resp=", c.resp);
  StrAppend(out, " lib-name=", c.lib_name, " lib-ver=", c.lib_ver, " shard=", c.home.value);
}

bool ClientFilter::Fits(const Client& client) const {
  return (id == 0 || client.id.value == id) && (addr.empty() || client.peer == addr) &&
         (laddr.empty() || client.local == laddr) && (!by_kind || KindOf(client) == kind);
}

}  // namespace basalt
