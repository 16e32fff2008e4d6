// Runs a transaction as ordinary single-threaded code while every shard that it concerns stands
// still. On the coordinating shard's thread, within Shard::RunParked.
#pragma once

#include <string>

#include "core/shard/shard.h"
#include "core/tx/tx.h"

namespace basalt {

// Returns the reply. A blocking command that found nothing stands in its lines afterwards, and
// `*blocked` is true; or, when it was tried again, goes on standing there.
std::string RunParkedTx(Shard& shard, Tx& tx, bool* blocked);

// Serves blocked commands from whatever keys of all shards have been filled.
void ServeReadyKeysOfAll(World& world);

}  // namespace basalt
