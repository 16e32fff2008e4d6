// The tokens of Lua 5.1 source text, for questions that can be asked of a script without running
// it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace basalt::script {

struct LuaToken {
  enum class Kind : uint8_t { kName, kString, kNumber, kSymbol, kEnd };
  Kind kind;
  // A string's is what stands between its quotes or brackets, escapes as written.
  std::string_view text;

  bool Is(std::string_view other) const { return kind != Kind::kString && text == other; }
};

// Keywords are names. The last token is kEnd, with no text. False: `code` holds what Lua itself
// would refuse, or a byte 0; a script of which that is said need not be valid otherwise.
bool ReadLuaTokens(std::string_view code, std::vector<LuaToken>* tokens);

}  // namespace basalt::script
