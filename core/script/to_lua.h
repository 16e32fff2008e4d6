// A command's reply as a value of Lua, by Redis's rules.
//
//   integer -> number · bulk -> string · status -> {ok=} · error -> {err=} · array -> table · null
//   of RESP2 -> false RESP3: null -> nil · boolean -> boolean · double -> {double=} · map ->
//   {map={k=v}} · set -> {set={member=true}}
//          big number -> {big_number=} · verbatim -> {verbatim_string={format=, string=}} ·
//          attributes are dropped
#pragma once

#include <string_view>

#include "core/script/lua.h"

namespace basalt::script {

// Pushes the value of one whole reply, which the server itself has written. Raises (lua.h).
void PushReply(lua_State* lua, std::string_view reply);

}  // namespace basalt::script
