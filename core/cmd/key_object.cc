// OBJECT: what is known of a value besides its content. Looking does not count as using the key.

#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/key_handlers.h"
#include "core/value/access.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt {
namespace {

// Redis keeps one copy of each small integer and answers this for how often it is used; clients'
// tests know that.
constexpr int64_t kSharedIntegers = 10000;
constexpr int64_t kSharedReferences = INT32_MAX;

void ReplyEncoding(CommandContext& ctx, const Entry& e) {
  switch (e.type()) {
    case ValueType::kString:
      return ctx.reply.Bulk(e.StringEncodingName());
    case ValueType::kList:
      return ctx.reply.Bulk(e.list()->EncodingName());
    case ValueType::kSet:
      return ctx.reply.Bulk(e.set()->EncodingName());
    case ValueType::kZSet:
      return ctx.reply.Bulk(e.zset()->EncodingName());
    case ValueType::kHash:
      return ctx.reply.Bulk(e.hash()->EncodingName());
  }
}

void ReplyReferences(CommandContext& ctx, const Entry& e) {
  bool shared = e.is(ValueType::kString) && e.is_int() && e.int_value() >= 0 &&
                e.int_value() < kSharedIntegers;
  ctx.reply.Integer(shared ? kSharedReferences : 1);
}

void ReplyIdleTime(CommandContext& ctx, const Entry& e) {
  if (ctx.local().lfu()) {
    return ctx.reply.Error(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
        "switching between "
        "policies at runtime LRU and LFU data will take some time to adjust.");
  }
  ctx.reply.Integer(LruIdleSeconds(e.access_bits(), ctx.now_ms()));
}

void ReplyFrequency(CommandContext& ctx, const Entry& e) {
  if (!ctx.local().lfu()) {
    return ctx.reply.Error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  ctx.reply.Integer(LfuCounter(e.access_bits(), ctx.now_ms(), ctx.local().lfu_params));
}

template <class Answer>
void ReplyOf(CommandContext& ctx, Answer&& answer) {
  const Entry* e = ctx.DbOf(ctx.args[2]).FindNoTouch(ctx.args[2]);
  CountLookup(ctx, e);
  e == nullptr ? ctx.reply.Null() : answer(ctx, *e);
}

}  // namespace

void ObjectCommand(CommandContext& ctx) { ReplyWrongArity(ctx); }

void ObjectEncodingCommand(CommandContext& ctx) { ReplyOf(ctx, ReplyEncoding); }
void ObjectFreqCommand(CommandContext& ctx) { ReplyOf(ctx, ReplyFrequency); }
void ObjectIdletimeCommand(CommandContext& ctx) { ReplyOf(ctx, ReplyIdleTime); }
void ObjectRefcountCommand(CommandContext& ctx) { ReplyOf(ctx, ReplyReferences); }

void ObjectHelpCommand(CommandContext& ctx) {
  ReplyHelp(ctx, {"ENCODING <key>", "    How the key's value is stored.", "FREQ <key>",
                  "    How often the key is used, on a logarithmic scale (LFU policies).",
                  "IDLETIME <key>", "    Seconds since the key was last used (other policies).",
                  "REFCOUNT <key>", "    How many references to the key's value there are."});
}

}  // namespace basalt
