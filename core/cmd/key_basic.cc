// DEL, UNLINK, EXISTS, TYPE and TOUCH.

#include "core/cmd/arguments.h"
#include "core/cmd/key_handlers.h"

namespace basalt {

// UNLINK as well: deleting takes bounded time either way, what is large is freed in slices.
void DelCommand(CommandContext& ctx) {
  int64_t deleted = 0;
  for (std::string_view key : ctx.args.From(1)) {
    if (!ctx.DbOf(key).Delete(key)) continue;
    ctx.Changed(key);
    ++deleted;
  }
  ctx.reply.Integer(deleted);
}

void ExistsCommand(CommandContext& ctx) {
  int64_t found = 0;
  for (std::string_view key : ctx.args.From(1)) {
    const Entry* e = ctx.DbOf(key).FindNoTouch(key);
    CountLookup(ctx, e);
    found += e != nullptr;
  }
  ctx.reply.Integer(found);
}

void TypeCommand(CommandContext& ctx) {
  const Entry* e = ctx.DbOf(ctx.args[1]).FindNoTouch(ctx.args[1]);
  CountLookup(ctx, e);
  ctx.reply.Simple(e == nullptr ? "none" : TypeName(e->type()));
}

void TouchCommand(CommandContext& ctx) {
  int64_t found = 0;
  for (std::string_view key : ctx.args.From(1)) {
    const Entry* e = ctx.Find(key);
    CountLookup(ctx, e);
    found += e != nullptr;
  }
  ctx.reply.Integer(found);
}

}  // namespace basalt
