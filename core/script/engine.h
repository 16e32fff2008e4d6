// ScriptEngine: what one shard runs scripts with: its two Vms, each made when first needed, and
// what has been compiled in them. Hung on the Shard; it brings itself up to date with the
// ScriptStore at every call. Owner: the shard's thread.
//
// A run that turns out to need keys of other shards is taken back (undo_log.h, Journal::AbortGroup)
// and asks to be run again with every shard parked (CommandContext::Escalate). Scripts that do so
// are remembered, and ask at once from then on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/script/run.h"
#include "core/script/script_store.h"
#include "core/script/text_map.h"
#include "core/script/undo_log.h"
#include "core/script/vm.h"
#include "core/shard/command_context.h"
#include "core/shard/extension.h"

namespace basalt::script {

class ScriptEngine final : public ScriptHost {
 public:
  explicit ScriptEngine(ScriptStore* store) : store_(*store) {}

  // The engine a command runs scripts with.
  static ScriptEngine& Of(const CommandContext& ctx) {
    return *static_cast<ScriptEngine*>(ctx.scripts());
  }

  ScriptStore& store() { return store_; }

  // EVAL, EVALSHA and FCALL: args[1] is the body, SHA1 or function, args[2] says how many keys
  // follow. Replies.
  void Eval(CommandContext& ctx, bool read_only);
  void EvalSha(CommandContext& ctx, bool read_only);
  void Fcall(CommandContext& ctx, bool read_only);
  // SCRIPT LOAD. Empty, or the error reply; *sha is set otherwise.
  std::string Load(std::string_view body, std::string* sha);

  // Of EVAL and EVALSHA; nothing is known of functions, nor of a script that nobody has run yet.
  bool KeepsToItsKeys(const CommandSpec& spec, Args args) override;

  // Bytes of the Lua states; for INFO, with the shard parked.
  size_t eval_bytes() const { return eval_ != nullptr ? eval_->bytes() : 0; }
  size_t function_bytes() const { return functions_ != nullptr ? functions_->bytes() : 0; }

 private:
  struct Compiled {
    std::shared_ptr<Script> script;
    int reference = LUA_NOREF;  // none until this shard runs it
  };
  struct LoadedLibrary {
    FunctionRegistry::LibraryPtr library;
    std::vector<int> references;
  };
  struct Function {
    std::string name;
    int reference = LUA_NOREF;
    uint32_t flags = 0;
  };
  // What a run is of.
  struct Target {
    Vm* vm;
    int reference;
    std::string_view name;
    uint32_t flags;
    Script* script;  // what is learnt about it goes here; null: nowhere
  };

  // KEYS and ARGV of the command; false after an error reply.
  bool ReadKeys(CommandContext& ctx, std::string_view bad_count);
  // Forgets what SCRIPT FLUSH has made void.
  void RefreshScripts();
  Vm& EvalVm();
  // Each: null with *error set when it does not compile. From a body, known or not; ...
  const Compiled* Prepare(std::string_view body, std::string* sha, std::string* error);
  // ... of what is known, on this shard or on another; ...
  const Compiled* Ready(const Compiled* known, std::string* error);
  // ... in any case.
  const Compiled* Compile(std::shared_ptr<Script> script, std::string* error);
  // Null: no shard has it.
  Compiled* FindAnywhere(std::string_view sha);
  Compiled* Keep(std::shared_ptr<Script> script);
  void RefreshFunctions();
  void LoadIntoVm(const FunctionRegistry::LibraryPtr& library);
  // The checks before a run; false after an error reply.
  bool MayRun(CommandContext& ctx, const Target& target, bool read_only);
  void Run(CommandContext& ctx, const Target& target, bool read_only);
  void RunUndoable(CommandContext& ctx, const Target& target, bool read_only);
  void RunInGroup(CommandContext& ctx, const Target& target, bool read_only);
  ScriptRun::Options OptionsOf(const CommandContext& ctx, const Target& target, bool read_only);
  void TakeBack(CommandContext& ctx, const Journal::Mark& mark);

  ScriptStore& store_;
  std::unique_ptr<Vm> eval_;
  uint64_t generation_ = 0;
  TextMap<std::unique_ptr<Compiled>> known_;  // by SHA1, compiled in eval_ or not yet
  // The same by body, a view of the Script's: most scripts come again and again, and this is
  // quicker than SHA1.
  absl::flat_hash_map<std::string_view, Compiled*, TextHash, std::equal_to<>> by_body_;
  std::unique_ptr<Vm> functions_;
  uint64_t version_ = 0;
  TextMap<LoadedLibrary> libraries_;  // by name, in functions_
  TextMap<Function> by_name_;         // in lower case: FCALL takes any
  UndoLog undo_;
  std::vector<std::string_view> keys_, args_;  // of the run
};

}  // namespace basalt::script
