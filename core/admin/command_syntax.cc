#include "core/admin/command_syntax.h"

#include "core/base/check.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr std::string_view kEndOfWord = " |(){}[]*=";

class SyntaxParser {
 public:
  explicit SyntaxParser(std::string_view text) : rest_(text) {}

  std::vector<CommandArgument> ParseAll() {
    std::vector<CommandArgument> arguments = ParseList(' ');
    BASALT_CHECK(rest_.empty());
    return arguments;
  }

 private:
  bool At(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool Skip(char c) {
    if (!At(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::vector<CommandArgument> ParseList(char separator) {
    std::vector<CommandArgument> list;
    if (rest_.empty()) return list;
    do {
      list.push_back(ParseItem());
    } while (Skip(separator));
    return list;
  }

  CommandArgument ParseItem() {
    const bool optional = Skip('[');
    CommandArgument argument = ParseArgument();
    if (Skip('*')) argument.multiple = true;
    if (Skip('*')) argument.multiple_token = true;
    argument.optional = optional;
    if (optional) BASALT_CHECK(Skip(']'));
    return argument;
  }

  CommandArgument ParseArgument() {
    CommandArgument argument;
    std::string_view word = ReadWord();
    if (Skip('=')) {
      argument.token = word;
      word = ReadWord();
    }
    if (Skip('(')) {
      ReadGroup(word, ArgumentType::kOneOf, '|', ')', &argument);
    } else if (Skip('{')) {
      ReadGroup(word, ArgumentType::kBlock, ' ', '}', &argument);
    } else if (argument.token.empty() && IsToken(word)) {
      ReadToken(word, &argument);
    } else {
      ReadValue(word, &argument);
    }
    return argument;
  }

  std::string_view ReadWord() {
    std::string_view word = rest_.substr(0, rest_.find_first_of(kEndOfWord));
    BASALT_CHECK(!word.empty());
    rest_.remove_prefix(word.size());
    return word;
  }

  void ReadGroup(std::string_view name, ArgumentType type, char separator, char end,
                 CommandArgument* argument) {
    argument->name = name;
    argument->type = type;
    argument->arguments = ParseList(separator);
    BASALT_CHECK(Skip(end));
  }

  static bool IsToken(std::string_view word) {
    return (word.front() >= 'A' && word.front() <= 'Z') || word.find('@') != std::string_view::npos;
  }

  static void ReadToken(std::string_view word, CommandArgument* argument) {
    argument->type = ArgumentType::kPureToken;
    const size_t at = word.find('@');
    const bool named = at != std::string_view::npos;
    argument->token = named ? word.substr(at + 1) : word;
    argument->name = named ? std::string(word.substr(0, at)) : ToLower(word);
  }

  // A colon that is not followed by a type belongs to the name, as in ip:port.
  void ReadValue(std::string_view word, CommandArgument* argument) {
    argument->name = word;
    const size_t colon = word.rfind(':');
    if (colon == std::string_view::npos) return;
    std::string_view suffix = word.substr(colon + 1);
    const bool numbered = suffix.size() == 2 && suffix[1] >= '0' && suffix[1] <= '9';
    if ((suffix.size() != 1 && !numbered) || !SetType(suffix[0], argument)) return;
    argument->name = word.substr(0, colon);
    if (numbered) argument->key_spec_index = suffix[1] - '0';
  }

  bool SetType(char letter, CommandArgument* argument) {
    switch (letter) {
      case 'k':
        argument->type = ArgumentType::kKey;
        argument->key_spec_index = keys_++;
        return true;
      case 'i':
        argument->type = ArgumentType::kInteger;
        return true;
      case 'd':
        argument->type = ArgumentType::kDouble;
        return true;
      case 'p':
        argument->type = ArgumentType::kPattern;
        return true;
      case 'u':
        argument->type = ArgumentType::kUnixTime;
        return true;
      default:
        return false;
    }
  }

  std::string_view rest_;
  int keys_ = 0;
};

}  // namespace

std::string_view ArgumentTypeName(ArgumentType type) {
  switch (type) {
    case ArgumentType::kString:
      return "string";
    case ArgumentType::kInteger:
      return "integer";
    case ArgumentType::kDouble:
      return "double";
    case ArgumentType::kKey:
      return "key";
    case ArgumentType::kPattern:
      return "pattern";
    case ArgumentType::kUnixTime:
      return "unix-time";
    case ArgumentType::kPureToken:
      return "pure-token";
    case ArgumentType::kOneOf:
      return "oneof";
    case ArgumentType::kBlock:
      return "block";
  }
  BASALT_CHECK(false);
}

std::vector<CommandArgument> ParseCommandSyntax(std::string_view syntax) {
  return SyntaxParser(syntax).ParseAll();
}

}  // namespace basalt
