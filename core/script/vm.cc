#include "core/script/vm.h"

#include "core/base/alloc.h"
#include "core/base/check.h"
#include "core/base/log.h"
#include "core/base/strings.h"
#include "core/script/from_lua.h"
#include "core/script/library_load.h"
#include "core/script/run.h"
#include "core/script/sandbox.h"

namespace basalt::script {
namespace {

constexpr uint32_t kCallsPerGc = 50;
constexpr int kGcStep = 50;
constexpr int kHookInstructions = 100'000;

int OpenAll(lua_State* lua) {
  OpenSandbox(lua);
  return 0;
}

// Everything a protected call needs of its caller; see Vm::Call.
struct CallFrame {
  int reference;
  ScriptRun& run;
  const std::vector<std::string_view>& keys;
  const std::vector<std::string_view>& args;
};

void PushList(lua_State* lua, const std::vector<std::string_view>& words) {
  lua_createtable(lua, static_cast<int>(words.size()), 0);
  for (size_t i = 0; i < words.size(); ++i) {
    Push(lua, words[i]);
    lua_rawseti(lua, -2, static_cast<int>(i) + 1);
  }
}

std::string_view FieldText(lua_State* lua, int table, const char* name) {
  lua_getfield(lua, table, name);
  return lua_isstring(lua, -1) ? Text(lua, -1) : std::string_view();
}

// The reply to the error table on top: its text, and where it came from.
void ReplyError(lua_State* lua, ScriptRun& run) {
  const int table = lua_gettop(lua);
  if (!lua_istable(lua, table)) {  // the handler itself failed
    run.failure = StrCat(
        "ERR ", lua_isstring(lua, table) ? Text(lua, table) : std::string_view("unknown error"));
    return;
  }
  std::string_view text = FieldText(lua, table, "err");
  std::string_view source = FieldText(lua, table, "source");
  std::string_view line = FieldText(lua, table, "line");
  run.failure = text;
  StrAppend(&run.failure, " script: ", run.options().name);
  if (!source.empty() && !line.empty()) StrAppend(&run.failure, ", on ", source, ":", line, ".");
}

// Of a script that was killed: where it stood.
void KeepPlace(lua_State* lua, ScriptRun& run) {
  if (!lua_istable(lua, -1)) lua_newtable(lua);
  lua_pushliteral(lua, "ERR Script killed by user with SCRIPT KILL...");
  lua_setfield(lua, -2, "err");
  ReplyError(lua, run);
}

int CallBody(lua_State* lua) {
  CallFrame& frame = *static_cast<CallFrame*>(lua_touserdata(lua, 1));
  lua_settop(lua, 0);
  lua_pushcfunction(lua, HandleError);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, frame.reference);
  int arguments = 0;
  if (Vm::Of(lua).kind() == Vm::Kind::kEval) {
    PushGlobals(lua);
    PushList(lua, frame.keys);
    lua_setfield(lua, -2, "KEYS");
    PushList(lua, frame.args);
    lua_setfield(lua, -2, "ARGV");
    lua_pop(lua, 1);
  } else {
    PushList(lua, frame.keys);
    PushList(lua, frame.args);
    arguments = 2;
  }
  int status = lua_pcall(lua, arguments, 1, 1);
  if (frame.run.unwind() == Unwind::kKilled) KeepPlace(lua, frame.run);
  if (frame.run.unwind() != Unwind::kNot) return 0;
  if (status != 0) {
    ReplyError(lua, frame.run);
  } else {
    WriteValue(lua, frame.run.caller().reply, frame.run.resp);
  }
  return 0;
}

struct LoadFrame {
  std::string_view code;
  std::string* error;
};

int LoadBody(lua_State* lua) {
  LoadFrame& frame = *static_cast<LoadFrame*>(lua_touserdata(lua, 1));
  lua_settop(lua, 0);
  lua_pushcfunction(lua, HandleError);
  if (luaL_loadbuffer(lua, frame.code.data(), frame.code.size(), "@user_function") != 0) {
    *frame.error = StrCat("ERR Error compiling function: ", Text(lua, -1));
    return 0;
  }
  UseLoadGlobals(lua, true);
  int status = lua_pcall(lua, 0, 0, 1);
  UseLoadGlobals(lua, false);
  if (status != 0)
    *frame.error = StrCat("ERR Error registering functions: ", FieldText(lua, -1, "err"));
  return 0;
}

struct CompileFrame {
  std::string_view code;
  const char* chunk;
  std::string* error;
  int reference;
};

int CompileBody(lua_State* lua) {
  CompileFrame& frame = *static_cast<CompileFrame*>(lua_touserdata(lua, 1));
  if (frame.code.starts_with(LUA_SIGNATURE[0])) {
    *frame.error = "bytecode is not loaded";
  } else if (luaL_loadbuffer(lua, frame.code.data(), frame.code.size(), frame.chunk) != 0) {
    *frame.error = Text(lua, -1);
  } else {
    frame.reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  }
  return 0;
}

void Hook(lua_State* lua, lua_Debug*) {
  ScriptRun* run = Vm::Of(lua).run();
  if (run == nullptr) return;
  if (run->unwind() == Unwind::kNot) run->Tick();
  if (run->unwind() != Unwind::kNot) RaiseUnwind(lua);
}

}  // namespace

Vm::Vm(Kind kind) : kind_(kind) {
  lua_ = lua_newstate(Allocate, this);
  BASALT_CHECK(lua_ != nullptr);
  lua_atpanic(lua_, Panic);
  int status = lua_cpcall(lua_, OpenAll, nullptr);
  if (status != 0) LogWarning("The sandbox of scripts cannot be made: ", Text(lua_, -1));
  BASALT_CHECK(status == 0);
  lua_sethook(lua_, Hook, LUA_MASKCOUNT, kHookInstructions);
}

Vm::~Vm() { lua_close(lua_); }

void* Vm::Allocate(void* self, void* block, size_t old_size, size_t new_size) {
  Vm& vm = *static_cast<Vm*>(self);
  if (new_size == 0) {
    if (block != nullptr) vm.bytes_ -= old_size;
    Free(block);
    return nullptr;
  }
  const size_t held = block != nullptr ? old_size : 0;
  if (new_size > held && vm.bytes_ + (new_size - held) > kBytesMax) return nullptr;
  vm.bytes_ += new_size - held;
  return Reallocate(block, new_size);
}

// Only an error outside of any protected call gets here.
int Vm::Panic(lua_State* lua) {
  LogWarning("Lua: ", lua_isstring(lua, -1) ? Text(lua, -1) : std::string_view("error"));
  BASALT_CHECK(false);
  return 0;
}

int Vm::Compile(std::string_view code, const char* chunk, std::string* error) {
  CompileFrame frame{code, chunk, error, LUA_NOREF};
  if (lua_cpcall(lua_, CompileBody, &frame) != 0) *error = Text(lua_, -1);
  lua_settop(lua_, 0);
  return frame.reference;
}

void Vm::Call(int reference, ScriptRun& run, const std::vector<std::string_view>& keys,
              const std::vector<std::string_view>& args) {
  const size_t begin = run.caller().reply.buffer()->size();
  CallFrame frame{reference, run, keys, args};
  run_ = &run;
  if (lua_cpcall(lua_, CallBody, &frame) != 0)
    run.failure = StrCat("ERR ", Text(lua_, -1), " script: ", run.options().name);
  run_ = nullptr;
  lua_settop(lua_, 0);
  if (run.unwind() != Unwind::kNot || !run.failure.empty())
    run.caller().reply.buffer()->resize(begin);
  if (!run.failure.empty()) run.caller().reply.Error(run.failure);
  CollectSome();
}

bool Vm::LoadLibrary(std::string_view code, LibraryLoad& load, std::string* error) {
  LoadFrame frame{code, error};
  load_ = &load;
  if (lua_cpcall(lua_, LoadBody, &frame) != 0)
    *error = StrCat("ERR Error registering functions: ERR ", Text(lua_, -1));
  load_ = nullptr;
  lua_settop(lua_, 0);
  return error->empty();
}

void Vm::CollectSome() {
  lua_gc(lua_, LUA_GCRESTART, 0);  // a script may have stopped it
  if (++calls_since_gc_ < kCallsPerGc) return;
  calls_since_gc_ = 0;
  lua_gc(lua_, LUA_GCSTEP, kGcStep);
}

}  // namespace basalt::script
