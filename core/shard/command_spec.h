// One row per command: everything that dispatch, COMMAND, ACL categories and the fuzzers need to
// know of it. Rows are constant data; the table is built once at start and only read afterwards, by
// every shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace basalt {

class CommandContext;

// The words of one command; args[0] is its name. Views into memory that outlives the command's
// execution.
struct Args {
  const std::string_view* v = nullptr;
  size_t n = 0;

  std::string_view operator[](size_t i) const { return v[i]; }
  size_t size() const { return n; }
  const std::string_view* begin() const { return v; }
  const std::string_view* end() const { return v + n; }
  Args From(size_t i) const { return {v + i, n - i}; }
};

// Redis's command flags, by their meaning in COMMAND.
enum CommandFlag : uint32_t {
  kWrite = 1 << 0,
  kReadonly = 1 << 1,
  kDenyOom = 1 << 2,
  kAdmin = 1 << 3,
  kPubSub = 1 << 4,
  kNoScript = 1 << 5,
  kBlocking = 1 << 6,
  kLoading = 1 << 7,  // allowed while the data is being loaded
  kStale = 1 << 8,
  kFast = 1 << 9,
  kNoAuth = 1 << 10,
  kNoMulti = 1 << 11,
  kNoAsyncLoading = 1 << 12,
  kMovableKeys = 1 << 13,
  kSkipMonitor = 1 << 14,
  kSkipSlowlog = 1 << 15,
  kAllowBusy = 1 << 16,
  kMayReplicate = 1 << 17,
};

// Where a command runs.
enum class Where : uint8_t {
  kKeys,      // on the shard that owns its keys; over several shards, see Spread
  kBlocking,  // the same; where there is nothing to take it waits for its keys
  kScript,    // on the shard that owns its keys; run again with all shards parked when it turns out
              // to need others
  kHome,      // on the connection's own shard, at once; no keys
  kHomeInTurn,   // the same, once everything the connection sent before has been answered
  kAllShards,    // on the connection's shard, with every other shard parked
  kCursor,       // on the shard that the cursor in args[1] names (SCAN)
  kTransaction,  // MULTI, EXEC, DISCARD, WATCH, UNWATCH, RESET, QUIT: core/tx itself
};

// How a command over several shards is taken apart: each shard runs it for its own keys, and the
// replies become one. Commands that cannot be run with the shards parked.
enum class Spread : uint8_t {
  kNone,
  kArray,  // MGET: an array with an element per key
  kSum,    // DEL, EXISTS: an integer
  kOk,     // MSET
};

// Appends the positions of the command's keys; false when the arguments make no sense (the handler
// will say what).
using KeyFinder = bool (*)(Args args, std::vector<uint32_t>* positions);

// Redis's (first, last, step); last < 0 counts from the end. `finder` replaces it when keys stand
// elsewhere.
struct KeySpec {
  int16_t first = 0;
  int16_t last = 0;
  int16_t step = 0;
  KeyFinder finder = nullptr;

  // One key at a place that is always the same, args[first].
  bool single() const { return first == last && first > 0 && finder == nullptr; }
};

using CommandHandler = void (*)(CommandContext&);

struct CommandSpec {
  const char* name;  // lower case; a subcommand's is "config|get"
  int16_t arity;     // with the name; negative: at least
  uint32_t flags;
  KeySpec keys;
  Where where;
  CommandHandler handler;
  const char* group;       // "string", "generic" ...: selects the ACL category, too
  const char* categories;  // further ACL categories, such as "@dangerous @slow"; may be ""
  // A container's subcommands, each a command of its own to dispatch, statistics and COMMAND.
  // Without rows here, the container's handler tells them apart by itself.
  std::span<const CommandSpec> subcommands = {};
  const char* tips = "";  // COMMAND's hints for clients, separated by spaces
  // kAllShards: whether these words can do with the connection's shard after all. May be null.
  bool (*at_home)(Args) = nullptr;
  Spread spread = Spread::kNone;  // only of commands that end with their keys, each followed by
                                  // what belongs to it
  uint16_t index = 0;             // set by CommandTable: where per-command statistics stand

  bool Has(CommandFlag flag) const { return flags & flag; }
  bool ArityFits(size_t args) const {
    return arity >= 0 ? args == static_cast<size_t>(arity) : args >= static_cast<size_t>(-arity);
  }
};

// Whether one of them, of which each has a `spec`, has one of these flags.
template <class Commands>
bool AnyHas(const Commands& commands, uint32_t flags) {
  return std::any_of(commands.begin(), commands.end(),
                     [flags](const auto& command) { return (command.spec->flags & flags) != 0; });
}

class CommandTable {
 public:
  explicit CommandTable(std::span<const std::span<const CommandSpec>> groups);

  // Any case. Null when there is no such command.
  const CommandSpec* Find(std::string_view name) const;
  // The command that these words call: a subcommand when args[0] is a container of rows. Null when
  // there is none.
  const CommandSpec* Find(Args args) const {
    const CommandSpec* spec = Find(args[0]);
    return spec == nullptr || spec->subcommands.empty() || args.size() < 2 ? spec
                                                                           : FindIn(*spec, args[1]);
  }
  // The subcommand `name` of a container, or null.
  static const CommandSpec* FindIn(const CommandSpec& container, std::string_view name);
  // Commands first, then all subcommands; by CommandSpec::index.
  const std::vector<CommandSpec>& all() const { return all_; }
  std::span<const CommandSpec> commands() const { return std::span(all_).first(commands_); }

 private:
  struct Bucket {
    uint64_t word[2] = {0, 0};  // the name's first 16 bytes, lower case
    const CommandSpec* spec = nullptr;
    // Of a name that is all letters and all in `word`: a name of this size with these words is it.
    size_t exact_size = 0;
  };

  std::vector<Bucket> buckets_;  // open addressing, power of two
  std::vector<CommandSpec> all_;
  size_t commands_ = 0;
};

// The positions of the keys of `args` (0 is the name), by spec. False when a finder cannot make
// sense of them.
bool FindKeys(const CommandSpec& spec, Args args, std::vector<uint32_t>* positions);

}  // namespace basalt
