#include "core/cmd/arguments.h"
#include "core/cmd/groups.h"
#include "core/cmd/set_handlers.h"

namespace basalt {
namespace {

constexpr uint32_t kRead = kReadonly;
constexpr uint32_t kGrow = kWrite | kDenyOom;
constexpr KeySpec kFirst{1, 1, 1};
constexpr KeySpec kAll{1, -1, 1};
constexpr KeySpec kCounted{0, 0, 0, FindCountedKeys};
constexpr const char* kAnyOrder = "nondeterministic_output_order";
constexpr const char* kDrawn = "nondeterministic_output";

constexpr CommandSpec kCommands[] = {
    {"sadd", -3, kGrow | kFast, kFirst, Where::kKeys, SaddCommand, "set", ""},
    {"srem", -3, kWrite | kFast, kFirst, Where::kKeys, SremCommand, "set", ""},
    {"smove", 4, kWrite | kFast, {1, 2, 1}, Where::kKeys, SmoveCommand, "set", ""},
    {"sismember", 3, kRead | kFast, kFirst, Where::kKeys, SismemberCommand, "set", ""},
    {"smismember", -3, kRead | kFast, kFirst, Where::kKeys, SmismemberCommand, "set", ""},
    {"smembers", 2, kRead, kFirst, Where::kKeys, SmembersCommand, "set", "", {}, kAnyOrder},
    {"scard", 2, kRead | kFast, kFirst, Where::kKeys, ScardCommand, "set", ""},
    {"sscan", -3, kRead, kFirst, Where::kKeys, SscanCommand, "set", "", {}, kDrawn},
    {"spop", -2, kWrite | kFast, kFirst, Where::kKeys, SpopCommand, "set", "", {}, kDrawn},
    {"srandmember", -2, kRead, kFirst, Where::kKeys, SrandmemberCommand, "set", "", {}, kDrawn},
    {"sinter", -2, kRead, kAll, Where::kKeys, SinterCommand, "set", "", {}, kAnyOrder},
    {"sinterstore", -3, kGrow, kAll, Where::kKeys, SinterstoreCommand, "set", ""},
    {"sintercard", -3, kRead | kMovableKeys, kCounted, Where::kKeys, SintercardCommand, "set", ""},
    {"sunion", -2, kRead, kAll, Where::kKeys, SunionCommand, "set", "", {}, kAnyOrder},
    {"sunionstore", -3, kGrow, kAll, Where::kKeys, SunionstoreCommand, "set", ""},
    {"sdiff", -2, kRead, kAll, Where::kKeys, SdiffCommand, "set", "", {}, kAnyOrder},
    {"sdiffstore", -3, kGrow, kAll, Where::kKeys, SdiffstoreCommand, "set", ""},
};

}  // namespace

std::span<const CommandSpec> SetCommands() { return kCommands; }

}  // namespace basalt
