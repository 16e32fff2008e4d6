// Set commands that add, remove, test and list members.

#include "core/cmd/arguments.h"
#include "core/cmd/collection_scan.h"
#include "core/cmd/set_handlers.h"
#include "core/value/set.h"

namespace basalt {

void SaddCommand(CommandContext& ctx) {
  Set* set = FindOrAdd<Set>(ctx, ctx.args[1], ValueType::kSet);
  if (set == nullptr) return;
  int added = 0;
  for (size_t i = 2; i < ctx.args.size(); ++i) added += set->Add(ctx.args[i]);
  if (added > 0) ctx.Changed(ctx.args[1], added);
  ctx.reply.Integer(added);
}

void SremCommand(CommandContext& ctx) {
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kSet, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  Set& set = *e->set();
  int removed = 0;
  for (size_t i = 2; i < ctx.args.size(); ++i) removed += set.Remove(ctx.args[i]);
  if (removed > 0) {
    if (set.Size() == 0) ctx.DbOf(ctx.args[1]).DeleteEntry(e);
    ctx.Changed(ctx.args[1], removed);
  }
  ctx.reply.Integer(removed);
}

void SmoveCommand(CommandContext& ctx) {
  const std::string_view source = ctx.args[1], target = ctx.args[2], member = ctx.args[3];
  Entry* src = ctx.Find(source);
  Entry* dst = ctx.Find(target);
  if (src == nullptr) return ctx.reply.Integer(0);
  if (!src->is(ValueType::kSet) || (dst != nullptr && !dst->is(ValueType::kSet))) {
    return ctx.reply.Error(errors::kWrongType);
  }
  if (src == dst) return ctx.reply.Integer(src->set()->Contains(member));
  if (!src->set()->Remove(member)) return ctx.reply.Integer(0);
  if (src->set()->Size() == 0) ctx.DbOf(source).DeleteEntry(src);
  ctx.Changed(source);
  if (FindOrAdd<Set>(ctx, target, ValueType::kSet)->Add(member)) ctx.Changed(target);
  ctx.reply.Integer(1);
}

void SismemberCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kSet, &e)) return;
  ctx.reply.Integer(e != nullptr && e->set()->Contains(ctx.args[2]));
}

void SmismemberCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kSet, &e)) return;
  const Args members = ctx.args.From(2);
  ctx.reply.Array(members.size());
  for (std::string_view member : members)
    ctx.reply.Integer(e != nullptr && e->set()->Contains(member));
}

void SmembersCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kSet, &e)) return;
  if (e == nullptr) return ctx.reply.Set(0);
  ctx.reply.Set(e->set()->Size());
  e->set()->ForEach([&](std::string_view member) {
    ctx.reply.Bulk(member);
    return true;
  });
}

void ScardCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kSet, &e)) return;
  ctx.reply.Integer(e == nullptr ? 0 : static_cast<int64_t>(e->set()->Size()));
}

void SscanCommand(CommandContext& ctx) {
  ScanCollection(ctx, ValueType::kSet,
                 [](const Entry& e, uint64_t cursor, size_t count, auto&& found) {
                   return e.set()->Scan(cursor, count, found);
                 });
}

}  // namespace basalt
