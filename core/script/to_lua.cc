#include "core/script/to_lua.h"

#include <cmath>
#include <limits>

#include "core/base/check.h"
#include "core/base/numbers.h"

namespace basalt::script {
namespace {

// Walks over a reply and pushes what it meets. Trivially destructible: errors of Lua pass through
// it.
class ReplyWalk {
 public:
  ReplyWalk(lua_State* lua, std::string_view reply) : lua_(lua), rest_(reply) {}

  void PushOne() {
    luaL_checkstack(lua_, 6, "reply is nested too deeply");
    BASALT_CHECK(!rest_.empty());
    const char type = rest_[0];
    std::string_view line = Line();
    switch (type) {
      case '+':
        return PushField("ok", line);
      case '-':
        return PushField("err", line);
      case ':':
        return lua_pushnumber(lua_, static_cast<lua_Number>(Integer(line)));
      case '$':
        if (Integer(line) < 0) return lua_pushboolean(lua_, 0);
        return Push(lua_, Body(line));
      case '*':
      case '>':
        if (Integer(line) < 0) return lua_pushboolean(lua_, 0);
        return PushArray(Integer(line));
      case '%':
        return PushMap(Integer(line));
      case '~':
        return PushSet(Integer(line));
      case '_':
        return lua_pushnil(lua_);
      case '#':
        return lua_pushboolean(lua_, line == "t");
      case ',':
        return PushDouble(line);
      case '(':
        return PushField("big_number", line);
      case '=':
        return PushVerbatim(Body(line));
      case '|':
        Skip(2 * Integer(line));
        return PushOne();
      default:
        BASALT_CHECK(false);
    }
  }

 private:
  // What stands behind the type byte, up to the end of its line.
  std::string_view Line() {
    size_t end = rest_.find("\r\n");
    std::string_view line = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 2);
    return line;
  }
  std::string_view Body(std::string_view length) {
    size_t n = static_cast<size_t>(Integer(length));
    std::string_view body = rest_.substr(0, n);
    rest_.remove_prefix(n + 2);
    return body;
  }
  static int64_t Integer(std::string_view text) {
    int64_t value = 0;
    BASALT_CHECK(ParseInt64(text, &value));
    return value;
  }

  void PushField(const char* name, std::string_view text) {
    lua_createtable(lua_, 0, 1);
    Push(lua_, text);
    lua_setfield(lua_, -2, name);
  }
  void PushDouble(std::string_view text) {
    double value = 0;
    if (text == "inf" || text == "-inf") {
      value = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    } else if (!ParseDouble(text, &value)) {
      value = std::numeric_limits<double>::quiet_NaN();
    }
    lua_createtable(lua_, 0, 1);
    lua_pushnumber(lua_, value);
    lua_setfield(lua_, -2, "double");
  }
  void PushVerbatim(std::string_view body) {
    lua_createtable(lua_, 0, 1);
    lua_createtable(lua_, 0, 2);
    Push(lua_, body.substr(0, 3));
    lua_setfield(lua_, -2, "format");
    Push(lua_, body.substr(4));
    lua_setfield(lua_, -2, "string");
    lua_setfield(lua_, -2, "verbatim_string");
  }
  void PushArray(int64_t n) {
    lua_createtable(lua_, static_cast<int>(n), 0);
    for (int i = 1; i <= n; ++i) {
      PushOne();
      lua_rawseti(lua_, -2, i);
    }
  }
  void PushMap(int64_t n) {
    lua_createtable(lua_, 0, 1);
    lua_createtable(lua_, 0, static_cast<int>(n));
    for (; n > 0; --n) {
      PushOne();
      PushOne();
      SetOrDrop();
    }
    lua_setfield(lua_, -2, "map");
  }
  void PushSet(int64_t n) {
    lua_createtable(lua_, 0, 1);
    lua_createtable(lua_, 0, static_cast<int>(n));
    for (; n > 0; --n) {
      PushOne();
      lua_pushboolean(lua_, 1);
      SetOrDrop();
    }
    lua_setfield(lua_, -2, "set");
  }
  // A nil or NaN cannot be a key.
  void SetOrDrop() {
    if (lua_isnil(lua_, -2)) return lua_pop(lua_, 2);
    lua_rawset(lua_, -3);
  }
  void Skip(int64_t n) {
    for (; n > 0; --n) {
      PushOne();
      lua_pop(lua_, 1);
    }
  }

  lua_State* lua_;
  std::string_view rest_;
};

}  // namespace

void PushReply(lua_State* lua, std::string_view reply) { ReplyWalk(lua, reply).PushOne(); }

}  // namespace basalt::script
