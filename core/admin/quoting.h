// Words of a config line: separated by white space, plain or in quotes.
//   "..."  with \n \r \t \b \a \xHH and \<any>      '...'  with \' only      A closing quote must
//   end the word.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basalt {

// The words of `line`, or nothing if a quote is not closed or something sticks to a closing one.
std::optional<std::vector<std::string>> SplitQuoted(std::string_view line);

// `word` in double quotes, such that SplitQuoted gives it back.
std::string Quote(std::string_view word);

// Would `word`, written plainly, be read back as something else?
bool NeedsQuotes(std::string_view word);

}  // namespace basalt
