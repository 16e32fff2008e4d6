// What a command can ask of the process as a whole. Implemented by net/server; called by handlers
// that run with every shard parked (kAllShards), on the coordinating shard's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/admin/config.h"
#include "core/admin/option.h"

namespace basalt {

class Client;
class Shard;

class Host {
 public:
  virtual ~Host() = default;

  enum class SaveMode { kForeground, kBackground, kBackgroundSchedule };
  // SAVE, BGSAVE. OK text for the client on success; the error's message is the whole error reply.
  virtual absl::Status Save(SaveMode mode, std::string* reply) = 0;
  // BGSAVE CANCEL: ends the child, and forgets a save that is scheduled.
  virtual absl::Status CancelSave(std::string* reply) = 0;
  // BGREWRITEAOF.
  virtual absl::Status RewriteLog(std::string* reply) = 0;
  virtual int64_t last_save_unix_s() const = 0;
  // SHUTDOWN: starts an orderly stop once the parked section is over. `save` < 0: as the save
  // points say.
  virtual absl::Status Shutdown(int save, bool now, bool force) = 0;
  virtual absl::Status AbortShutdown() = 0;

  // CONFIG SET changed options; makes them take effect. After an error the caller puts `old` back.
  // The message says what is wrong.
  virtual absl::Status ApplyOptions(OptionHooks hooks, const Config& old) = 0;
  // A parked section has begun `appendfsync always`, and the logs have been flushed since. Not
  // durable: whatever recovery goes by is not in every log, so the policy from before has to hold
  // on. Parked.
  virtual void OnAlwaysBegun(bool durable) = 0;

  // INFO sections that only the host knows ("persistence", "server", "clients" ...): appends
  // "name:value\r\n" lines.
  virtual void AppendInfo(std::string_view section, std::string* out) = 0;

  // About ten times a second, on shard 0's thread, not parked.
  virtual void Cron(Shard& shard) = 0;

  // Every connected client, of all shards; for CLIENT LIST and CLIENT KILL.
  virtual std::vector<Client*> Clients() = 0;
  // Closes `client` after its pending replies (`now`: at once).
  virtual void Kill(Client* client, bool now) = 0;
};

}  // namespace basalt
