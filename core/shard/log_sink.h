// The seam between a shard's tick and its log (persistence/aof). Owner: the shard's thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/base/ids.h"
#include "core/shard/log_trouble.h"

namespace basalt {

// Several parts of one multi-shard transaction carry the same number and epoch; recovery takes all
// of them or none.
struct TxStamp {
  TxId id;             // 0: not a multi-shard transaction
  uint32_t parts = 0;  // how many shards write one, maybe an empty one
};

class LogSink {
 public:
  virtual ~LogSink() = default;

  // Number of the batch that records of now will be part of; batches are numbered from 1.
  virtual uint64_t open_batch() const = 0;
  // Every batch up to this number survives a power cut.
  virtual uint64_t durable_batch() const = 0;
  // Every effect up to this epoch does, and so does the word that no more of it follow. Stands
  // still under `always`.
  virtual Epoch durable_epoch() const = 0;
  // Makes what is sealed durable as soon as the disk can, whatever the policy.
  virtual void RequestSync() = 0;
  // Closes the open batch with what the keyspace's journal holds, stamped with `epoch`. No records
  // of epochs up to `complete` will follow. Nothing to do when the journal is empty, except for a
  // part of a transaction, which is written even then.
  virtual void Seal(Epoch epoch, Epoch complete, TxStamp tx) = 0;
  // Commit stage: seals, and submits a write when none is in flight.
  virtual void Commit(Epoch epoch, Epoch complete) = 0;
  // Writes and syncs everything sealed, blocking; for a park under `appendfsync always` and for
  // shutdown.
  virtual absl::Status FlushNow() = 0;
  // Records that all effects up to `epoch` stand in this log. Cheap when it is known already.
  virtual void CloseEpoch(Epoch epoch) = 0;
  // Size of the log since the last rewrite's cut, in bytes.
  virtual uint64_t bytes_since_rewrite() const = 0;
  // While there is some, writes are refused on every shard (World::PublishLogTrouble).
  virtual LogTrouble trouble() const = 0;
  // For tests. Own thread, or parked.
  virtual void InjectFault(const LogFault& fault) = 0;
};

}  // namespace basalt
