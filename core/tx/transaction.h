// What a client's MULTI and WATCH have gathered. Owner: the shard of the client's connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/shard/client.h"
#include "core/shard/command_spec.h"

namespace basalt {

// One command with memory of its own, for commands that outlive the receive buffer they came in.
class StoredCommand {
 public:
  StoredCommand(const CommandSpec* command_spec, Args args, std::string_view raw);
  StoredCommand(StoredCommand&&) = default;
  StoredCommand& operator=(StoredCommand&&) = default;

  const CommandSpec* spec;
  Args args() const { return {words_.data(), words_.size()}; }
  std::string_view raw() const { return {text_.get(), size_}; }

 private:
  std::unique_ptr<char[]> text_;  // the command as RESP; words_ point into it
  size_t size_ = 0;
  std::vector<std::string_view> words_;
};

class Transaction : public Client::Extension {
 public:
  struct Watched {
    DbIndex db;
    std::string key;
    uint64_t version;
  };

  bool open = false;      // MULTI was given
  bool aborted = false;   // a command could not be queued: EXEC will refuse
  std::vector<StoredCommand> commands;
  std::vector<Watched> watched;

  static Transaction& Of(Client& client);          // creates it when missing
  static Transaction* Find(const Client& client);  // null when there is none
  static bool IsOpen(const Client& client) {
    const Transaction* tx = Find(client);
    return tx != nullptr && tx->open;
  }
};

}  // namespace basalt
