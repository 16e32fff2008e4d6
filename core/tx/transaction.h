// What a client's MULTI and WATCH have gathered. Owner: the shard of the client's connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/shard/client.h"
#include "core/shard/stored_command.h"

namespace basalt {

class Transaction : public Client::Extension {
 public:
  struct Watched {
    DbIndex db;
    std::string key;
    uint64_t version;
  };

  bool open = false;     // MULTI was given
  bool aborted = false;  // a command could not be queued: EXEC will refuse
  std::vector<StoredCommand> commands;
  std::vector<Watched> watched;

  // Whether a command with one of these flags waits for EXEC.
  bool Has(uint32_t flags) const;

  static Transaction& Of(Client& client);          // creates it when missing
  static Transaction* Find(const Client& client);  // null when there is none
  static bool IsOpen(const Client& client) {
    const Transaction* tx = Find(client);
    return tx != nullptr && tx->open;
  }
};

}  // namespace basalt
