// What a script returns, as a reply to the client, by Redis's rules.
//
//   string -> bulk · number -> integer (truncated) · true -> 1, false and nil -> null (after
//   redis.setresp(3): booleans) {err=} -> error · {ok=} -> status · {double=} · {map={}} · {set={}}
//   · {big_number=} · {verbatim_string={}} -> of RESP3 any other table -> array of what stands
//   before the first nil · all else -> null
#pragma once

#include "core/resp/reply.h"
#include "core/script/lua.h"

namespace basalt::script {

// Writes the value on top of the stack, which it takes off. `script_resp` is the protocol the
// script chose. Raises (lua.h); then `reply` has been written in part.
void WriteValue(lua_State* lua, Reply& reply, int script_resp);

}  // namespace basalt::script
