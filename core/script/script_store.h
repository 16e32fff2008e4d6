// ScriptStore: what the script engines of all shards share, hung on the World: the bodies of EVAL
// scripts by their SHA1, and the function libraries. An engine asks here only for what it has not
// compiled yet, so a running server takes the lock next to never; whether an engine is up to date
// it sees from the two counters. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/script/busy_board.h"
#include "core/script/function_registry.h"
#include "core/script/key_reach.h"
#include "core/script/text_map.h"
#include "core/shard/extension.h"

namespace basalt::script {

// One EVAL script. Immutable but for what its runs have taught.
struct Script {
  Script(std::string_view script_sha, std::string_view script_body, uint32_t script_flags,
         size_t line_bytes, const CommandTable& commands)
      : sha(script_sha),
        body(script_body),
        flags(script_flags),
        shebang_bytes(line_bytes),
        keeps_to_its_keys(
            TouchesOnlyDeclaredKeys(std::string_view(body).substr(line_bytes), commands)) {}

  const std::string sha;
  const std::string body;
  const uint32_t flags;          // ScriptFlag
  const size_t shebang_bytes;    // of its first line, which Lua does not see
  const bool keeps_to_its_keys;  // as its text shows; false: nobody knows
  std::atomic<bool> needs_park{
      false};  // reaches beyond its keys: run with every shard parked from the start
  // How often a run had to be begun again because a write could not be made undoable.
  std::atomic<uint32_t> heavy_runs{0};
};

class ScriptStore final : public Extension {
 public:
  explicit ScriptStore(const CommandTable* commands) : commands_(*commands) {}

  // `sha` in lower case. Null: not known.
  std::shared_ptr<Script> Find(std::string_view sha);
  // Adds the script. Returns it, or the same one that another shard has added before.
  std::shared_ptr<Script> Add(std::shared_ptr<Script> script);
  // SCRIPT FLUSH.
  void Flush();
  // Moves on with every Flush: what was compiled before is void.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  struct Usage {
    size_t scripts = 0;
    size_t bytes = 0;
  };
  Usage usage();

  FunctionRegistry& functions() { return functions_; }
  BusyBoard& busy() { return busy_; }
  const CommandTable& commands() const { return commands_; }

 private:
  const CommandTable& commands_;
  std::mutex mutex_;
  TextMap<std::shared_ptr<Script>> scripts_;
  size_t bytes_ = 0;
  std::atomic<uint64_t> generation_{1};
  FunctionRegistry functions_;
  BusyBoard busy_;
};

}  // namespace basalt::script
