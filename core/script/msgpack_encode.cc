#include "core/script/msgpack_encode.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <lua.hpp>
#include <type_traits>

#include "core/script/msgpack_format.h"

namespace basalt {

using namespace msgpack;

static_assert(std::is_trivially_destructible_v<MsgpackEncoder>);

namespace {

constexpr int kNestingMax = 16;
constexpr size_t kFirstCapacity = 256;

bool IsInt64(double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  return number >= -kTwoTo63 && number < kTwoTo63 && number == std::trunc(number);
}

}  // namespace

MsgpackEncoder::MsgpackEncoder(lua_State* lua, size_t bytes_max)
    : lua_(lua),
      data_(static_cast<char*>(lua_newuserdata(lua, kFirstCapacity))),
      capacity_(kFirstCapacity),
      bytes_max_(bytes_max),
      anchor_(lua_gettop(lua)) {}

void MsgpackEncoder::PushResult() { lua_pushlstring(lua_, data_, size_); }

char* MsgpackEncoder::Reserve(size_t size) {
  if (size > bytes_max_ - size_) luaL_error(lua_, "MessagePack output is too large.");
  if (size > capacity_ - size_) {
    size_t grown = capacity_;
    while (size > grown - size_) grown *= 2;
    auto* moved = static_cast<char*>(lua_newuserdata(lua_, grown));
    std::memcpy(moved, data_, size_);
    lua_replace(lua_, anchor_);
    data_ = moved;
    capacity_ = grown;
  }
  char* place = data_ + size_;
  size_ += size;
  return place;
}

void MsgpackEncoder::PutHeader(uint8_t type, uint64_t value, size_t size) {
  char* place = Reserve(1 + size);
  *place++ = static_cast<char>(type);
  for (size_t i = size; i > 0; --i) *place++ = static_cast<char>(value >> 8 * (i - 1));
}

void MsgpackEncoder::PutValue(int index, int depth) {
  switch (lua_type(lua_, index)) {
    case LUA_TSTRING:
      return PutString(index);
    case LUA_TNUMBER:
      return PutNumber(lua_tonumber(lua_, index));
    case LUA_TBOOLEAN:
      return PutHeader(lua_toboolean(lua_, index) ? kTrue : kFalse, 0, 0);
    case LUA_TTABLE:
      if (depth < kNestingMax) return PutTable(index, depth);
      [[fallthrough]];
    default:
      PutHeader(kNil, 0, 0);
  }
}

void MsgpackEncoder::PutNumber(double number) {
  if (IsInt64(number)) return PutInteger(static_cast<int64_t>(number));
  const bool fits = std::isinf(number) || std::abs(number) <= std::numeric_limits<float>::max();
  const float narrow = fits ? static_cast<float>(number) : 0;
  if (static_cast<double>(narrow) == number) {
    uint32_t bits;
    std::memcpy(&bits, &narrow, sizeof bits);
    return PutHeader(kFloat, bits, 4);
  }
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  PutHeader(kDouble, bits, 8);
}

void MsgpackEncoder::PutInteger(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  if (number >= 0) {
    if (number <= 0x7f) return PutHeader(static_cast<uint8_t>(number), 0, 0);
    if (number <= 0xff) return PutHeader(kUint8, bits, 1);
    if (number <= 0xffff) return PutHeader(kUint16, bits, 2);
    if (number <= 0xffffffff) return PutHeader(kUint32, bits, 4);
    return PutHeader(kUint64, bits, 8);
  }
  if (number >= -32) return PutHeader(static_cast<uint8_t>(bits), 0, 0);
  if (number >= INT8_MIN) return PutHeader(kInt8, bits, 1);
  if (number >= INT16_MIN) return PutHeader(kInt16, bits, 2);
  if (number >= INT32_MIN) return PutHeader(kInt32, bits, 4);
  PutHeader(kInt64, bits, 8);
}

void MsgpackEncoder::PutString(int index) {
  size_t size;
  const char* text = lua_tolstring(lua_, index, &size);
  if (size <= kStringEnd - kString) {
    PutHeader(static_cast<uint8_t>(kString + size), 0, 0);
  } else if (size <= 0xff) {
    PutHeader(kString8, size, 1);
  } else if (size <= 0xffff) {
    PutHeader(kString16, size, 2);
  } else {
    PutHeader(kString32, size, 4);
  }
  std::memcpy(Reserve(size), text, size);
}

// Whether the keys are exactly 1..n.
bool MsgpackEncoder::IsArray(int index, size_t* size) {
  size_t count = 0;
  double largest = 0;
  lua_pushnil(lua_);
  while (lua_next(lua_, index) != 0) {
    lua_pop(lua_, 1);
    const double key = lua_type(lua_, -1) == LUA_TNUMBER ? lua_tonumber(lua_, -1) : 0;
    if (key < 1 || !IsInt64(key)) {
      lua_pop(lua_, 1);
      return false;
    }
    if (key > largest) largest = key;
    ++count;
  }
  *size = count;
  return largest == static_cast<double>(count);
}

void MsgpackEncoder::PutTable(int index, int depth) {
  luaL_checkstack(lua_, 4, "in function mp_encode_lua_table");
  size_t size;
  if (!IsArray(index, &size)) return PutPairs(index, depth);
  if (size <= kArrayEnd - kArray) {
    PutHeader(static_cast<uint8_t>(kArray + size), 0, 0);
  } else if (size <= 0xffff) {
    PutHeader(kArray16, size, 2);
  } else {
    PutHeader(kArray32, size, 4);
  }
  for (size_t i = 1; i <= size; ++i) {
    lua_rawgeti(lua_, index, static_cast<int>(i));
    PutValue(lua_gettop(lua_), depth + 1);
    lua_pop(lua_, 1);
  }
}

void MsgpackEncoder::PutPairs(int index, int depth) {
  size_t size = 0;
  lua_pushnil(lua_);
  for (; lua_next(lua_, index) != 0; ++size) lua_pop(lua_, 1);
  if (size <= kMapEnd - kMap) {
    PutHeader(static_cast<uint8_t>(kMap + size), 0, 0);
  } else if (size <= 0xffff) {
    PutHeader(kMap16, size, 2);
  } else {
    PutHeader(kMap32, size, 4);
  }
  lua_pushnil(lua_);
  while (lua_next(lua_, index) != 0) {
    const int value = lua_gettop(lua_);
    PutValue(value - 1, depth + 1);
    PutValue(value, depth + 1);
    lua_pop(lua_, 1);
  }
}

}  // namespace basalt
