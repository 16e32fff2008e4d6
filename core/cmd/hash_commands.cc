#include "core/cmd/groups.h"
#include "core/cmd/hash_handlers.h"

namespace basalt {
namespace {

constexpr uint32_t kGrow = kWrite | kDenyOom;
constexpr KeySpec kFirst{1, 1, 1};
constexpr const char* kAnyOrder = "nondeterministic_output_order";
constexpr const char* kRandom = "nondeterministic_output";

constexpr CommandSpec kCommands[] = {
    {"hset", -4, kGrow | kFast, kFirst, Where::kKeys, HsetCommand, "hash", ""},
    {"hmset", -4, kGrow | kFast, kFirst, Where::kKeys, HmsetCommand, "hash", ""},
    {"hsetnx", 4, kGrow | kFast, kFirst, Where::kKeys, HsetnxCommand, "hash", ""},
    {"hget", 3, kReadonly | kFast, kFirst, Where::kKeys, HgetCommand, "hash", ""},
    {"hmget", -3, kReadonly | kFast, kFirst, Where::kKeys, HmgetCommand, "hash", ""},
    {"hdel", -3, kWrite | kFast, kFirst, Where::kKeys, HdelCommand, "hash", ""},
    {"hexists", 3, kReadonly | kFast, kFirst, Where::kKeys, HexistsCommand, "hash", ""},
    {"hgetall", 2, kReadonly, kFirst, Where::kKeys, HgetallCommand, "hash", "", {}, kAnyOrder},
    {"hkeys", 2, kReadonly, kFirst, Where::kKeys, HkeysCommand, "hash", "", {}, kAnyOrder},
    {"hvals", 2, kReadonly, kFirst, Where::kKeys, HvalsCommand, "hash", "", {}, kAnyOrder},
    {"hlen", 2, kReadonly | kFast, kFirst, Where::kKeys, HlenCommand, "hash", ""},
    {"hstrlen", 3, kReadonly | kFast, kFirst, Where::kKeys, HstrlenCommand, "hash", ""},
    {"hincrby", 4, kGrow | kFast, kFirst, Where::kKeys, HincrbyCommand, "hash", ""},
    {"hincrbyfloat", 4, kGrow | kFast, kFirst, Where::kKeys, HincrbyfloatCommand, "hash", ""},
    {"hrandfield", -2, kReadonly, kFirst, Where::kKeys, HrandfieldCommand, "hash", "", {}, kRandom},
    {"hscan", -3, kReadonly, kFirst, Where::kKeys, HscanCommand, "hash", "", {}, kRandom},
};

}  // namespace

std::span<const CommandSpec> HashCommands() { return kCommands; }

}  // namespace basalt
