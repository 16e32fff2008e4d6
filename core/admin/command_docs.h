// What COMMAND DOCS tells about commands: one row each, in the files docs_*.cc. Names, groups,
// versions and arguments are those of Redis 7.0, so that clients' hints fit. The rows may describe
// more commands than the server has; which of them it shows is for the caller to say. Constant
// data; any thread.
#pragma once

#include <span>
#include <string_view>

#include "core/resp/reply.h"

namespace basalt {

struct CommandDoc {
  std::string_view name;  // "set", or "config|get" for a subcommand
  std::string_view group;
  std::string_view since;  // the version of Redis that had it first
  std::string_view complexity;
  std::string_view summary;
  std::string_view syntax;            // see core/admin/command_syntax.h
  std::string_view deprecated_since;  // "" unless it is deprecated
  std::string_view replaced_by;
};

// One span per file. A command is directly followed by its subcommands.
std::span<const std::span<const CommandDoc>> CommandDocTables();

// The row of a command ("set") or subcommand ("config|get"), or null. Case does not matter.
const CommandDoc* FindCommandDoc(std::string_view name);

// Writes the map that COMMAND DOCS gives for one command (the caller writes the name before it). A
// subcommand is listed if `has` says so for its full name; null lists them all.
void WriteCommandDoc(const CommandDoc& doc, Reply& reply, bool (*has)(std::string_view) = nullptr);

}  // namespace basalt
