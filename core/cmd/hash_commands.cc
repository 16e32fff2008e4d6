#include "core/cmd/groups.h"
#include "core/cmd/hash_handlers.h"
#include "core/cmd/row_words.h"

namespace basalt {
namespace {

constexpr CommandSpec kHashCommands[] = {
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
    {"hrandfield", -2, kReadonly, kFirst, Where::kKeys, HrandfieldCommand, "hash", "", {}, kDrawn},
    {"hscan", -3, kReadonly, kFirst, Where::kKeys, HscanCommand, "hash", "", {}, kDrawn},
};

}  // namespace

std::span<const CommandSpec> HashCommands() { return kHashCommands; }

}  // namespace basalt
