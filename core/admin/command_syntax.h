// The arguments of a command as a tree, read from one line of text. COMMAND DOCS shows the tree;
// redis-cli makes its hints from it. Pure functions on constant text; any thread.
//
//   name          a value; its type follows after a colon, as in name:i
//                 (none) string  :k key  :i integer  :d double  :p pattern  :u Unix time
//                 Keys belong to key specification 0, 1, ... in turn; a digit names another: k2, p1
//   TOKEN         a word to be written as it is; its name is the same in lower case, or name@TOKEN
//   TOKEN=value   a word and the value that follows it, which may also be a group
//   name(a|b)     one of these         name{a b}   these together
//   [x]           x may be left out    x*          x may be repeated      x**  so is its token
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace basalt {

enum class ArgumentType : uint8_t {
  kString,
  kInteger,
  kDouble,
  kKey,
  kPattern,
  kUnixTime,
  kPureToken,
  kOneOf,
  kBlock,
};

struct CommandArgument {
  std::string name;
  ArgumentType type = ArgumentType::kString;
  std::string token;        // "" if there is none
  int key_spec_index = -1;  // of a key, or of a pattern for keys
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  std::vector<CommandArgument> arguments;  // of kOneOf and kBlock
};

std::string_view ArgumentTypeName(ArgumentType type);

// `syntax` comes from the tables of this folder, so a mistake in it is a bug and fails a CHECK.
std::vector<CommandArgument> ParseCommandSyntax(std::string_view syntax);

}  // namespace basalt
