// libFuzzer: MessagePack of hostile bytes is read without harm, and what was read can be packed and
// read again.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <lua.hpp>
#include <memory>
#include <string>

#include "core/base/check.h"
#include "core/script/libraries.h"
#include "core/script/msgpack_decode.h"

namespace {

struct Input {
  const char* data;
  size_t size;
};

int ReadAll(lua_State* lua) {
  const auto* bytes = static_cast<const Input*>(lua_touserdata(lua, 1));
  basalt::MsgpackInput input = {bytes->data, bytes->size};
  while (input.left > 0) {
    basalt::PushMsgpackValue(lua, &input);
    BASALT_CHECK(input.at + input.left == bytes->data + bytes->size);
  }
  return 0;
}

// What nests too deep for packing becomes nil, which as a value is lost and as a key is an error
// when it is read again. After that nothing changes any more but the order of fields.
constexpr char kAgain[] = R"LUA(
local bytes, offset, limit = ...
pcall(cmsgpack.unpack_one, bytes, offset)
pcall(cmsgpack.unpack_limit, bytes, limit, offset)
local read, value = pcall(cmsgpack.unpack, bytes)
if not read then return end
local cut, shallow = pcall(cmsgpack.unpack, cmsgpack.pack(value))
if not cut then return end
local packed = cmsgpack.pack(shallow)
assert(#cmsgpack.pack(cmsgpack.unpack(packed)) == #packed)
)LUA";

lua_State* NewVm() {
  lua_State* lua = luaL_newstate();
  luaL_openlibs(lua);
  basalt::OpenScriptLibraries(lua);
  BASALT_CHECK(luaL_loadstring(lua, kAgain) == 0);
  return lua;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static lua_State* const lua = NewVm();  // with the function above at the bottom of its stack
  if (size == 0) return 0;
  const int offset = data[0] % 16 - 1;
  std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == '@') bytes.insert(0, 12000, bytes.empty() ? '\x91' : bytes[0]);

  const std::unique_ptr<char[]> exact(new char[bytes.size()]);  // no slack behind the end
  bytes.copy(exact.get(), bytes.size());
  Input input = {exact.get(), bytes.size()};
  lua_cpcall(lua, ReadAll, &input);
  lua_settop(lua, 1);

  lua_pushvalue(lua, 1);
  lua_pushlstring(lua, bytes.data(), bytes.size());
  lua_pushinteger(lua, offset);
  lua_pushinteger(lua, data[0] / 16);
  if (lua_pcall(lua, 3, 0, 0) != 0) {
    std::fprintf(stderr, "%s\n", lua_tostring(lua, -1));
    std::abort();
  }
  lua_settop(lua, 1);
  return 0;
}
