// Which scripts touch only the keys they declare, told from their text.
//
// A script may compute the names of its keys, so in general only a run shows what it reaches for;
// then it may have to be taken back and run again with every shard parked, and nothing of its
// connection may overtake it. Most scripts are simpler: each redis.call names its command in a
// literal and gives KEYS[...] wherever that command has a key. Of those it can be said beforehand,
// and they run as any other command does: pipelined, and without a way back.
#pragma once

#include <string_view>

#include "core/shard/command_spec.h"

namespace basalt::script {

// `code` without its shebang line. True: no run of the script, with whatever KEYS and ARGV, touches
// a key that is not in KEYS. False says nothing; it is the answer wherever following the text would
// need more than looking at it (functions, aliases of `redis`, `load`, a KEYS that is passed
// around).
bool TouchesOnlyDeclaredKeys(std::string_view code, const CommandTable& commands);

}  // namespace basalt::script
