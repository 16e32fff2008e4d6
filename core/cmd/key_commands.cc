#include "core/cmd/arguments.h"
#include "core/cmd/groups.h"
#include "core/cmd/key_handlers.h"
#include "core/cmd/row_words.h"

namespace basalt {
namespace {

// The key to sort, and where STORE puts the result: the last STORE counts. What BY and GET make up
// depends on the data, which is why SORT runs with all shards parked.
bool SortKeys(Args args, std::vector<uint32_t>* positions) {
  positions->push_back(1);
  uint32_t store = 0;
  for (size_t i = 2; i < args.size(); ++i) {
    if (Is(args[i], "LIMIT")) {
      i += 2;
    } else if (Is(args[i], "BY") || Is(args[i], "GET")) {
      i += 1;
    } else if (Is(args[i], "STORE") && i + 1 < args.size()) {
      store = static_cast<uint32_t>(++i);
    }
  }
  if (store != 0) positions->push_back(store);
  return true;
}

constexpr KeySpec kSecond{2, 2, 1};

// clang-format off
constexpr CommandSpec kObjectSubcommands[] = {
    {"object|encoding", 3, kReadonly, kSecond, Where::kKeys, ObjectEncodingCommand, "generic", "", {}, "nondeterministic_output"},
    {"object|freq", 3, kReadonly, kSecond, Where::kKeys, ObjectFreqCommand, "generic", "", {}, "nondeterministic_output"},
    {"object|help", 2, kLoading | kStale, {}, Where::kHome, ObjectHelpCommand, "generic", ""},
    {"object|idletime", 3, kReadonly, kSecond, Where::kKeys, ObjectIdletimeCommand, "generic", "", {}, "nondeterministic_output"},
    {"object|refcount", 3, kReadonly, kSecond, Where::kKeys, ObjectRefcountCommand, "generic", "", {}, "nondeterministic_output"},
};
// clang-format on

constexpr const char* kSortCategories = "@set @sortedset @list @dangerous";

// clang-format off
constexpr CommandSpec kKeyCommands[] = {
    {"del", -2, kWrite, kAll, Where::kKeys, DelCommand, "generic", "", {},
     "request_policy:multi_shard response_policy:agg_sum", nullptr, Spread::kSum},
    {"unlink", -2, kWrite | kFast, kAll, Where::kKeys, DelCommand, "generic", "", {},
     "request_policy:multi_shard response_policy:agg_sum", nullptr, Spread::kSum},
    {"exists", -2, kReadonly | kFast, kAll, Where::kKeys, ExistsCommand, "generic", "", {},
     "request_policy:multi_shard response_policy:agg_sum", nullptr, Spread::kSum},
    {"type", 2, kReadonly | kFast, kFirst, Where::kKeys, TypeCommand, "generic", ""},
    {"touch", -2, kReadonly | kFast, kAll, Where::kKeys, TouchCommand, "generic", "", {},
     "request_policy:multi_shard response_policy:agg_sum", nullptr, Spread::kSum},
    {"rename", 3, kWrite, kTwo, Where::kKeys, RenameCommand, "generic", ""},
    {"renamenx", 3, kWrite | kFast, kTwo, Where::kKeys, RenamenxCommand, "generic", ""},
    {"copy", -3, kWrite | kDenyOom, kTwo, Where::kKeys, CopyCommand, "generic", ""},
    {"move", 3, kWrite | kFast, kFirst, Where::kKeys, MoveCommand, "generic", ""},
    {.name = "object", .arity = -2, .flags = 0, .where = Where::kHome, .handler = ObjectCommand, .group = "generic",
     .categories = "", .subcommands = kObjectSubcommands},
    {"dump", 2, kReadonly, kFirst, Where::kKeys, DumpCommand, "generic", "", {},
     "nondeterministic_output"},
    {"restore", -4, kWrite | kDenyOom, kFirst, Where::kKeys, RestoreCommand, "generic", "@dangerous"},
    {"swapdb", 3, kWrite | kFast, {}, Where::kAllShards, SwapdbCommand, "generic", "@dangerous"},
    {"flushdb", -1, kWrite, {}, Where::kAllShards, FlushdbCommand, "generic", "@dangerous", {},
     "request_policy:all_shards response_policy:all_succeeded"},
    {"flushall", -1, kWrite, {}, Where::kAllShards, FlushallCommand, "generic", "@dangerous", {},
     "request_policy:all_shards response_policy:all_succeeded"},
    {"sort", -2, kWrite | kDenyOom | kMovableKeys, {1, 1, 1, SortKeys}, Where::kAllShards, SortCommand, "generic",
     kSortCategories},
    {"sort_ro", -2, kReadonly | kMovableKeys, {1, 1, 1, SortKeys}, Where::kAllShards, SortCommand, "generic",
     kSortCategories},
};
// clang-format on

}  // namespace

std::span<const CommandSpec> KeyCommands() { return kKeyCommands; }

}  // namespace basalt
