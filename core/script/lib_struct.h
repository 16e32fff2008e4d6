// The `struct` library of scripts: values to and from packed binary data, as a format string lays
// them out.
//
//   > <      big, little endian from here on (at first: the machine's)
//   !n       align to at most n bytes, a power of two (n left out: 8; at first: 1, no alignment)
//   space    nothing
//   b B      one signed, unsigned byte
//   h H      two bytes
//   l L T    eight bytes (T, a size, has no sign)
//   in In    n bytes, up to 32 (n left out: 4); beyond 8 the further bytes are zeros
//   f d      float, double
//   x        one byte of padding
//   s        a string up to a zero byte
//   cn       n characters (n left out: 1); c0 packs the whole string, and unpacks as many
//            characters as the value before it says, in whose place it is returned
//
// Formats, data and positions come from a script and are not trusted. Owner: the thread of the VM.
// Lua errors are longjmps, so no frame here holds an object with a destructor.
#pragma once

struct lua_State;

namespace basalt {

// Sets the global `struct`.
void OpenStructLibrary(lua_State* lua);

}  // namespace basalt
