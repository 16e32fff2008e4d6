#include "core/admin/command_docs.h"

#include <vector>

#include "core/admin/command_docs_tables.h"
#include "core/admin/command_syntax.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr std::string_view kSystemCommands[] = {"debug"};  // of no use to applications

void WriteArguments(const std::vector<CommandArgument>& arguments, Reply& reply);

void WriteArgumentFlags(const CommandArgument& argument, Reply& reply) {
  reply.Set(argument.optional + argument.multiple + argument.multiple_token);
  if (argument.optional) reply.Simple("optional");
  if (argument.multiple) reply.Simple("multiple");
  if (argument.multiple_token) reply.Simple("multiple_token");
}

void WriteArgument(const CommandArgument& argument, Reply& reply) {
  const bool flags = argument.optional || argument.multiple || argument.multiple_token;
  reply.Map(2 + (argument.key_spec_index >= 0) + !argument.token.empty() + flags +
            !argument.arguments.empty());
  reply.Bulk("name");
  reply.Bulk(argument.name);
  reply.Bulk("type");
  reply.Bulk(ArgumentTypeName(argument.type));
  if (argument.key_spec_index >= 0) {
    reply.Bulk("key_spec_index");
    reply.Integer(argument.key_spec_index);
  }
  if (!argument.token.empty()) {
    reply.Bulk("token");
    reply.Bulk(argument.token);
  }
  if (flags) {
    reply.Bulk("flags");
    WriteArgumentFlags(argument, reply);
  }
  if (!argument.arguments.empty()) {
    reply.Bulk("arguments");
    WriteArguments(argument.arguments, reply);
  }
}

void WriteArguments(const std::vector<CommandArgument>& arguments, Reply& reply) {
  reply.Array(arguments.size());
  for (const CommandArgument& argument : arguments) WriteArgument(argument, reply);
}

void WriteDocFlags(const CommandDoc& doc, bool system, Reply& reply) {
  const bool deprecated = !doc.deprecated_since.empty();
  reply.Set(deprecated + system);
  if (deprecated) reply.Simple("deprecated");
  if (system) reply.Simple("syscmd");
}

bool IsSystemCommand(const CommandDoc& doc) {
  for (std::string_view name : kSystemCommands) {
    if (doc.name == name) return true;
  }
  return false;
}

std::vector<const CommandDoc*> SubcommandsOf(const CommandDoc& doc, bool (*has)(std::string_view)) {
  std::vector<const CommandDoc*> found;
  if (doc.name.find('|') != std::string_view::npos) return found;
  const std::string prefix = StrCat(doc.name, "|");
  for (std::span<const CommandDoc> table : CommandDocTables()) {
    for (const CommandDoc& other : table) {
      if (other.name.starts_with(prefix) && (has == nullptr || has(other.name))) {
        found.push_back(&other);
      }
    }
  }
  return found;
}

}  // namespace

std::span<const std::span<const CommandDoc>> CommandDocTables() {
  static const std::span<const CommandDoc> tables[] = {
      docs::StringDocs(), docs::GenericDocs(),    docs::ListDocs(),   docs::HashAndSetDocs(),
      docs::ZsetDocs(),   docs::ConnectionDocs(), docs::ServerDocs(),
  };
  return tables;
}

const CommandDoc* FindCommandDoc(std::string_view name) {
  for (std::span<const CommandDoc> table : CommandDocTables()) {
    for (const CommandDoc& doc : table) {
      if (EqualsNoCase(doc.name, name)) return &doc;
    }
  }
  return nullptr;
}

void WriteCommandDoc(const CommandDoc& doc, Reply& reply, bool (*has)(std::string_view)) {
  const bool deprecated = !doc.deprecated_since.empty();
  const bool system = IsSystemCommand(doc);
  const std::vector<CommandArgument> arguments = ParseCommandSyntax(doc.syntax);
  const std::vector<const CommandDoc*> subcommands = SubcommandsOf(doc, has);

  reply.Map(4 + (deprecated || system) + 2 * deprecated + !arguments.empty() +
            !subcommands.empty());
  reply.Bulk("summary");
  reply.Bulk(doc.summary);
  reply.Bulk("since");
  reply.Bulk(doc.since);
  reply.Bulk("group");
  reply.Bulk(doc.group);
  reply.Bulk("complexity");
  reply.Bulk(doc.complexity);
  if (deprecated || system) {
    reply.Bulk("doc_flags");
    WriteDocFlags(doc, system, reply);
  }
  if (deprecated) {
    reply.Bulk("deprecated_since");
    reply.Bulk(doc.deprecated_since);
    reply.Bulk("replaced_by");
    reply.Bulk(doc.replaced_by);
  }
  if (!arguments.empty()) {
    reply.Bulk("arguments");
    WriteArguments(arguments, reply);
  }
  if (!subcommands.empty()) {
    reply.Bulk("subcommands");
    reply.Map(subcommands.size());
    for (const CommandDoc* subcommand : subcommands) {
      reply.Bulk(subcommand->name);
      WriteCommandDoc(*subcommand, reply, has);
    }
  }
}

}  // namespace basalt
