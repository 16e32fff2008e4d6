#include "core/script/lib_cjson.h"

#include <cmath>
#include <lua.hpp>

extern "C" int luaopen_cjson(lua_State* lua);

namespace basalt {
namespace {

constexpr size_t kTextBytesMax = size_t{512} << 20;
constexpr size_t kResultBytesMax = size_t{1} << 30;
constexpr size_t kEscapedBytes = 6;  // \u0000, the longest form of one byte
constexpr size_t kNumberBytes = 32;

// Works out how long the JSON of a value can be at most.
class Measure {
 public:
  // The settings of encode_sparse_array().
  Measure(lua_State* lua, double ratio, double safe) : lua_(lua), ratio_(ratio), safe_(safe) {}

  // `index` counts from the bottom of the stack, which is left as it was.
  bool Fits(int index) {
    switch (lua_type(lua_, index)) {
      case LUA_TSTRING: {
        const size_t length = lua_objlen(lua_, index);
        return length <= kTextBytesMax && Take(length * kEscapedBytes + sizeof("\"\":,"));
      }
      case LUA_TTABLE:
        return TableFits(index);
      default:
        return Take(kNumberBytes);
    }
  }

 private:
  bool Take(size_t bytes) {
    if (bytes > room_) return false;
    room_ -= bytes;
    return true;
  }

  bool TableFits(int index) {
    // cjson itself gives up where the stack ends, so what is beyond need not be looked at.
    if (!lua_checkstack(lua_, 3)) return true;
    double items = 0, largest = 0;
    bool is_array = true;
    lua_pushnil(lua_);
    while (lua_next(lua_, index) != 0) {
      const int value = lua_gettop(lua_);
      const double key =
          lua_type(lua_, value - 1) == LUA_TNUMBER ? lua_tonumber(lua_, value - 1) : 0;
      if (key < 1 || key != std::floor(key)) is_array = false;
      if (key > largest) largest = key;
      ++items;
      if (!Fits(value - 1) || !Fits(value)) {
        lua_settop(lua_, value - 2);
        return false;
      }
      lua_pop(lua_, 1);
    }
    if (!Take(sizeof("{},"))) return false;
    const bool is_sparse = ratio_ > 0 && largest > items * ratio_ && largest > safe_;
    if (!is_array || is_sparse) return true;
    // Every hole of the array becomes a null.
    return largest < kResultBytesMax && Take(static_cast<size_t>(largest) * sizeof("null"));
  }

  lua_State* lua_;
  size_t room_ = kResultBytesMax;
  double ratio_, safe_;
};

// The guards are closures that hold what the functions in their place did (cjson's settings come
// first, where cjson looks for them), and the function, which runs in the guard's own call: so its
// errors name the script's line and the function as ever. Encode also holds encode_sparse_array.
int CallGuarded(lua_State* lua) {
  const auto function = reinterpret_cast<lua_CFunction>(lua_touserdata(lua, lua_upvalueindex(2)));
  return function(lua);
}

int Encode(lua_State* lua) {
  const int type = lua_type(lua, 1);
  if (lua_gettop(lua) == 1 && (type == LUA_TTABLE || type == LUA_TSTRING)) {
    lua_pushvalue(lua, lua_upvalueindex(3));
    lua_call(lua, 0, 3);
    Measure measure(lua, lua_tonumber(lua, -2), lua_tonumber(lua, -1));
    lua_settop(lua, 1);
    if (!measure.Fits(1)) return luaL_error(lua, "Cannot serialise: the result may be too large");
  }
  return CallGuarded(lua);
}

int Decode(lua_State* lua) {
  if (lua_isstring(lua, 1) && lua_objlen(lua, 1) > kTextBytesMax) {
    return luaL_error(lua, "Cannot decode: the text is too large");
  }
  return CallGuarded(lua);
}

void GuardTable(lua_State* lua);

// cjson.new() gives another cjson with settings of its own.
int New(lua_State* lua) {
  const int results = CallGuarded(lua);
  GuardTable(lua);
  return results;
}

// Puts `guard` in the place of a function of the table on top.
void Guard(lua_State* lua, const char* name, lua_CFunction guard) {
  const int table = lua_gettop(lua);
  lua_getfield(lua, table, name);
  if (lua_getupvalue(lua, table + 1, 1) == nullptr) lua_pushnil(lua);
  lua_pushlightuserdata(lua, reinterpret_cast<void*>(lua_tocfunction(lua, table + 1)));
  lua_getfield(lua, table, "encode_sparse_array");
  lua_pushcclosure(lua, guard, 3);
  lua_setfield(lua, table, name);
  lua_settop(lua, table);
}

void GuardTable(lua_State* lua) {
  Guard(lua, "encode", Encode);
  Guard(lua, "decode", Decode);
  Guard(lua, "new", New);
}

}  // namespace

void OpenCjsonLibrary(lua_State* lua) {
  lua_pushcfunction(lua, luaopen_cjson);
  lua_call(lua, 0, 1);
  GuardTable(lua);
  lua_setglobal(lua, "cjson");
}

}  // namespace basalt
