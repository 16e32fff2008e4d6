// The `cjson` library of scripts: the system's lua-cjson, with bounds in front of it.
//
// lua-cjson counts bytes in an int and does not check for overflow: a string of some 350 MB, a
// table whose JSON is longer than 1 GB, or a text of more than 2 GB would make it write past its
// buffers or end the process. So encode() first works out how long its result can get at most, and
// decode() looks at the length of its text; what is too much is an error. (A table can be small and
// its JSON huge: when it holds others many times over, or is sparse and encode_sparse_array()
// allows it.)
//
// Owner: the thread of the VM. cjson keeps its settings per VM, so what a script sets
// (cjson.encode_max_depth(...) and so on) holds for later scripts of that VM too.
#pragma once

struct lua_State;

namespace basalt {

// Sets the global `cjson`.
void OpenCjsonLibrary(lua_State* lua);

}  // namespace basalt
