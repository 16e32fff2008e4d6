#include "core/cmd/arguments.h"
#include "core/cmd/blocking_ops.h"
#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"
#include "core/cmd/zset_handlers.h"

namespace basalt {
namespace {

// A destination, numkeys, and that many keys.
bool FindStoreKeys(Args args, std::vector<uint32_t>* positions) {
  const size_t begin = positions->size();
  positions->push_back(1);
  if (args.size() < 4 || !FindCountedKeys(args.From(1), positions)) return false;
  for (size_t i = begin + 1; i < positions->size(); ++i) ++(*positions)[i];
  return true;
}

constexpr KeySpec kStore{1, 1, 1, FindStoreKeys};
constexpr const char* kGroup = "sorted-set";

constexpr CommandSpec kZsetCommands[] = {
    {"zadd", -4, kGrow | kFast, kFirst, Where::kKeys, ZaddCommand, kGroup, ""},
    {"zincrby", 4, kGrow | kFast, kFirst, Where::kKeys, ZincrbyCommand, kGroup, ""},
    {"zrem", -3, kWrite | kFast, kFirst, Where::kKeys, ZremCommand, kGroup, ""},
    {"zremrangebyrank", 4, kWrite, kFirst, Where::kKeys, ZremrangebyrankCommand, kGroup, ""},
    {"zremrangebyscore", 4, kWrite, kFirst, Where::kKeys, ZremrangebyscoreCommand, kGroup, ""},
    {"zremrangebylex", 4, kWrite, kFirst, Where::kKeys, ZremrangebylexCommand, kGroup, ""},
    {"zpopmin", -2, kWrite | kFast, kFirst, Where::kKeys, ZpopminCommand, kGroup, ""},
    {"zpopmax", -2, kWrite | kFast, kFirst, Where::kKeys, ZpopmaxCommand, kGroup, ""},
    {"zmpop", -4, kWrite | kMovableKeys, kCounted, Where::kKeys, ZmpopCommand, kGroup, ""},
    {"bzpopmin", -3, kWait | kNoScript | kFast, kButLast, Where::kBlocking, BzpopminCommand, kGroup,
     ""},
    {"bzpopmax", -3, kWait | kNoScript | kFast, kButLast, Where::kBlocking, BzpopmaxCommand, kGroup,
     ""},
    {"bzmpop", -5, kWait | kMovableKeys, kCountedAfter, Where::kBlocking, BzmpopCommand, kGroup,
     ""},
    {"zcard", 2, kReadonly | kFast, kFirst, Where::kKeys, ZcardCommand, kGroup, ""},
    {"zscore", 3, kReadonly | kFast, kFirst, Where::kKeys, ZscoreCommand, kGroup, ""},
    {"zmscore", -3, kReadonly | kFast, kFirst, Where::kKeys, ZmscoreCommand, kGroup, ""},
    {"zcount", 4, kReadonly | kFast, kFirst, Where::kKeys, ZcountCommand, kGroup, ""},
    {"zlexcount", 4, kReadonly | kFast, kFirst, Where::kKeys, ZlexcountCommand, kGroup, ""},
    {"zrank", 3, kReadonly | kFast, kFirst, Where::kKeys, ZrankCommand, kGroup, ""},
    {"zrevrank", 3, kReadonly | kFast, kFirst, Where::kKeys, ZrevrankCommand, kGroup, ""},
    {"zrandmember",
     -2,
     kReadonly,
     kFirst,
     Where::kKeys,
     ZrandmemberCommand,
     kGroup,
     "",
     {},
     kDrawn},
    {"zscan", -3, kReadonly, kFirst, Where::kKeys, ZscanCommand, kGroup, "", {}, kDrawn},
    {"zrange", -4, kReadonly, kFirst, Where::kKeys, ZrangeCommand, kGroup, ""},
    {"zrangestore", -5, kGrow, {1, 2, 1}, Where::kKeys, ZrangestoreCommand, kGroup, ""},
    {"zrevrange", -4, kReadonly, kFirst, Where::kKeys, ZrevrangeCommand, kGroup, ""},
    {"zrangebyscore", -4, kReadonly, kFirst, Where::kKeys, ZrangebyscoreCommand, kGroup, ""},
    {"zrevrangebyscore", -4, kReadonly, kFirst, Where::kKeys, ZrevrangebyscoreCommand, kGroup, ""},
    {"zrangebylex", -4, kReadonly, kFirst, Where::kKeys, ZrangebylexCommand, kGroup, ""},
    {"zrevrangebylex", -4, kReadonly, kFirst, Where::kKeys, ZrevrangebylexCommand, kGroup, ""},
    {"zunion", -3, kReadonly | kMovableKeys, kCounted, Where::kKeys, ZunionCommand, kGroup, ""},
    {"zinter", -3, kReadonly | kMovableKeys, kCounted, Where::kKeys, ZinterCommand, kGroup, ""},
    {"zdiff", -3, kReadonly | kMovableKeys, kCounted, Where::kKeys, ZdiffCommand, kGroup, ""},
    {"zintercard", -3, kReadonly | kMovableKeys, kCounted, Where::kKeys, ZintercardCommand, kGroup,
     ""},
    {"zunionstore", -4, kGrow | kMovableKeys, kStore, Where::kKeys, ZunionstoreCommand, kGroup, ""},
    {"zinterstore", -4, kGrow | kMovableKeys, kStore, Where::kKeys, ZinterstoreCommand, kGroup, ""},
    {"zdiffstore", -4, kGrow | kMovableKeys, kStore, Where::kKeys, ZdiffstoreCommand, kGroup, ""},
};

}  // namespace

std::span<const CommandSpec> ZSetCommands() { return kZsetCommands; }

}  // namespace basalt
