#include "core/script/lib_bit.h"

#include <bit>
#include <cstdint>
#include <lua.hpp>

namespace basalt {
namespace {

// Adding 1.5 * 2^52 leaves no room for a fraction in the 52 bits of a double's mantissa: it is
// rounded away, and the low 32 bits are those of the integer, negative ones in two's complement.
// What is too large for that, an infinity or a NaN has some bits all the same.
uint32_t Argument(lua_State* lua, int index) {
  constexpr double kRounder = 6755399441055744.0;
  return static_cast<uint32_t>(std::bit_cast<uint64_t>(luaL_checknumber(lua, index) + kRounder));
}

int Return(lua_State* lua, uint32_t bits) {
  lua_pushinteger(lua, static_cast<int32_t>(bits));
  return 1;
}

int ToBit(lua_State* lua) { return Return(lua, Argument(lua, 1)); }
int Not(lua_State* lua) { return Return(lua, ~Argument(lua, 1)); }
int SwapBytes(lua_State* lua) { return Return(lua, __builtin_bswap32(Argument(lua, 1))); }

template <class Combine>
int Fold(lua_State* lua, Combine combine) {
  uint32_t bits = Argument(lua, 1);
  for (int i = lua_gettop(lua); i > 1; --i) bits = combine(bits, Argument(lua, i));
  return Return(lua, bits);
}
int And(lua_State* lua) {
  return Fold(lua, [](uint32_t a, uint32_t b) { return a & b; });
}
int Or(lua_State* lua) {
  return Fold(lua, [](uint32_t a, uint32_t b) { return a | b; });
}
int Xor(lua_State* lua) {
  return Fold(lua, [](uint32_t a, uint32_t b) { return a ^ b; });
}

template <class Move>
int Shift(lua_State* lua, Move move) {
  const uint32_t bits = Argument(lua, 1);
  return Return(lua, move(bits, static_cast<int>(Argument(lua, 2) % 32)));
}
int ShiftLeft(lua_State* lua) {
  return Shift(lua, [](uint32_t bits, int n) { return bits << n; });
}
int ShiftRight(lua_State* lua) {
  return Shift(lua, [](uint32_t bits, int n) { return bits >> n; });
}
int ShiftSigned(lua_State* lua) {
  return Shift(lua, [](uint32_t bits, int n) {
    return static_cast<uint32_t>(static_cast<int32_t>(bits) >> n);
  });
}
int RotateLeft(lua_State* lua) {
  return Shift(lua, [](uint32_t bits, int n) { return std::rotl(bits, n); });
}
int RotateRight(lua_State* lua) {
  return Shift(lua, [](uint32_t bits, int n) { return std::rotr(bits, n); });
}

int ToHex(lua_State* lua) {
  constexpr int64_t kDigitsMax = 8;
  uint32_t bits = Argument(lua, 1);
  int64_t digits = lua_isnone(lua, 2) ? kDigitsMax : static_cast<int32_t>(Argument(lua, 2));
  const char* alphabet = digits < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
  if (digits < 0) digits = -digits;
  if (digits > kDigitsMax) digits = kDigitsMax;
  char text[kDigitsMax];
  for (int64_t i = digits; i > 0; --i) {
    text[i - 1] = alphabet[bits & 15];
    bits >>= 4;
  }
  lua_pushlstring(lua, text, static_cast<size_t>(digits));
  return 1;
}

constexpr luaL_Reg kBitFunctions[] = {{"tobit", ToBit},
                                      {"bnot", Not},
                                      {"bswap", SwapBytes},
                                      {"band", And},
                                      {"bor", Or},
                                      {"bxor", Xor},
                                      {"lshift", ShiftLeft},
                                      {"rshift", ShiftRight},
                                      {"arshift", ShiftSigned},
                                      {"rol", RotateLeft},
                                      {"ror", RotateRight},
                                      {"tohex", ToHex},
                                      {nullptr, nullptr}};

}  // namespace

void OpenBitLibrary(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kBitFunctions);
  lua_setglobal(lua, "bit");
}

}  // namespace basalt
