#include "core/cmd/command_help.h"

#include "core/base/strings.h"

namespace basalt {

void ReplyHelp(CommandContext& ctx, std::initializer_list<std::string_view> lines) {
  std::string_view name = ctx.spec->name;
  name = name.substr(0, name.find('|'));
  ctx.reply.Array(lines.size() + 3);
  ctx.reply.Simple(
      StrCat(ToUpper(name), " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  for (std::string_view line : lines) ctx.reply.Simple(line);
  ctx.reply.Simple("HELP");
  ctx.reply.Simple("    Show this text.");
}

}  // namespace basalt
