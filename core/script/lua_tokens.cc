#include "core/script/lua_tokens.h"

namespace basalt::script {
namespace {

constexpr size_t kNpos = std::string_view::npos;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }

class Reader {
 public:
  explicit Reader(std::string_view code) : code_(code) {}

  // False at an error. At the end the token is kEnd.
  bool Next(LuaToken* token) {
    if (!SkipToToken()) return false;
    const size_t begin = at_;
    const char c = Peek();
    if (at_ == code_.size()) {
      *token = {LuaToken::Kind::kEnd, {}};
      return true;
    }
    if (IsNameStart(c)) {
      while (IsNamePart(Peek())) ++at_;
      *token = {LuaToken::Kind::kName, code_.substr(begin, at_ - begin)};
      return true;
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
      SkipNumber();
      *token = {LuaToken::Kind::kNumber, code_.substr(begin, at_ - begin)};
      return true;
    }
    if (c == '"' || c == '\'') return ReadQuoted(token);
    if (const size_t level = BracketLevel(); level != kNpos) return ReadBracketed(level, token);
    at_ += SymbolSize();
    *token = {LuaToken::Kind::kSymbol, code_.substr(begin, at_ - begin)};
    return true;
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < code_.size() ? code_[at_ + ahead] : '\0';
  }

  bool SkipToToken() {
    while (at_ < code_.size()) {
      const char c = code_[at_];
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        ++at_;
      } else if (c == '-' && Peek(1) == '-') {
        if (!SkipComment()) return false;
      } else {
        return true;
      }
    }
    return true;
  }

  bool SkipComment() {
    at_ += 2;
    if (const size_t level = BracketLevel(); level != kNpos) {
      LuaToken ignored;
      return ReadBracketed(level, &ignored);
    }
    while (at_ < code_.size() && code_[at_] != '\n' && code_[at_] != '\r') ++at_;
    return true;
  }

  // How many '=' stand in the long bracket that opens here; kNpos where none does.
  size_t BracketLevel() const {
    if (Peek() != '[') return kNpos;
    size_t level = 0;
    while (Peek(1 + level) == '=') ++level;
    return Peek(1 + level) == '[' ? level : kNpos;
  }

  bool ReadBracketed(size_t level, LuaToken* token) {
    at_ += level + 2;
    const size_t begin = at_;
    for (; at_ < code_.size(); ++at_) {
      // Lua 5.1 refuses a [[ within [[ ]].
      if (level == 0 && Peek() == '[' && Peek(1) == '[') return false;
      if (Peek() != ']') continue;
      size_t equals = 0;
      while (Peek(1 + equals) == '=') ++equals;
      if (equals != level || Peek(1 + equals) != ']') continue;
      *token = {LuaToken::Kind::kString, code_.substr(begin, at_ - begin)};
      at_ += level + 2;
      return true;
    }
    return false;
  }

  bool ReadQuoted(LuaToken* token) {
    const char quote = code_[at_++];
    const size_t begin = at_;
    for (; at_ < code_.size(); ++at_) {
      const char c = code_[at_];
      if (c == quote) {
        *token = {LuaToken::Kind::kString, code_.substr(begin, at_++ - begin)};
        return true;
      }
      if (c == '\n' || c == '\r') return false;
      // The next byte is no quote; with a line end of two bytes the second is an error here and
      // none in Lua.
      if (c == '\\') ++at_;
    }
    return false;
  }

  // As Lua's lexer: digits, dots, an exponent with its sign, and whatever may stand in a name.
  void SkipNumber() {
    while (IsDigit(Peek()) || Peek() == '.') ++at_;
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
    }
    while (IsNamePart(Peek())) ++at_;
  }

  size_t SymbolSize() const {
    const char c = Peek();
    if (c == '.' && Peek(1) == '.') return Peek(2) == '.' ? 3 : 2;
    const bool compares = c == '=' || c == '~' || c == '<' || c == '>';
    return compares && Peek(1) == '=' ? 2 : 1;
  }

  const std::string_view code_;
  size_t at_ = 0;
};

}  // namespace

bool ReadLuaTokens(std::string_view code, std::vector<LuaToken>* tokens) {
  tokens->clear();
  if (code.find('\0') != kNpos) return false;
  Reader reader(code);
  do {
    LuaToken token;
    if (!reader.Next(&token)) return false;
    tokens->push_back(token);
  } while (tokens->back().kind != LuaToken::Kind::kEnd);
  return true;
}

}  // namespace basalt::script
