// The libraries that scripts have beside Lua's own: cjson, cmsgpack, struct and bit. cjson and bit
// are the system's packages; the other two are ours (lib_cmsgpack.h, lib_struct.h). None of them
// gives a script a way out of its VM: no files, no processes, no code from binary data.
//
// cjson keeps its settings per VM, so what a script sets (cjson.encode_max_depth(...) and so on)
// holds for later scripts of that VM too.
#pragma once

struct lua_State;

namespace basalt {

// Sets the globals. Call on the VM's thread, within lua_cpcall or with memory to spare: it raises
// Lua errors when there is none.
void OpenScriptLibraries(lua_State* lua);

}  // namespace basalt
