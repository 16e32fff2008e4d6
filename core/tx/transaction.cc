#include "core/tx/transaction.h"

#include <algorithm>

namespace basalt {

bool Transaction::Has(uint32_t flags) const {
  return std::any_of(commands.begin(), commands.end(),
                     [&](const StoredCommand& c) { return (c.spec->flags & flags) != 0; });
}

Transaction* Transaction::Find(const Client& client) {
  return static_cast<Transaction*>(client.transaction.get());
}

Transaction& Transaction::Of(Client& client) {
  if (client.transaction == nullptr) client.transaction = std::make_unique<Transaction>();
  return *Find(client);
}

}  // namespace basalt
