#include "core/script/libraries.h"

#include "core/script/lib_bit.h"
#include "core/script/lib_cjson.h"
#include "core/script/lib_cmsgpack.h"
#include "core/script/lib_struct.h"

namespace basalt {

void OpenScriptLibraries(lua_State* lua) {
  OpenCjsonLibrary(lua);
  OpenCmsgpackLibrary(lua);
  OpenStructLibrary(lua);
  OpenBitLibrary(lua);
}

}  // namespace basalt
