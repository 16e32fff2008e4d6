#include "core/script/run.h"

#include <utility>

#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt::script {

ScriptRun::ScriptRun(CommandContext& caller, const Options& options)
    : caller_(caller), options_(options), db_(caller.db_index()) {
  if (options_.busy != nullptr) started_us_ = caller.world()->clock().MonotonicMicros();
}

ScriptRun::~ScriptRun() {
  if (!on_board_) return;
  options_.busy->Leave(caller_.shard()->id());
  caller_.shard()->EndBusy();
}

void ScriptRun::Tick() {
  if (options_.busy == nullptr) return;
  const int64_t threshold_ms = caller_.world()->config().busy_reply_threshold;
  const ShardId shard = caller_.shard()->id();
  if (!on_board_) {
    if (threshold_ms == 0 ||
        caller_.world()->clock().MonotonicMicros() - started_us_ < threshold_ms * 1000)
      return;
    BusyBoard::Running running{.name = std::string(options_.name),
                               .is_function = options_.is_function,
                               .started_us = started_us_};
    for (std::string_view word : caller_.args) running.command.emplace_back(word);
    options_.busy->Enter(shard, std::move(running));
    on_board_ = true;
    if (wrote_) options_.busy->NoteWritten(shard);
    LogWarning("Slow script detected: still in execution after ", threshold_ms,
               " milliseconds. Script name is: ", options_.name, ".");
  }
  const bool stopping = caller_.shard()->ServeWhileBusy(
      options_.is_function ? World::BusyKind::kFunction : World::BusyKind::kScript);
  if (stopping) {
    unwind_ = Unwind::kKilled;
  } else if (!wrote_ && options_.busy->KillWanted(shard)) {
    unwind_ = Unwind::kKilled;
    LogNotice("Script killed by user with ", options_.is_function ? "FUNCTION" : "SCRIPT",
              " KILL.");
  }
}

bool ScriptRun::Refuse(std::string_view why) {
  error = why;
  return false;
}

// The checks in Redis's order.
bool ScriptRun::Execute() {
  const Args args{words.data(), words.size()};
  reply.clear();
  const CommandSpec* spec = caller_.commands().Find(args);
  if (spec == nullptr) return Refuse("ERR Unknown Redis command called from script");
  if (!spec->ArityFits(args.size()))
    return Refuse("ERR Wrong number of args calling Redis command from script");
  if (spec->Has(kNoScript) || spec->where == Where::kTransaction) {
    return Refuse("ERR This Redis command is not allowed from script");
  }
  if (spec->Has(kWrite) && !MayWrite()) return false;
  World* world = caller_.world();
  // What has begun to write may finish: half a script's effects would be worse than some memory too
  // much.
  if (world != nullptr && spec->Has(kDenyOom) && !(options_.flags & kAllowOom) && !wrote_ &&
      world->over_memory.load(std::memory_order_relaxed)) {
    return Refuse(errors::kOom);
  }
  if (!Reaches(*spec, args)) {
    unwind_ = Unwind::kPark;
    return false;
  }
  if (IsLocked(*spec, args)) {
    unwind_ = Unwind::kParkNow;
    return false;
  }
  if (spec->Has(kWrite)) {
    if (options_.undo != nullptr && !options_.undo->Capture(db_, *spec, args, key_positions_)) {
      unwind_ = Unwind::kParkOnce;
      return false;
    }
    wrote_ = true;
    if (on_board_) options_.busy->NoteWritten(caller_.shard()->id());
  }
  Run(*spec, args);
  if (options_.undo != nullptr && spec->Has(kWrite)) options_.undo->AfterCommand();
  return true;
}

bool ScriptRun::MayWrite() {
  if (options_.read_only)
    return Refuse("ERR Write commands are not allowed from read-only scripts.");
  World* world = caller_.world();
  if (world == nullptr || wrote_) return true;
  if (caller_.writes_admitted() && !MutantIs("exec-in-part")) return true;
  std::string refusal = world->WriteRefusal();
  if (refusal.empty() && AnyFrozen()) refusal = caller_.shard()->RefusalWhileFrozen();
  return refusal.empty() || Refuse(refusal);
}

// As with any other write while keys are frozen (Shard::refuses_writes).
bool ScriptRun::AnyFrozen() {
  bool any = false;
  if (caller_.shard() == nullptr) return any;
  caller_.ForEachKeyspace([&](Keyspace& k) { any |= k.dirty_keys().any_frozen(); });
  return any;
}

bool ScriptRun::Reaches(const CommandSpec& spec, Args args) {
  key_positions_.clear();
  if (!FindKeys(spec, args, &key_positions_))
    key_positions_.clear();  // the handler says what is wrong
  if (caller_.parked_world() || caller_.world() == nullptr || caller_.world()->shard_count() == 1)
    return true;
  switch (spec.where) {
    case Where::kKeys:
    case Where::kBlocking:
      for (uint32_t i : key_positions_) {
        if (!caller_.CanReach(args[i])) return false;
      }
      return true;
    case Where::kHome:
    case Where::kHomeInTurn:
      return true;
    case Where::kAllShards:
      return spec.at_home != nullptr && spec.at_home(args);
    case Where::kCursor:
    case Where::kScript:
    case Where::kTransaction:
      return false;
  }
  return false;
}

bool ScriptRun::IsLocked(const CommandSpec& spec, Args args) {
  Shard* shard = caller_.shard();
  if (shard == nullptr || caller_.parked_world() || !shard->locks().any_held()) return false;
  for (uint32_t i : key_positions_) {
    if (shard->locks().Blocks(HashKey(args[i]), !spec.Has(kReadonly))) return true;
  }
  return false;
}

Shard* ScriptRun::SoleOwner(const CommandSpec& spec) {
  if (!caller_.parked_world() || key_positions_.empty()) return nullptr;
  World& world = *caller_.world();
  const auto owner = world.SoleOwnerOf({words.data(), words.size()}, key_positions_);
  return owner.has_value() ? &world.shard(*owner) : nullptr;
}

// In world mode a command's effects are logged as the final states of its keys, whole. A command
// whose keys live on one shard runs as that shard would run it, and is logged as itself: ten
// thousand HSETs of a script do not log the hash ten thousand times.
void ScriptRun::Run(const CommandSpec& spec, Args args) {
  if (Shard* owner = SoleOwner(spec); owner != nullptr) {
    CommandContext context(
        {.local = &owner->keyspace(), .world = caller_.world(), .shard = owner, .in_script = true},
        &reply, resp);
    return RunOn(context, spec, args);  // what it depends on is durable when the park ends
  }
  CommandContext context = caller_.Nested(&reply, resp);
  RunOn(context, spec, args);
  caller_.Adopt(context);
}

void ScriptRun::RunOn(CommandContext& context, const CommandSpec& spec, Args args) {
  context.set_db(db_);
  context.Begin(spec, args, {});
  context.Run();
  db_ = context.db_index();
  if (Shard* shard = caller_.shard(); shard != nullptr) {
    ++shard->stats().calls[spec.index];
    if (context.reply.errors() > 0) ++shard->stats().failed[spec.index];
  }
}

}  // namespace basalt::script
