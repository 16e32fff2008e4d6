// The `cmsgpack` library of scripts: Lua values to and from MessagePack
// (https://github.com/msgpack/msgpack/blob/master/spec.md).
//
//   pack(v, ...)                   the values one after the other in one string
//   unpack(s)                      every value of s
//   unpack_one(s [, offset])       where to go on (-1: at the end), and one value
//   unpack_limit(s, n [, offset])  where to go on, and up to n values
//
// A number that is an integer of 64 bits is packed as one, in the fewest bytes; any other as a
// float when that loses nothing, else as a double. A table with exactly the keys 1..n becomes an
// array, an empty one too, any other a map. What MessagePack has no type for (functions, ...)
// becomes nil, and so does a table more than 16 levels deep, which also ends cycles. Binary and
// extension types are not read.
//
// Packed bytes come from outside and are not trusted. Nesting when unpacking, the number of values
// and the size of a packed string are bounded. Owner: the thread of the VM. Lua errors are
// longjmps, so no frame here holds an object with a destructor.
#pragma once

struct lua_State;

namespace basalt {

// Sets the global `cmsgpack`.
void OpenCmsgpackLibrary(lua_State* lua);

}  // namespace basalt
