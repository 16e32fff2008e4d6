// The `bit` library of scripts: arithmetic on the 32 bits of a number. Results are signed; numbers
// beyond 32 bits wrap around, fractions are rounded to the nearest, half to even.
//
//   tobit(x)                              x as this library sees it
//   bnot(x), bswap(x)                     complement; bytes in reverse order
//   band, bor, bxor(x1, ...)
//   lshift, rshift, arshift, rol, ror(x, n)  n modulo 32
//   tohex(x [, n])                        the low |n| (8) hex digits, upper case for n < 0
//
// Owner: the thread of the VM.
#pragma once

struct lua_State;

namespace basalt {

// Sets the global `bit`.
void OpenBitLibrary(lua_State* lua);

}  // namespace basalt
