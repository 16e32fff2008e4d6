#include "core/cmd/groups.h"
#include "core/cmd/key_handlers.h"

namespace basalt {
namespace {

constexpr KeySpec kFirst{1, 1, 1};
constexpr KeySpec kAll{1, -1, 1};

constexpr CommandSpec kCommands[] = {
    {"del", -2, kWrite, kAll, Where::kKeys, DelCommand, "generic", ""},
    {"unlink", -2, kWrite | kFast, kAll, Where::kKeys, DelCommand, "generic", ""},
    {"exists", -2, kReadonly | kFast, kAll, Where::kKeys, ExistsCommand, "generic", ""},
    {"type", 2, kReadonly | kFast, kFirst, Where::kKeys, TypeCommand, "generic", ""},
    {"touch", -2, kReadonly | kFast, kAll, Where::kKeys, TouchCommand, "generic", ""},
};

}  // namespace

std::span<const CommandSpec> KeyCommands() { return kCommands; }

}  // namespace basalt
