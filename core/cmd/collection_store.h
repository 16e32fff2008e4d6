// The end of the STORE forms (SINTERSTORE, ZRANGESTORE and others): the result replaces what the
// destination held. The thread that runs the command.
#pragma once

#include <memory>
#include <string_view>

#include "core/shard/command_context.h"

namespace basalt {

// Stores `result` (a Set, ZSet or List, by `type`) under `key`, without an expiry; an empty one
// deletes the key, whatever it held. Replies the size.
template <class Collection>
void StoreResult(CommandContext& ctx, std::string_view key, ValueType type,
                 std::unique_ptr<Collection> result) {
  const size_t size = result->Size();
  Db& db = ctx.DbOf(key);
  if (size > 0) {
    db.AddValue(key, type, result.release());
    ctx.Changed(key);
  } else if (db.Delete(key)) {
    ctx.Changed(key);
  }
  ctx.reply.Integer(static_cast<int64_t>(size));
}

}  // namespace basalt
