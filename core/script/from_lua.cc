#include "core/script/from_lua.h"

#include <cmath>
#include <string>

namespace basalt::script {
namespace {

// An integer as Redis's C casts it: what does not fit becomes the least integer.
int64_t Truncate(lua_Number value) {
  constexpr lua_Number kLimit = 9223372036854775808.0;
  return value >= -kLimit && value < kLimit ? static_cast<int64_t>(value) : INT64_MIN;
}

class ValueWalk {
 public:
  ValueWalk(lua_State* lua, Reply& reply, int script_resp)
      : lua_(lua), reply_(reply), script_resp_(script_resp) {}

  // Writes the value on top and takes it off.
  void WriteOne() {
    if (!lua_checkstack(lua_, 4)) {
      // As Redis does: in place of the element that is too deep.
      reply_.Error("ERR reached lua stack limit");
      return lua_pop(lua_, 1);
    }
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        reply_.Bulk(Text(lua_, -1));
        break;
      case LUA_TBOOLEAN:
        WriteBoolean(lua_toboolean(lua_, -1) != 0);
        break;
      case LUA_TNUMBER:
        reply_.Integer(Truncate(lua_tonumber(lua_, -1)));
        break;
      case LUA_TTABLE:
        if (!WriteTagged()) WriteArray();
        break;
      default:
        reply_.Null();
    }
    lua_pop(lua_, 1);
  }

 private:
  void WriteBoolean(bool value) {
    if (script_resp_ == 3) return reply_.Bool(value);
    value ? reply_.Integer(1) : reply_.Null();
  }

  // Pushes a field of the table on top, or `below` it. False, with nothing pushed, when it is not
  // of `type`.
  bool PushField(const char* name, int type, int below = 0) {
    lua_pushstring(lua_, name);
    lua_rawget(lua_, -2 - below);
    if (lua_type(lua_, -1) == type) return true;
    lua_pop(lua_, 1);
    return false;
  }

  // Writes the text on top of the stack as a line, whatever it holds.
  void WriteLine(char type, std::string_view text) {
    std::string* out = reply_.buffer();
    out->push_back(type);
    size_t begin = out->size();
    out->append(text);
    for (size_t i = begin; i < out->size(); ++i) {
      if ((*out)[i] == '\r' || (*out)[i] == '\n') (*out)[i] = ' ';
    }
    out->append("\r\n");
  }

  bool WriteTagged() {
    if (PushField("err", LUA_TSTRING)) {
      reply_.Error(Text(lua_, -1));
    } else if (PushField("ok", LUA_TSTRING)) {
      WriteLine('+', Text(lua_, -1));
    } else if (PushField("double", LUA_TNUMBER)) {
      reply_.Double(lua_tonumber(lua_, -1));
    } else if (PushField("map", LUA_TTABLE)) {
      WriteMap();
    } else if (PushField("set", LUA_TTABLE)) {
      WriteSet();
    } else if (PushField("big_number", LUA_TSTRING)) {
      WriteBigNumber();
    } else if (PushField("verbatim_string", LUA_TTABLE)) {
      if (!WriteVerbatim()) {
        lua_pop(lua_, 1);
        return false;
      }
    } else {
      return false;
    }
    lua_pop(lua_, 1);
    return true;
  }

  void WriteBigNumber() {
    if (reply_.resp() == 3) return WriteLine('(', Text(lua_, -1));
    // In RESP2 a bulk, whose bytes must be as many as it says.
    Push(lua_, Text(lua_, -1));
    luaL_gsub(lua_, lua_tostring(lua_, -1), "\r", " ");
    luaL_gsub(lua_, lua_tostring(lua_, -1), "\n", " ");
    reply_.Bulk(Text(lua_, -1));
    lua_pop(lua_, 3);
  }

  bool WriteVerbatim() {
    if (!PushField("format", LUA_TSTRING)) return false;
    if (!PushField("string", LUA_TSTRING, 1)) {
      lua_pop(lua_, 1);
      return false;
    }
    char format[3] = {' ', ' ', ' '};
    Text(lua_, -2).copy(format, sizeof(format));
    reply_.Verbatim(Text(lua_, -1), {format, sizeof(format)});
    lua_pop(lua_, 2);
    return true;
  }

  size_t CountFields() {
    size_t n = 0;
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) ++n;
    return n;
  }

  void WriteMap() {
    reply_.Map(CountFields());
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0;) {
      lua_pushvalue(lua_, -2);
      WriteOne();  // the key
      WriteOne();  // the value
    }
  }

  void WriteSet() {
    reply_.Set(CountFields());
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0;) {
      lua_pop(lua_, 1);
      lua_pushvalue(lua_, -1);
      WriteOne();
    }
  }

  void WriteArray() {
    int n = 0;
    for (;; ++n) {
      lua_rawgeti(lua_, -1, n + 1);
      bool last = lua_isnil(lua_, -1);
      lua_pop(lua_, 1);
      if (last) break;
    }
    reply_.Array(static_cast<size_t>(n));
    for (int i = 1; i <= n; ++i) {
      lua_rawgeti(lua_, -1, i);
      WriteOne();
    }
  }

  lua_State* lua_;
  Reply& reply_;
  int script_resp_;
};

}  // namespace

void WriteValue(lua_State* lua, Reply& reply, int script_resp) {
  ValueWalk(lua, reply, script_resp).WriteOne();
}

}  // namespace basalt::script
