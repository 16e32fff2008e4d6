#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"
#include "core/cmd/string_handlers.h"

namespace basalt {
namespace {

constexpr KeySpec kPairs{1, -1, 2};

// clang-format off
constexpr CommandSpec kStringCommands[] = {
    {"get", 2, kReadonly | kFast, kFirst, Where::kKeys, GetCommand, "string", ""},
    {"set", -3, kGrow, kFirst, Where::kKeys, SetCommand, "string", ""},
    {"setnx", 3, kGrow | kFast, kFirst, Where::kKeys, SetnxCommand, "string", ""},
    {"setex", 4, kGrow, kFirst, Where::kKeys, SetexCommand, "string", ""},
    {"psetex", 4, kGrow, kFirst, Where::kKeys, PsetexCommand, "string", ""},
    {"getset", 3, kGrow | kFast, kFirst, Where::kKeys, GetsetCommand, "string", ""},
    {"getdel", 2, kWrite | kFast, kFirst, Where::kKeys, GetdelCommand, "string", ""},
    {"getex", -2, kWrite | kFast, kFirst, Where::kKeys, GetexCommand, "string", ""},
    {"mget", -2, kReadonly | kFast, {1, -1, 1}, Where::kKeys, MgetCommand, "string", "", {},
     "request_policy:multi_shard", nullptr, Spread::kArray},
    {"mset", -3, kGrow, kPairs, Where::kKeys, MsetCommand, "string", "", {},
     "request_policy:multi_shard response_policy:all_succeeded", nullptr, Spread::kOk},
    {"msetnx", -3, kGrow, kPairs, Where::kKeys, MsetnxCommand, "string", "", {},
     "request_policy:multi_shard response_policy:agg_min"},
    {"append", 3, kGrow | kFast, kFirst, Where::kKeys, AppendCommand, "string", ""},
    {"strlen", 2, kReadonly | kFast, kFirst, Where::kKeys, StrlenCommand, "string", ""},
    {"incr", 2, kGrow | kFast, kFirst, Where::kKeys, IncrCommand, "string", ""},
    {"decr", 2, kGrow | kFast, kFirst, Where::kKeys, DecrCommand, "string", ""},
    {"incrby", 3, kGrow | kFast, kFirst, Where::kKeys, IncrbyCommand, "string", ""},
    {"decrby", 3, kGrow | kFast, kFirst, Where::kKeys, DecrbyCommand, "string", ""},
    {"incrbyfloat", 3, kGrow | kFast, kFirst, Where::kKeys, IncrbyfloatCommand, "string", ""},
    {"getrange", 4, kReadonly, kFirst, Where::kKeys, GetrangeCommand, "string", ""},
    {"substr", 4, kReadonly, kFirst, Where::kKeys, GetrangeCommand, "string", ""},
    {"setrange", 4, kGrow, kFirst, Where::kKeys, SetrangeCommand, "string", ""},
    {"lcs", -3, kReadonly, {1, 2, 1}, Where::kKeys, LcsCommand, "string", ""},
};
// clang-format on

}  // namespace

std::span<const CommandSpec> StringCommands() { return kStringCommands; }

}  // namespace basalt
