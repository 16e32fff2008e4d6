#include "core/script/key_reach.h"

#include <algorithm>
#include <vector>

#include "core/base/strings.h"
#include "core/script/lua_tokens.h"

namespace basalt::script {
namespace {

using Kind = LuaToken::Kind;

// What can make code of text, or get at the globals without naming them. (`function` would need its
// parameters followed.) _VERSION is the one global that is a string.
constexpr std::string_view kOpaque[] = {"function", "load",    "loadstring", "_G",    "_VERSION",
                                        "getfenv",  "setfenv", "rawget",     "rawset"};

// A script that is larger is not followed: every alias, and every bracket that opens, is a walk
// over the tokens.
constexpr size_t kBytesMax = 32 << 10;
constexpr size_t kTokensMax = 2048;
constexpr size_t kAliasesMax = 64;

bool Opens(const LuaToken& symbol) {
  const char c = symbol.text[0];
  return c == '(' || c == '[' || c == '{';
}
bool Closes(const LuaToken& symbol) {
  const char c = symbol.text[0];
  return c == ')' || c == ']' || c == '}';
}

class Reach {
 public:
  Reach(std::vector<LuaToken> tokens, const CommandTable& commands)
      : tokens_(std::move(tokens)), commands_(commands) {}

  bool IsDeclaredOnly() {
    FindAliases();
    for (at_ = 0; tokens_[at_].kind != Kind::kEnd; ++at_) {
      const LuaToken& token = tokens_[at_];
      if (token.kind == Kind::kSymbol) depth_ += Opens(token) - Closes(token);
      if (token.kind != Kind::kName) continue;
      if (std::ranges::find(kOpaque, token.text) != std::end(kOpaque)) return false;
      if (token.text == "KEYS" && !IsPlainUseOfKeys()) return false;
      if (token.text == "redis" && !IsPlainUseOfRedis()) return false;
    }
    return true;
  }

 private:
  const LuaToken& Token(size_t i) const { return tokens_[std::min(i, tokens_.size() - 1)]; }
  bool IsSymbol(size_t i, std::string_view text) const {
    return Token(i).kind == Kind::kSymbol && Token(i).text == text;
  }

  // The place behind the bracket that closes the one at `open`; 0 where none does.
  size_t Behind(size_t open) const {
    size_t depth = 0;
    for (size_t i = open; Token(i).kind != Kind::kEnd; ++i) {
      if (Token(i).kind != Kind::kSymbol) continue;
      depth += Opens(Token(i));
      if (Closes(Token(i)) && --depth == 0) return i + 1;
    }
    return 0;
  }

  // KEYS[...] from `i` on: the place behind it. 0: something else stands there.
  size_t BehindKey(size_t i) const {
    return Token(i).kind == Kind::kName && Token(i).text == "KEYS" && IsSymbol(i + 1, "[")
               ? Behind(i + 1)
               : 0;
  }

  // `local name = KEYS[...]`, and no other place where `name` could get a value: then it is as good
  // as KEYS[...].
  void FindAliases() {
    std::vector<std::string_view> found;
    for (size_t i = 0; Token(i).kind != Kind::kEnd; ++i) {
      if (!Token(i).Is("local") || Token(i + 1).kind != Kind::kName || !IsSymbol(i + 2, "="))
        continue;
      const size_t end = BehindKey(i + 3);
      if (end != 0 && EndsStatement(end) && found.size() < kAliasesMax)
        found.push_back(Token(i + 1).text);
    }
    for (std::string_view name : found) {
      if (IsSetOnce(name)) aliases_.push_back(name);
    }
  }

  // Whether the token begins a new statement, rather than going on with the expression before it.
  bool EndsStatement(size_t i) const {
    const LuaToken& token = Token(i);
    if (token.kind == Kind::kEnd || token.Is(";")) return true;
    return token.kind == Kind::kName && token.text != "and" && token.text != "or";
  }

  bool IsSetOnce(std::string_view name) const {
    size_t depth = 0, declared = 0;
    for (size_t i = 0; Token(i).kind != Kind::kEnd; ++i) {
      if (IsSymbol(i, "(")) ++depth;
      if (IsSymbol(i, ")") && depth > 0) --depth;
      if (Token(i).kind != Kind::kName || Token(i).text != name) continue;
      const LuaToken& before = i == 0 ? Token(tokens_.size()) : Token(i - 1);
      if (before.Is("local")) {
        if (++declared > 1 || !IsSymbol(i + 1, "=")) return false;
        continue;
      }
      if (before.Is("for") || IsSymbol(i + 1, "=")) return false;
      // In a list of names, or of places to assign to. (Within parentheses there is neither, as
      // there are no functions.)
      if (depth == 0 && (IsSymbol(i + 1, ",") || before.Is(","))) return false;
    }
    return declared == 1;
  }

  // #KEYS, or KEYS[...] that nothing is assigned to.
  bool IsPlainUseOfKeys() const {
    if (at_ > 0 && IsSymbol(at_ - 1, "#")) return !IsSymbol(at_ + 1, "[") || BehindKey(at_) != 0;
    const size_t end = BehindKey(at_);
    if (end == 0 || IsSymbol(end, "=")) return false;
    // Before a comma it may be one of several places to assign to, unless it stands within brackets
    // or an expression has begun.
    return depth_ > 0 || !IsSymbol(end, ",") || (at_ > 0 && BeginsExpression(Token(at_ - 1)));
  }

  static bool BeginsExpression(const LuaToken& token) {
    if (token.kind == Kind::kName)
      return token.text == "return" || token.text == "and" || token.text == "or" ||
             token.text == "not";
    return token.kind == Kind::kSymbol && !Closes(token) && token.text != "," &&
           token.text != ";" && token.text != "...";
  }

  // redis.name, and if that is a call of a command, one that can be followed.
  bool IsPlainUseOfRedis() const {
    if (at_ > 0 && (IsSymbol(at_ - 1, ".") || IsSymbol(at_ - 1, ":"))) return false;
    if (!IsSymbol(at_ + 1, ".") || Token(at_ + 2).kind != Kind::kName) return false;
    const std::string_view name = Token(at_ + 2).text;
    return (name != "call" && name != "pcall") || IsCallOnDeclaredKeys(at_ + 3);
  }

  struct Argument {
    size_t begin, end;
  };

  // The arguments of the call that opens at `open`; none where it cannot be read.
  std::vector<Argument> ArgumentsOf(size_t open) const {
    std::vector<Argument> arguments;
    const size_t behind = Behind(open);
    if (behind == 0) return {};
    for (size_t begin = open + 1, i = begin; i < behind; ++i) {
      if (Token(i).kind != Kind::kSymbol) continue;
      if (Opens(Token(i))) {
        i = Behind(i) - 1;
      } else if (IsSymbol(i, ",") || i + 1 == behind) {
        arguments.push_back({begin, i});
        begin = i + 1;
      }
    }
    return arguments;
  }

  bool IsDeclaredKey(const Argument& argument) const {
    if (BehindKey(argument.begin) == argument.end) return true;
    return argument.end == argument.begin + 1 && Token(argument.begin).kind == Kind::kName &&
           std::ranges::find(aliases_, Token(argument.begin).text) != aliases_.end();
  }

  // A call or `...` in the last place may be any number of words.
  bool IsOneWord(const Argument& argument) const {
    if (argument.end == argument.begin + 1 && Token(argument.begin).kind == Kind::kString)
      return true;
    return argument.end > argument.begin && !IsSymbol(argument.end - 1, ")") &&
           !IsSymbol(argument.end - 1, "...") && !IsSymbol(argument.end - 1, "}") &&
           Token(argument.end - 1).kind != Kind::kString;
  }

  bool IsCallOnDeclaredKeys(size_t open) const {
    if (!IsSymbol(open, "(")) return false;
    const std::vector<Argument> arguments = ArgumentsOf(open);
    if (arguments.empty()) return false;
    const LuaToken& name = Token(arguments[0].begin);
    if (arguments[0].end != arguments[0].begin + 1 || name.kind != Kind::kString ||
        name.text.find('\\') != std::string_view::npos) {
      return false;
    }
    const CommandSpec* spec = commands_.Find(name.text);
    if (spec == nullptr || !spec->subcommands.empty() || spec->Has(kMovableKeys) ||
        spec->keys.finder != nullptr)
      return false;
    const KeySpec& keys = spec->keys;
    if (keys.first == 0) return spec->where == Where::kHome;
    // SORT has patterns that make keys of elements.
    if (spec->where != Where::kKeys || std::string_view(spec->name).starts_with("sort"))
      return false;
    if (keys.last < -1 || keys.step <= 0) return false;
    const size_t first = static_cast<size_t>(keys.first);
    const size_t last =
        keys.last < 0 ? std::max(arguments.size() - 1, first) : static_cast<size_t>(keys.last);
    if (keys.last < 0 && !IsDeclaredKey(arguments.back()) && !IsOneWord(arguments.back()))
      return false;
    for (size_t i = first; i <= last; i += static_cast<size_t>(keys.step)) {
      if (i >= arguments.size() || !IsDeclaredKey(arguments[i])) return false;
    }
    return true;
  }

  const std::vector<LuaToken> tokens_;
  const CommandTable& commands_;
  std::vector<std::string_view> aliases_;
  size_t at_ = 0;
  int depth_ = 0;  // brackets of any kind that are open
};

}  // namespace

bool TouchesOnlyDeclaredKeys(std::string_view code, const CommandTable& commands) {
  std::vector<LuaToken> tokens;
  return code.size() <= kBytesMax && ReadLuaTokens(code, &tokens) && tokens.size() <= kTokensMax &&
         Reach(std::move(tokens), commands).IsDeclaredOnly();
}

}  // namespace basalt::script
