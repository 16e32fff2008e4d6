#include "core/cmd/arguments.h"
#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"
#include "core/cmd/set_handlers.h"

namespace basalt {
namespace {

constexpr CommandSpec kSetCommands[] = {
    {"sadd", -3, kGrow | kFast, kFirst, Where::kKeys, SaddCommand, "set", ""},
    {"srem", -3, kWrite | kFast, kFirst, Where::kKeys, SremCommand, "set", ""},
    {"smove", 4, kWrite | kFast, {1, 2, 1}, Where::kKeys, SmoveCommand, "set", ""},
    {"sismember", 3, kReadonly | kFast, kFirst, Where::kKeys, SismemberCommand, "set", ""},
    {"smismember", -3, kReadonly | kFast, kFirst, Where::kKeys, SmismemberCommand, "set", ""},
    {"smembers", 2, kReadonly, kFirst, Where::kKeys, SmembersCommand, "set", "", {}, kAnyOrder},
    {"scard", 2, kReadonly | kFast, kFirst, Where::kKeys, ScardCommand, "set", ""},
    {"sscan", -3, kReadonly, kFirst, Where::kKeys, SscanCommand, "set", "", {}, kDrawn},
    {"spop", -2, kWrite | kFast, kFirst, Where::kKeys, SpopCommand, "set", "", {}, kDrawn},
    {"srandmember", -2, kReadonly, kFirst, Where::kKeys, SrandmemberCommand, "set", "", {}, kDrawn},
    {"sinter", -2, kReadonly, kAll, Where::kKeys, SinterCommand, "set", "", {}, kAnyOrder},
    {"sinterstore", -3, kGrow, kAll, Where::kKeys, SinterstoreCommand, "set", ""},
    {"sintercard", -3, kReadonly | kMovableKeys, kCounted, Where::kKeys, SintercardCommand, "set",
     ""},
    {"sunion", -2, kReadonly, kAll, Where::kKeys, SunionCommand, "set", "", {}, kAnyOrder},
    {"sunionstore", -3, kGrow, kAll, Where::kKeys, SunionstoreCommand, "set", ""},
    {"sdiff", -2, kReadonly, kAll, Where::kKeys, SdiffCommand, "set", "", {}, kAnyOrder},
    {"sdiffstore", -3, kGrow, kAll, Where::kKeys, SdiffstoreCommand, "set", ""},
};

}  // namespace

std::span<const CommandSpec> SetCommands() { return kSetCommands; }

}  // namespace basalt
