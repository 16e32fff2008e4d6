#include "core/cmd/list_ops.h"

#include <algorithm>

#include "core/cmd/arguments.h"
#include "core/cmd/blocking_ops.h"

namespace basalt {
namespace {

void DeleteIfEmpty(CommandContext& ctx, std::string_view key, Entry* e) {
  if (e->list()->Size() == 0) ctx.DbOf(key).DeleteEntry(e);
}

}  // namespace

bool ListEndArg(CommandContext& ctx, size_t i, ListEnd* out) {
  if (Is(ctx.args[i], "left")) {
    *out = ListEnd::kHead;
  } else if (Is(ctx.args[i], "right")) {
    *out = ListEnd::kTail;
  } else {
    ReplySyntaxError(ctx);
    return false;
  }
  return true;
}

void PopOne(CommandContext& ctx, std::string_view key, Entry* e, ListEnd end, std::string* out) {
  List& list = *e->list();
  if (out == nullptr) {  // straight from the list to the reply
    Element element;
    list.Index(end == ListEnd::kHead ? 0 : -1, &element);
    ctx.reply.Bulk(element.text());
  }
  end == ListEnd::kHead ? list.PopFront(out) : list.PopBack(out);
  DeleteIfEmpty(ctx, key, e);
  ctx.Changed(key);
}

size_t PopSeveral(CommandContext& ctx, std::string_view key, Entry* e, ListEnd end, size_t count) {
  List& list = *e->list();
  const size_t size = list.Size(), taken = std::min(count, size);
  ctx.reply.Array(taken);
  auto reply = [&](std::string_view value) { ctx.reply.Bulk(value); };
  if (end == ListEnd::kHead) {
    list.Range(0, taken, reply);
  } else {
    list.RangeReverse(size - 1, taken, reply);
  }
  if (taken == size) {
    ctx.DbOf(key).DeleteEntry(e);
  } else {
    list.EraseRange(end == ListEnd::kHead ? 0 : size - taken, taken);
  }
  ctx.Changed(key, static_cast<int>(taken));
  return taken;
}

void MoveElement(CommandContext& ctx, std::string_view source, std::string_view target,
                 ListEnd from, ListEnd to) {
  Entry *src, *dst;
  if (!FindOfType(ctx, source, ValueType::kList, &src)) return;
  if (src == nullptr) return ctx.reply.Null();
  if (!FindOfType(ctx, target, ValueType::kList, &dst)) return;

  std::string value;
  if (src == dst) {  // a rotation; the list never is empty in between for others to see
    List& list = *src->list();
    from == ListEnd::kHead ? list.PopFront(&value) : list.PopBack(&value);
    PushTo(list, to, value);
    ctx.Changed(source);
  } else {
    PopOne(ctx, source, src, from, &value);
    PushTo(*FindOrAdd<List>(ctx, target, ValueType::kList), to, value);
    ctx.Changed(target, 0);  // one change, as Redis counts
  }
  ctx.reply.Bulk(value);
}

bool ParseMultiPop(CommandContext& ctx, size_t numkeys_at, MultiPop* out) {
  int64_t keys;
  if (!IntegerArgIn(ctx, numkeys_at, 1, INT64_MAX, &keys, errors::kNumkeysPositive)) return false;
  if (static_cast<uint64_t>(keys) >= ctx.args.size() - numkeys_at - 1) {
    ReplySyntaxError(ctx);
    return false;
  }
  out->keys = {ctx.args.v + numkeys_at + 1, static_cast<size_t>(keys)};
  const size_t end_at = numkeys_at + 1 + static_cast<size_t>(keys);
  if (!ListEndArg(ctx, end_at, &out->end)) return false;
  if (end_at + 1 == ctx.args.size()) return true;
  if (!Is(ctx.args[end_at + 1], "count") || end_at + 2 == ctx.args.size()) {
    ReplySyntaxError(ctx);
    return false;
  }
  int64_t count;
  if (!IntegerArgIn(ctx, end_at + 2, 1, INT64_MAX, &count, errors::kCountPositive)) return false;
  if (end_at + 3 != ctx.args.size()) {
    ReplySyntaxError(ctx);
    return false;
  }
  out->count = static_cast<size_t>(count);
  return true;
}

bool PopFromFirst(CommandContext& ctx, const MultiPop& pop) {
  for (std::string_view key : pop.keys) {
    Entry* e;
    if (!FindToTake(ctx, key, ValueType::kList, &e)) return true;
    if (e == nullptr) continue;
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    char text[24];
    const size_t n = FormatUint64(PopSeveral(ctx, key, e, pop.end, pop.count), text);
    ctx.LogInstead({pop.end == ListEnd::kHead ? "LPOP" : "RPOP", key, {text, n}});
    return true;
  }
  return false;
}

}  // namespace basalt
