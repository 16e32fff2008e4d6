#include "core/cmd/arguments.h"
#include "core/cmd/blocking_ops.h"
#include "core/cmd/groups.h"
#include "core/cmd/list_handlers.h"
#include "core/cmd/row_words.h"

namespace basalt {
namespace {

constexpr CommandSpec kListCommands[] = {
    {"lpush", -3, kGrow | kFast, kFirst, Where::kKeys, LpushCommand, "list", ""},
    {"rpush", -3, kGrow | kFast, kFirst, Where::kKeys, RpushCommand, "list", ""},
    {"lpushx", -3, kGrow | kFast, kFirst, Where::kKeys, LpushxCommand, "list", ""},
    {"rpushx", -3, kGrow | kFast, kFirst, Where::kKeys, RpushxCommand, "list", ""},
    {"lpop", -2, kWrite | kFast, kFirst, Where::kKeys, LpopCommand, "list", ""},
    {"rpop", -2, kWrite | kFast, kFirst, Where::kKeys, RpopCommand, "list", ""},
    {"llen", 2, kReadonly | kFast, kFirst, Where::kKeys, LlenCommand, "list", ""},
    {"lrange", 4, kReadonly, kFirst, Where::kKeys, LrangeCommand, "list", ""},
    {"lindex", 3, kReadonly, kFirst, Where::kKeys, LindexCommand, "list", ""},
    {"lset", 4, kGrow, kFirst, Where::kKeys, LsetCommand, "list", ""},
    {"linsert", 5, kGrow, kFirst, Where::kKeys, LinsertCommand, "list", ""},
    {"lrem", 4, kWrite, kFirst, Where::kKeys, LremCommand, "list", ""},
    {"ltrim", 4, kWrite, kFirst, Where::kKeys, LtrimCommand, "list", ""},
    {"lpos", -3, kReadonly, kFirst, Where::kKeys, LposCommand, "list", ""},
    {"lmove", 5, kGrow, kTwo, Where::kKeys, LmoveCommand, "list", ""},
    {"rpoplpush", 3, kGrow, kTwo, Where::kKeys, RpoplpushCommand, "list", ""},
    {"lmpop", -4, kWrite | kMovableKeys, kCounted, Where::kKeys, LmpopCommand, "list", ""},
    {"blpop", -3, kWait | kNoScript, kButLast, Where::kBlocking, BlpopCommand, "list", ""},
    {"brpop", -3, kWait | kNoScript, kButLast, Where::kBlocking, BrpopCommand, "list", ""},
    {"blmove", 6, kWait | kNoScript | kDenyOom, kTwo, Where::kBlocking, BlmoveCommand, "list", ""},
    {"brpoplpush", 4, kWait | kNoScript | kDenyOom, kTwo, Where::kBlocking, BrpoplpushCommand,
     "list", ""},
    {"blmpop", -5, kWait | kMovableKeys, kCountedAfter, Where::kBlocking, BlmpopCommand, "list",
     ""},
};

}  // namespace

std::span<const CommandSpec> ListCommands() { return kListCommands; }

}  // namespace basalt
