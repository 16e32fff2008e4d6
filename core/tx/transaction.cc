#include "core/tx/transaction.h"

namespace basalt {

bool Transaction::Has(uint32_t flags) const { return AnyHas(commands, flags); }

Transaction* Transaction::Find(const Client& client) {
  return static_cast<Transaction*>(client.transaction.get());
}

Transaction& Transaction::Of(Client& client) {
  if (client.transaction == nullptr) client.transaction = std::make_unique<Transaction>();
  return *Find(client);
}

}  // namespace basalt
