#include "core/script/engine.h"

#include "absl/container/inlined_vector.h"
#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/script/library_load.h"
#include "core/script/sha1.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt::script {
namespace {

constexpr char kScriptChunk[] = "@user_script";
constexpr char kWriteInReadOnly[] =
    "ERR Can not execute a script with write flag using *_ro command.";
// A script that so often could not be made undoable is run with every shard parked from the start.
constexpr uint32_t kHeavyRunsMax = 3;

// Whether a run here may meet keys that are not at hand.
bool MayReachOut(const CommandContext& ctx) {
  return ctx.world() != nullptr && ctx.world()->shard_count() > 1 && !ctx.parked_world();
}

}  // namespace

// --- what is compiled

void ScriptEngine::RefreshScripts() {
  const uint64_t now = store_.generation();
  if (now == generation_) return;
  generation_ = now;
  by_body_.clear();
  known_.clear();
  eval_.reset();
}

Vm& ScriptEngine::EvalVm() {
  RefreshScripts();
  if (eval_ == nullptr) eval_ = std::make_unique<Vm>(Vm::Kind::kEval);
  return *eval_;
}

ScriptEngine::Compiled* ScriptEngine::Keep(std::shared_ptr<Script> script) {
  std::unique_ptr<Compiled>& compiled = known_[script->sha];
  if (compiled == nullptr) compiled = std::make_unique<Compiled>();
  // The view must not outlive what it looks into.
  if (compiled->script != nullptr) by_body_.erase(std::string_view(compiled->script->body));
  compiled->script = std::move(script);
  by_body_[compiled->script->body] = compiled.get();
  return compiled.get();
}

ScriptEngine::Compiled* ScriptEngine::FindAnywhere(std::string_view sha) {
  if (auto it = known_.find(sha); it != known_.end()) return it->second.get();
  std::shared_ptr<Script> script = store_.Find(sha);
  return script == nullptr ? nullptr : Keep(std::move(script));
}

const ScriptEngine::Compiled* ScriptEngine::Compile(std::shared_ptr<Script> script,
                                                    std::string* error) {
  std::string_view code(script->body);
  // The line end stays, so that lines are counted right.
  if (script->shebang_bytes > 0) code.remove_prefix(script->shebang_bytes);
  std::string why;
  int reference = EvalVm().Compile(code, kScriptChunk, &why);
  if (reference == LUA_NOREF) {
    *error = StrCat("ERR Error compiling script (new function): ", why);
    return nullptr;
  }
  Compiled* compiled = Keep(std::move(script));
  compiled->reference = reference;
  return compiled;
}

const ScriptEngine::Compiled* ScriptEngine::Prepare(std::string_view body, std::string* sha,
                                                    std::string* error) {
  RefreshScripts();
  *sha = Sha1Hex(body);
  if (const Compiled* known = FindAnywhere(*sha)) return Ready(known, error);
  Shebang shebang;
  if (!ParseScriptShebang(body, &shebang, error)) return nullptr;
  // Compiled first: what does not compile is not kept.
  auto script =
      std::make_shared<Script>(*sha, body, shebang.flags, shebang.length, store_.commands());
  const Compiled* compiled = Compile(script, error);
  if (compiled == nullptr) return nullptr;
  const int reference = compiled->reference;
  Compiled* kept = Keep(store_.Add(std::move(script)));
  kept->reference = reference;
  return kept;
}

const ScriptEngine::Compiled* ScriptEngine::Ready(const Compiled* known, std::string* error) {
  return known->reference != LUA_NOREF ? known : Compile(known->script, error);
}

std::string ScriptEngine::Load(std::string_view body, std::string* sha) {
  std::string error;
  Prepare(body, sha, &error);
  return error;
}

bool ScriptEngine::KeepsToItsKeys(const CommandSpec& spec, Args args) {
  const std::string_view name = spec.name;
  if (!name.starts_with("eval")) return false;
  RefreshScripts();
  const Compiled* compiled = nullptr;
  if (name.starts_with("evalsha")) {
    compiled = FindAnywhere(ToLower(args[1]));
  } else if (auto it = by_body_.find(args[1]); it != by_body_.end()) {
    compiled = it->second;
  } else {
    compiled = FindAnywhere(Sha1Hex(args[1]));
  }
  return compiled != nullptr && compiled->script->keeps_to_its_keys;
}

// --- EVAL, EVALSHA, FCALL

bool ScriptEngine::ReadKeys(CommandContext& ctx, std::string_view bad_count) {
  int64_t count = 0;
  auto fail = [&](std::string_view error) {
    ctx.reply.Error(error);
    return false;
  };
  if (!ParseInt64(ctx.args[2], &count)) return fail(bad_count);
  if (count > static_cast<int64_t>(ctx.args.size()) - 3) return fail(errors::kNumkeysTooMany);
  if (count < 0) return fail(errors::kNumkeysNegative);
  const std::string_view* words = ctx.args.begin() + 3;
  keys_.assign(words, words + count);
  args_.assign(words + count, ctx.args.end());
  return true;
}

void ScriptEngine::Eval(CommandContext& ctx, bool read_only) {
  if (!ReadKeys(ctx, errors::kNotInteger)) return;
  RefreshScripts();
  std::string sha, error;
  const auto it = by_body_.find(ctx.args[1]);
  const Compiled* compiled =
      it != by_body_.end() ? Ready(it->second, &error) : Prepare(ctx.args[1], &sha, &error);
  if (compiled == nullptr) return ctx.reply.Error(error);
  Script& script = *compiled->script;
  Run(ctx, {eval_.get(), compiled->reference, script.sha, script.flags, &script}, read_only);
}

void ScriptEngine::EvalSha(CommandContext& ctx, bool read_only) {
  if (ctx.args[1].size() != kShaHexBytes) return ctx.reply.Error(errors::kNoScript);
  if (!ReadKeys(ctx, errors::kNotInteger)) return;
  RefreshScripts();
  const Compiled* known = FindAnywhere(ToLower(ctx.args[1]));
  if (known == nullptr) return ctx.reply.Error(errors::kNoScript);
  std::string error;
  const Compiled* compiled = Ready(known, &error);
  if (compiled == nullptr) return ctx.reply.Error(error);
  Script& script = *compiled->script;
  Run(ctx, {eval_.get(), compiled->reference, script.sha, script.flags, &script}, read_only);
}

void ScriptEngine::Fcall(CommandContext& ctx, bool read_only) {
  RefreshFunctions();
  auto it = by_name_.find(ToLower(ctx.args[1]));
  if (it == by_name_.end()) return ctx.reply.Error("ERR Function not found");
  if (!ReadKeys(ctx, "ERR Bad number of keys provided")) return;
  Run(ctx, {functions_.get(), it->second.reference, it->second.name, it->second.flags, nullptr},
      read_only);
}

// --- functions

void ScriptEngine::RefreshFunctions() {
  if (uint64_t now = store_.functions().version(); functions_ != nullptr && now == version_) {
    return;
  } else {
    version_ = now;
  }
  if (functions_ == nullptr) functions_ = std::make_unique<Vm>(Vm::Kind::kFunctions);
  const FunctionRegistry::Libraries wanted = store_.functions().All();
  for (auto it = libraries_.begin(); it != libraries_.end();) {
    auto other = wanted.find(it->first);
    if (other != wanted.end() && other->second == it->second.library) {
      ++it;
      continue;
    }
    for (int reference : it->second.references) functions_->Release(reference);
    for (const FunctionInfo& function : it->second.library->functions)
      by_name_.erase(ToLower(function.name));
    libraries_.erase(it++);
  }
  for (const auto& [name, library] : wanted) {
    if (!libraries_.contains(name)) LoadIntoVm(library);
  }
}

void ScriptEngine::LoadIntoVm(const FunctionRegistry::LibraryPtr& library) {
  LibraryLoad load;
  std::string error;
  Shebang shebang;
  ParseLibraryShebang(library->code, &shebang, &error);
  if (!functions_->LoadLibrary(std::string_view(library->code).substr(shebang.length), load,
                               &error)) {
    LogWarning("Function library ", library->name, " does not load: ", error);
    return;
  }
  LoadedLibrary& loaded = libraries_[library->name];
  loaded.library = library;
  for (const LoadedFunction& function : load.functions) {
    loaded.references.push_back(function.reference);
    by_name_[ToLower(function.name)] = {function.name, function.reference, function.flags};
  }
}

// --- a run

bool ScriptEngine::MayRun(CommandContext& ctx, const Target& target, bool read_only) {
  if (target.flags & kCompatible) return true;
  auto fail = [&](std::string_view error) {
    ctx.reply.Error(error);
    return false;
  };
  const World* world = ctx.world();
  if (!(target.flags & kNoWrites)) {
    const std::string refusal = world != nullptr ? world->WriteRefusal() : std::string();
    if (!refusal.empty()) return fail(refusal);
    if (read_only) return fail(kWriteInReadOnly);
  }
  if (!(target.flags & (kNoWrites | kAllowOom)) && world != nullptr &&
      world->over_memory.load(std::memory_order_relaxed)) {
    return fail(errors::kOom);
  }
  return true;
}

void ScriptEngine::Run(CommandContext& ctx, const Target& target, bool read_only) {
  if (!MayRun(ctx, target, read_only)) return;
  read_only |= (target.flags & kNoWrites) != 0;
  if (!MayReachOut(ctx) || (target.script != nullptr && target.script->keeps_to_its_keys)) {
    return RunInGroup(ctx, target, read_only);
  }
  if (target.script != nullptr && target.script->needs_park.load(std::memory_order_relaxed))
    return ctx.Escalate();
  RunUndoable(ctx, target, read_only);
}

ScriptRun::Options ScriptEngine::OptionsOf(const CommandContext& ctx, const Target& target,
                                           bool read_only) {
  ScriptRun::Options options{.name = target.name, .flags = target.flags, .read_only = read_only};
  options.is_function = target.vm->kind() == Vm::Kind::kFunctions;
  if (ctx.world() == nullptr || ctx.shard() == nullptr) return options;
  options.busy = &store_.busy();
  return options;
}

// With everything the script may touch at hand. In each log its effects are one group.
void ScriptEngine::RunInGroup(CommandContext& ctx, const Target& target, bool read_only) {
  absl::InlinedVector<Journal::Mark, 1> marks;
  ctx.ForEachKeyspace(
      [&](Keyspace& keyspace) { marks.push_back(keyspace.journal().BeginUndoableGroup()); });
  ScriptRun run(ctx, OptionsOf(ctx, target, read_only));
  target.vm->Call(target.reference, run, keys_, args_);
  // Only a server that goes down ends a script that has written (SHUTDOWN NOSAVE): the log gets all
  // of a script or nothing.
  const bool torn = (run.unwind() == Unwind::kKilled && run.wrote()) ||
                    (MutantIs("script-part-unlogged") && ctx.reply.errors() > 0);
  if (run.unwind() != Unwind::kNot && run.unwind() != Unwind::kKilled) {
    LogWarning("Script ", target.name, " was taken for one that keeps to its keys, and does not.");
    ctx.reply.Error("ERR Script attempted to access keys that it does not declare");
  }
  size_t i = 0;
  ctx.ForEachKeyspace([&](Keyspace& keyspace) {
    torn ? keyspace.journal().AbortGroup(marks[i++]) : keyspace.journal().EndUndoableGroup();
  });
}

void ScriptEngine::RunUndoable(CommandContext& ctx, const Target& target, bool read_only) {
  Journal& journal = ctx.local().journal();
  undo_.Begin(ctx.local());
  const Journal::Mark mark = journal.BeginUndoableGroup();
  ScriptRun::Options options = OptionsOf(ctx, target, read_only);
  options.undo = &undo_;
  ScriptRun run(ctx, options);
  target.vm->Call(target.reference, run, keys_, args_);
  const bool again = run.unwind() == Unwind::kPark || run.unwind() == Unwind::kParkOnce ||
                     run.unwind() == Unwind::kParkNow;
  const bool torn = run.unwind() == Unwind::kKilled && run.wrote();
  if (!again && !torn) {
    journal.EndUndoableGroup();
    return undo_.Commit();
  }
  TakeBack(ctx, mark);
  if (torn) return;
  if (target.script != nullptr) {
    bool always = run.unwind() == Unwind::kPark;
    if (run.unwind() == Unwind::kParkOnce) {
      always =
          target.script->heavy_runs.fetch_add(1, std::memory_order_relaxed) + 1 >= kHeavyRunsMax;
    }
    if (always) target.script->needs_park.store(true, std::memory_order_relaxed);
  }
  ctx.Escalate();
}

void ScriptEngine::TakeBack(CommandContext& ctx, const Journal::Mark& mark) {
  const bool wrote = MutantIs("escalate-no-rollback") ? undo_.Commit(), false : undo_.Rollback();
  ctx.local().journal().AbortGroup(mark);
  // Readers of these keys wait for the open batch (DirtyKeys): there must be one. So it gets a
  // record that changes nothing.
  if (wrote && ctx.local().dirty_keys().enabled()) {
    auto [db, key] = undo_.AnyKey();
    ctx.local().journal().Record(db, {"EXISTS", key});
  }
  undo_.Commit();
}

}  // namespace basalt::script
