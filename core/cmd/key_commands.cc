#include "core/cmd/arguments.h"
#include "core/cmd/groups.h"
#include "core/cmd/key_handlers.h"

namespace basalt {
namespace {

constexpr KeySpec kFirst{1, 1, 1};
constexpr KeySpec kAll{1, -1, 1};
constexpr KeySpec kTwo{1, 2, 1};

// OBJECT <subcommand> <key>; HELP has no key.
bool ObjectKeys(Args args, std::vector<uint32_t>* positions) {
  if (args.size() == 3) positions->push_back(2);
  return true;
}

// The key to sort, and where STORE puts the result: the last STORE counts. What BY and GET make up depends on the data, which
// is why SORT runs with all shards parked.
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

constexpr const char* kSortCategories = "@set @sortedset @list @dangerous";

constexpr CommandSpec kCommands[] = {
    {"del", -2, kWrite, kAll, Where::kKeys, DelCommand, "generic", ""},
    {"unlink", -2, kWrite | kFast, kAll, Where::kKeys, DelCommand, "generic", ""},
    {"exists", -2, kReadonly | kFast, kAll, Where::kKeys, ExistsCommand, "generic", ""},
    {"type", 2, kReadonly | kFast, kFirst, Where::kKeys, TypeCommand, "generic", ""},
    {"touch", -2, kReadonly | kFast, kAll, Where::kKeys, TouchCommand, "generic", ""},
    {"rename", 3, kWrite, kTwo, Where::kKeys, RenameCommand, "generic", ""},
    {"renamenx", 3, kWrite | kFast, kTwo, Where::kKeys, RenamenxCommand, "generic", ""},
    {"copy", -3, kWrite | kDenyOom, kTwo, Where::kKeys, CopyCommand, "generic", ""},
    {"move", 3, kWrite | kFast, kFirst, Where::kKeys, MoveCommand, "generic", ""},
    {"object", -2, 0, {0, 0, 0, ObjectKeys}, Where::kKeys, ObjectCommand, "generic", ""},
    {"dump", 2, kReadonly, kFirst, Where::kKeys, DumpCommand, "generic", ""},
    {"restore", -4, kWrite | kDenyOom, kFirst, Where::kKeys, RestoreCommand, "generic", "@dangerous"},
    {"swapdb", 3, kWrite | kFast, {}, Where::kAllShards, SwapdbCommand, "generic", "@dangerous"},
    {"flushdb", -1, kWrite, {}, Where::kAllShards, FlushdbCommand, "generic", "@dangerous"},
    {"flushall", -1, kWrite, {}, Where::kAllShards, FlushallCommand, "generic", "@dangerous"},
    {"sort", -2, kWrite | kDenyOom | kMovableKeys, {1, 1, 1, SortKeys}, Where::kAllShards, SortCommand, "generic",
     kSortCategories},
    {"sort_ro", -2, kReadonly | kMovableKeys, {1, 1, 1, SortKeys}, Where::kAllShards, SortCommand, "generic",
     kSortCategories},
};

}  // namespace

std::span<const CommandSpec> KeyCommands() { return kCommands; }

}  // namespace basalt
