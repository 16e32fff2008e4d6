// The libraries that scripts have beside Lua's own: cjson, cmsgpack, struct and bit. cjson is the
// system's package, behind bounds of ours; the others are written here (lib_*.h). None of them
// gives a script a way out of its VM: no files, no processes, no code from binary data.
#pragma once

struct lua_State;

namespace basalt {

// Sets the globals. Call on the VM's thread, within lua_cpcall or with memory to spare: it raises
// Lua errors when there is none.
void OpenScriptLibraries(lua_State* lua);

}  // namespace basalt
