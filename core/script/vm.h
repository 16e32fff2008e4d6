// Vm: one Lua state with the sandbox of scripts (sandbox.h) and the functions of the `redis` table
// (api.h) in it. A shard has one for EVAL and one for functions, each made when first needed. All
// its memory is counted and bounded. Owner: the shard's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/script/lua.h"
#include "core/script/random.h"

namespace basalt::script {

class ScriptRun;
class LibraryLoad;

class Vm {
 public:
  enum class Kind { kEval, kFunctions };
  // A state that would grow beyond this gets Lua's "not enough memory" instead.
  static constexpr size_t kBytesMax = size_t{4} << 30;

  explicit Vm(Kind kind);
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;
  ~Vm();

  // The Vm of a state, or of any of its coroutines.
  static Vm& Of(lua_State* lua) {
    void* self = nullptr;
    lua_getallocf(lua, &self);
    return *static_cast<Vm*>(self);
  }

  lua_State* lua() { return lua_; }
  Kind kind() const { return kind_; }
  size_t bytes() const { return bytes_; }

  // Compiles `code`, shown as `chunk` in errors, to a function that is kept under the reference
  // returned; `lines_before` were cut off in front of it and still count. LUA_NOREF: *error says
  // why.
  int Compile(std::string_view code, const char* chunk, std::string* error);
  void Release(int reference) { luaL_unref(lua_, LUA_REGISTRYINDEX, reference); }

  // Calls the function kept under `reference` with KEYS and ARGV - as globals, or as its two
  // arguments for a function - and replies with what it returns, unless the run is unwound. Reads
  // the keys and arguments from `keys` and `args`.
  void Call(int reference, ScriptRun& run, const std::vector<std::string_view>& keys,
            const std::vector<std::string_view>& args);

  // Runs a library's code, which registers its functions with `load`. False: *error.
  bool LoadLibrary(std::string_view code, LibraryLoad& load, std::string* error);

  // The run in progress, or null.
  ScriptRun* run() { return run_; }
  LibraryLoad* library_load() { return load_; }
  ScriptRandom& random() { return random_; }

  // Functions of Lua's own library that guards call.
  struct Originals {
    lua_CFunction next, rawget, rawset, setmetatable, getmetatable, resume, insert, remove, foreach,
        tostring, xpcall;
  } originals{};

 private:
  static void* Allocate(void* self, void* block, size_t old_size, size_t new_size);
  static int Panic(lua_State* lua);
  void CollectSome();

  const Kind kind_;
  lua_State* lua_ = nullptr;
  size_t bytes_ = 0;
  uint32_t calls_since_gc_ = 0;
  ScriptRun* run_ = nullptr;
  LibraryLoad* load_ = nullptr;
  ScriptRandom random_;
};

}  // namespace basalt::script
