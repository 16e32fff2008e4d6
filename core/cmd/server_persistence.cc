// SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE, SHUTDOWN: what the process does as a whole. Every shard is
// parked, except for LASTSAVE.
#include "core/base/status.h"
#include "core/cmd/arguments.h"
#include "core/cmd/server_handlers.h"
#include "core/shard/client.h"
#include "core/shard/host.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

void ReplyOutcome(CommandContext& ctx, const absl::Status& status, std::string_view text) {
  status.ok() ? ctx.reply.Simple(text) : ctx.reply.Error(MessageOf(status));
}

}  // namespace

void SaveCommand(CommandContext& ctx) {
  std::string text;
  absl::Status s = ctx.world()->host().Save(Host::SaveMode::kForeground, &text);
  ReplyOutcome(ctx, s, text);
}

void BgsaveCommand(CommandContext& ctx) {
  if (ctx.args.size() == 2 && Is(ctx.args[1], "cancel")) {
    std::string text;
    absl::Status s = ctx.world()->host().CancelSave(&text);
    return ReplyOutcome(ctx, s, text);
  }
  const bool schedule = ctx.args.size() == 2 && Is(ctx.args[1], "schedule");
  if (ctx.args.size() > 1 && !schedule) return ReplySyntaxError(ctx);
  std::string text;
  auto mode = schedule ? Host::SaveMode::kBackgroundSchedule : Host::SaveMode::kBackground;
  absl::Status s = ctx.world()->host().Save(mode, &text);
  ReplyOutcome(ctx, s, text);
}

void BgrewriteaofCommand(CommandContext& ctx) {
  std::string text;
  absl::Status s = ctx.world()->host().RewriteLog(&text);
  ReplyOutcome(ctx, s, text);
}

void LastsaveCommand(CommandContext& ctx) {
  ctx.reply.Integer(ctx.world()->host().last_save_unix_s());
}

void ShutdownCommand(CommandContext& ctx) {
  bool save = false, nosave = false, now = false, force = false, abort = false;
  for (std::string_view word : ctx.args.From(1)) {
    bool* option = Is(word, "save")     ? &save
                   : Is(word, "nosave") ? &nosave
                   : Is(word, "now")    ? &now
                   : Is(word, "force")  ? &force
                   : Is(word, "abort")  ? &abort
                                        : nullptr;
    if (option == nullptr) return ReplySyntaxError(ctx);
    *option = true;
  }
  if ((save && nosave) || (abort && (save || nosave || now || force))) return ReplySyntaxError(ctx);
  Host& host = ctx.world()->host();
  absl::Status s = abort ? host.AbortShutdown()
                         : host.Shutdown(save     ? 1
                                         : nosave ? 0
                                                  : -1,
                                         now, force);
  if (!s.ok()) return ctx.reply.Error(MessageOf(s));
  if (abort) ctx.reply.Ok();  // a shutdown that begins is answered by the end of the connection
}

}  // namespace basalt
