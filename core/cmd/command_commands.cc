// COMMAND and its subcommands: the command table as clients see it. At home; the table is constant.

#include "core/admin/command_docs.h"
#include "core/base/glob.h"
#include "core/cmd/all_commands.h"
#include "core/cmd/arguments.h"
#include "core/cmd/command_help.h"
#include "core/cmd/command_shapes.h"
#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"

namespace basalt {
namespace {

// "get", "config|get".
const CommandSpec* FindByFullName(std::string_view name) {
  size_t bar = name.find('|');
  if (bar == std::string_view::npos) return AllCommands().Find(name);
  const CommandSpec* container = AllCommands().Find(name.substr(0, bar));
  return container == nullptr ? nullptr : CommandTable::FindIn(*container, name.substr(bar + 1));
}

// Whether COMMAND DOCS lists a subcommand: containers without rows for theirs have all that are
// described.
bool HasSubcommand(std::string_view full_name) {
  const CommandSpec* container = AllCommands().Find(full_name.substr(0, full_name.find('|')));
  if (container == nullptr) return false;
  return container->subcommands.empty() || FindByFullName(full_name) != nullptr;
}

void WriteInfos(CommandContext& ctx, std::span<const CommandSpec> specs) {
  ctx.reply.Array(specs.size());
  for (const CommandSpec& spec : specs) WriteCommandInfo(spec, ctx.reply);
}

void All(CommandContext& ctx) { WriteInfos(ctx, AllCommands().commands()); }

void Count(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(AllCommands().commands().size()));
}

void Info(CommandContext& ctx) {
  Args names = ctx.args.From(2);
  if (names.size() == 0) return All(ctx);
  ctx.reply.Array(names.size());
  for (std::string_view name : names) {
    const CommandSpec* spec = FindByFullName(name);
    spec == nullptr ? ctx.reply.Null() : WriteCommandInfo(*spec, ctx.reply);
  }
}

void Docs(CommandContext& ctx) {
  size_t mark = ctx.reply.BeginArray(), n = 0;
  auto write = [&](std::string_view name) {
    const CommandDoc* doc = FindCommandDoc(name);
    if (doc == nullptr) return;
    ctx.reply.Bulk(doc->name);
    WriteCommandDoc(*doc, ctx.reply, HasSubcommand);
    ++n;
  };
  if (ctx.args.size() == 2) {
    for (const CommandSpec& spec : AllCommands().commands()) write(spec.name);
  } else {
    for (std::string_view name : ctx.args.From(2)) {
      if (FindByFullName(name) != nullptr) write(name);
    }
  }
  ctx.reply.EndMap(mark, n);
}

// LIST FILTERBY MODULE|ACLCAT|PATTERN: subcommands are listed by their full names, too.
void List(CommandContext& ctx) {
  const Args& args = ctx.args;
  const bool filtered = args.size() > 2;
  if (filtered && (args.size() != 5 || !Is(args[2], "filterby"))) return ReplySyntaxError(ctx);
  enum { kNone, kModule, kCategory, kPattern } by = kNone;
  if (filtered) {
    by = Is(args[3], "module")    ? kModule
         : Is(args[3], "aclcat")  ? kCategory
         : Is(args[3], "pattern") ? kPattern
                                  : kNone;
    if (by == kNone) return ReplySyntaxError(ctx);
  }
  size_t mark = ctx.reply.BeginArray(), n = 0;
  auto wanted = [&](const CommandSpec& spec) {
    if (by == kPattern) return GlobMatch(args[4], spec.name, /*nocase=*/true);
    if (by != kCategory) return by == kNone;
    for (std::string_view category : CategoriesOf(spec)) {
      if (EqualsNoCase(category.substr(1), args[4])) return true;
    }
    return false;
  };
  std::span<const CommandSpec> specs = AllCommands().all();
  if (!filtered) specs = AllCommands().commands();
  for (const CommandSpec& spec : specs) {
    if (!wanted(spec)) continue;
    ctx.reply.Bulk(spec.name);
    ++n;
  }
  ctx.reply.EndArray(mark, n);
}

// The keys of the command line that follows; false when the error has been replied.
bool KeysOfLine(CommandContext& ctx, Args line, const CommandSpec** spec,
                std::vector<uint32_t>* keys) {
  auto fail = [&](std::string_view error) {
    ctx.reply.Error(error);
    return false;
  };
  *spec = AllCommands().Find(line);
  if (*spec == nullptr) return fail("ERR Invalid command specified");
  if ((*spec)->keys.first == 0 && (*spec)->keys.finder == nullptr)
    return fail("ERR The command has no key arguments");
  if (!(*spec)->ArityFits(line.size()))
    return fail("ERR Invalid number of arguments specified for command");
  if (!FindKeys(**spec, line, keys)) return fail("ERR Invalid arguments specified for command");
  if (keys->empty()) return fail("ERR The command has no key arguments");
  return true;
}

void GetKeys(CommandContext& ctx) {
  const CommandSpec* spec;
  std::vector<uint32_t> keys;
  Args line = ctx.args.From(2);
  if (!KeysOfLine(ctx, line, &spec, &keys)) return;
  ctx.reply.Array(keys.size());
  for (uint32_t i : keys) ctx.reply.Bulk(line[i]);
}

void GetKeysAndFlags(CommandContext& ctx) {
  const CommandSpec* spec;
  std::vector<uint32_t> keys;
  Args line = ctx.args.From(2);
  if (!KeysOfLine(ctx, line, &spec, &keys)) return;
  ctx.reply.Array(keys.size());
  for (uint32_t i : keys) {
    std::vector<std::string_view> flags = KeyFlagsAt(*spec, line, i);
    ctx.reply.Array(2);
    ctx.reply.Bulk(line[i]);
    ctx.reply.Set(flags.size());
    for (std::string_view flag : flags) ctx.reply.Simple(flag);
  }
}

void Help(CommandContext& ctx) {
  ReplyHelp(ctx, {"(no subcommand)", "    Every command with its arity, flags and keys.", "COUNT",
                  "    How many commands there are.", "DOCS [<name> ...]",
                  "    What commands do and which arguments they take.", "GETKEYS <command line>",
                  "    The keys of that command line.", "GETKEYSANDFLAGS <command line>",
                  "    The same, with what is done to each key.", "INFO [<name> ...]",
                  "    Arity, flags and keys of some commands.",
                  "LIST [FILTERBY (MODULE <name> | ACLCAT <category> | PATTERN <pattern>)]",
                  "    Names of commands."});
}

constexpr uint32_t kAlways = kLoading | kStale;

constexpr CommandSpec kCommandSubcommands[] = {
    {"command|count", 2, kAlways, {}, Where::kHome, Count, "connection", ""},
    {"command|docs", -2, kAlways, {}, Where::kHome, Docs, "connection", "", {}, kAnyOrder},
    {"command|getkeys", -4, kAlways, {}, Where::kHome, GetKeys, "connection", ""},
    {"command|getkeysandflags", -4, kAlways, {}, Where::kHome, GetKeysAndFlags, "connection", ""},
    {"command|help", 2, kAlways, {}, Where::kHome, Help, "connection", ""},
    {"command|info", -2, kAlways, {}, Where::kHome, Info, "connection", "", {}, kAnyOrder},
    {"command|list", -2, kAlways, {}, Where::kHome, List, "connection", "", {}, kAnyOrder},
};

constexpr CommandSpec kCommandCommands[] = {
    {"command",
     -1,
     kAlways,
     {},
     Where::kHome,
     All,
     "server",
     "@connection",
     kCommandSubcommands,
     kAnyOrder},
};

}  // namespace

std::span<const CommandSpec> CommandCommands() { return kCommandCommands; }

}  // namespace basalt
