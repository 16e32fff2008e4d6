#include "core/script/msgpack_decode.h"

#include <bit>
#include <cstdint>
#include <lua.hpp>

#include "core/script/msgpack_format.h"

namespace basalt {
namespace {

const char* Take(lua_State* lua, MsgpackInput* input, size_t size) {
  if (size > input->left) luaL_error(lua, "Missing bytes in input.");
  const char* taken = input->at;
  input->at += size;
  input->left -= size;
  return taken;
}

// A big-endian number of 1, 2, 4 or 8 bytes.
uint64_t TakeUnsigned(lua_State* lua, MsgpackInput* input, size_t size) {
  const char* bytes = Take(lua, input, size);
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void PushSigned(lua_State* lua, uint64_t bits, size_t size) {
  const int spare = static_cast<int>(64 - 8 * size);
  lua_pushnumber(lua, static_cast<lua_Number>(static_cast<int64_t>(bits << spare) >> spare));
}

void PushString(lua_State* lua, MsgpackInput* input, size_t size) {
  const char* text = Take(lua, input, size);
  lua_pushlstring(lua, text, size);
}

// The counts of arrays and maps are claims: nothing is reserved for them.
void PushArray(lua_State* lua, MsgpackInput* input, uint64_t count) {
  luaL_checkstack(lua, 2, "in function mp_decode_to_lua_array");
  lua_newtable(lua);
  for (uint64_t i = 1; i <= count; ++i) {
    lua_pushnumber(lua, static_cast<lua_Number>(i));
    PushMsgpackValue(lua, input);
    lua_rawset(lua, -3);
  }
}

void PushMap(lua_State* lua, MsgpackInput* input, uint64_t count) {
  lua_newtable(lua);
  for (uint64_t i = 0; i < count; ++i) {
    PushMsgpackValue(lua, input);
    PushMsgpackValue(lua, input);
    lua_rawset(lua, -3);  // raises an error for the keys nil and NaN
  }
}

}  // namespace

void PushMsgpackValue(lua_State* lua, MsgpackInput* input) {
  using namespace msgpack;
  luaL_checkstack(lua, 1,
                  "too many return values at once; use unpack_one or unpack_limit instead.");
  const auto type = static_cast<uint8_t>(*Take(lua, input, 1));
  if (type < kMap) return lua_pushnumber(lua, type);
  if (type <= kMapEnd) return PushMap(lua, input, type - kMap);
  if (type <= kArrayEnd) return PushArray(lua, input, type - kArray);
  if (type <= kStringEnd) return PushString(lua, input, type - kString);
  if (type >= kNegative) return lua_pushnumber(lua, static_cast<int8_t>(type));
  switch (type) {
    case kNil:
      return lua_pushnil(lua);
    case kFalse:
    case kTrue:
      return lua_pushboolean(lua, type == kTrue);
    case kFloat:
      return lua_pushnumber(
          lua, std::bit_cast<float>(static_cast<uint32_t>(TakeUnsigned(lua, input, 4))));
    case kDouble:
      return lua_pushnumber(lua, std::bit_cast<double>(TakeUnsigned(lua, input, 8)));
    case kUint8:
    case kUint16:
    case kUint32:
      return lua_pushnumber(
          lua, static_cast<lua_Number>(TakeUnsigned(lua, input, size_t{1} << (type - kUint8))));
    case kUint64:  // scripts get the upper half of these as negative numbers
      return PushSigned(lua, TakeUnsigned(lua, input, 8), 8);
    case kInt8:
    case kInt16:
    case kInt32:
    case kInt64: {
      const size_t size = size_t{1} << (type - kInt8);
      return PushSigned(lua, TakeUnsigned(lua, input, size), size);
    }
    case kString8:
    case kString16:
    case kString32:
      return PushString(lua, input, TakeUnsigned(lua, input, size_t{1} << (type - kString8)));
    case kArray16:
    case kArray32:
      return PushArray(lua, input, TakeUnsigned(lua, input, type == kArray16 ? 2 : 4));
    case kMap16:
    case kMap32:
      return PushMap(lua, input, TakeUnsigned(lua, input, type == kMap16 ? 2 : 4));
    default:
      luaL_error(lua, "Bad data format in input.");
  }
}

}  // namespace basalt
