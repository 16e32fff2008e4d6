#include "core/resp/errors.h"

#include "core/base/strings.h"

namespace basalt::errors {
namespace {

constexpr size_t kShownMax = 128;

// What of a client's word an error shows: up to its first zero byte, and no more than `max` bytes.
std::string_view Shown(std::string_view word, size_t max) {
  word = word.substr(0, max);
  return word.substr(0, word.find('\0'));
}

}  // namespace

std::string WrongArity(std::string_view name) {
  return StrCat("ERR wrong number of arguments for '", name, "' command");
}

std::string InvalidExpire(std::string_view name) {
  return StrCat("ERR invalid expire time in '", name, "' command");
}

std::string NoPermCommand(std::string_view name) {
  return StrCat("NOPERM this user has no permissions to run the '", name, "' command");
}

std::string UnknownCommand(std::string_view name, const std::string_view* args, size_t n) {
  std::string words;
  for (size_t i = 0; i < n && words.size() < kShownMax; ++i) {
    StrAppend(&words, "'", Shown(args[i], kShownMax - words.size()), "' ");
  }
  return StrCat("ERR unknown command '", Shown(name, kShownMax),
                "', with args beginning with: ", words);
}

std::string UnknownSubcommand(std::string_view container, std::string_view subcommand) {
  return StrCat("ERR unknown subcommand '", Shown(subcommand, kShownMax), "'. Try ",
                ToUpper(container), " HELP.");
}

std::string SubcommandSyntax(std::string_view container, std::string_view subcommand) {
  return StrCat("ERR unknown subcommand or wrong number of arguments for '",
                Shown(subcommand, kShownMax), "'. Try ", ToUpper(container), " HELP.");
}

}  // namespace basalt::errors
