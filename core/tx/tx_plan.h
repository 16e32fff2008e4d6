// Takes a transaction apart: which shards it concerns, and what each of them does. Runs on the
// coordinating shard.
#pragma once

#include <vector>

#include "core/shard/world.h"
#include "core/tx/tx.h"

namespace basalt {

// Fills `shards` and `parts`, or sets `park` where only a park can do it: commands over several
// shards that cannot be taken apart, commands about all shards, scripts in a transaction, a change
// of the database between commands of other shards. Commands that are about no key belong to the
// coordinating shard.
void PlanTx(Tx& tx, World& world);

// Whether a command may be one of several in a fan-out: it lives on one shard, or is shared out.
bool FitsFanOut(const CommandSpec& spec, Args args, const World& world);

// The replies of all parts as one: that of a command, or EXEC's array. All parts have run.
std::string MergeReplies(const Tx& tx, World& world);

}  // namespace basalt
