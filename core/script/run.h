// ScriptRun: one run of a script or function, from its first line to its reply. It stands outside
// of the protected call into Lua and owns whatever the functions of the `redis` table need that has
// a destructor (see lua.h). On the thread that runs the script.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/script/busy_board.h"
#include "core/script/script_flags.h"
#include "core/script/undo_log.h"
#include "core/shard/command_context.h"

namespace basalt::script {

// Why a run is being unwound. No pcall of the script's own stops that.
enum class Unwind : uint8_t {
  kNot,
  kPark,      // it reached for what is not at hand: again with every shard parked
  kParkOnce,  // the same, as a write could not be made undoable
  kParkNow,   // the same, as a key belonged to a transaction over several shards just then
  kKilled,
};

class ScriptRun {
 public:
  struct Options {
    std::string_view name;    // in error texts: the SHA1 or the function
    uint32_t flags = 0;       // ScriptFlag
    bool read_only = false;   // may not write: by its flags, or the command that called it
    UndoLog* undo = nullptr;  // null: nothing will have to be taken back
    bool is_function = false;
    BusyBoard* busy = nullptr;  // null: runs for as long as it likes
  };

  ScriptRun(CommandContext& caller, const Options& options);
  ~ScriptRun();
  ScriptRun(const ScriptRun&) = delete;
  ScriptRun& operator=(const ScriptRun&) = delete;

  CommandContext& caller() { return caller_; }
  const Options& options() const { return options_; }

  // Runs the command in `words`. True: `reply` holds its reply. False: `error` says why it did not
  // run, or unwind() is set. Makes no call into Lua.
  bool Execute();

  std::vector<std::string_view> words;  // of the command to run; views of strings on Lua's stack
  std::string reply;
  std::string error;    // why a command did not run
  std::string failure;  // the reply when the run ends in an error
  int resp = 2;         // the protocol the script wants replies in (redis.setresp)

  Unwind unwind() const { return unwind_; }
  void set_unwind(Unwind why) { unwind_ = why; }
  bool wrote() const { return wrote_; }

  // Now and then while the script runs: it may have become busy, and somebody may want it ended.
  void Tick();

 private:
  bool Refuse(std::string_view why);
  bool MayWrite();
  bool AnyFrozen();
  // Whether everything the command will touch is at hand.
  bool Reaches(const CommandSpec& spec, Args args);
  // Whether one of its keys is held by a transaction, for which commands on declared keys have
  // waited already.
  bool IsLocked(const CommandSpec& spec, Args args);
  // World mode: the shard that owns all the command's keys, or null when there is no such.
  Shard* SoleOwner(const CommandSpec& spec);
  void Run(const CommandSpec& spec, Args args);
  void RunOn(CommandContext& context, const CommandSpec& spec, Args args);

  CommandContext& caller_;
  const Options options_;
  DbIndex db_;  // SELECT moves the script, not its caller
  Unwind unwind_ = Unwind::kNot;
  bool wrote_ = false;
  bool on_board_ = false;
  int64_t started_us_ = 0;
  std::vector<uint32_t> key_positions_;
};

}  // namespace basalt::script
