// Inline commands: one line of words, quoted as in redis-cli.
//   "..."  knows \n \r \t \b \a \xHH and \<any byte>      '...'  knows \' only
// A closing quote must end its word; an opening one may stand inside it (a"b c" is the word `ab
// c`).
#include "core/resp/request_parser.h"

namespace basalt {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// What ends an unquoted word. Vertical tab and form feed do not, although they are skipped between
// words.
bool EndsWord(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Appends the quoted text whose opening quote is at *at to *out and moves *at behind the closing
// quote. False when that is missing, or is not followed by white space or the end.
bool ReadQuoted(std::string_view line, size_t* at, std::string* out) {
  const char quote = line[*at];
  size_t i = *at + 1;
  for (; i < line.size() && line[i] != quote; ++i) {
    if (line[i] != '\\' || i + 1 >= line.size()) {
      out->push_back(line[i]);
    } else if (quote == '\'') {
      if (line[i + 1] == '\'') ++i;
      out->push_back(line[i]);
    } else if (line[i + 1] == 'x' && i + 3 < line.size() && HexDigit(line[i + 2]) >= 0 &&
               HexDigit(line[i + 3]) >= 0) {
      out->push_back(static_cast<char>(HexDigit(line[i + 2]) * 16 + HexDigit(line[i + 3])));
      i += 3;
    } else {
      out->push_back(Unescape(line[++i]));
    }
  }
  if (i >= line.size()) return false;
  *at = i + 1;
  return *at == line.size() || IsSpace(line[*at]);
}

}  // namespace

RequestParser::Step RequestParser::ReadInline(std::string_view text,
                                              std::vector<std::string_view>* args) {
  size_t newline;
  const Step step = FindLineEnd(text, '\n', "too big inline request", &newline);
  if (step != Step::kDone) return step;
  const bool with_cr = newline > 0 && text[newline - 1] == '\r';
  if (!SplitInline(text.substr(0, newline - (with_cr ? 1 : 0)), args)) {
    return Fail("unbalanced quotes in request");
  }
  pos_ = newline + 1;
  return Step::kDone;
}

bool RequestParser::SplitInline(std::string_view line, std::vector<std::string_view>* args) {
  args->clear();
  words_.clear();
  words_.reserve(line.size());  // words only get shorter, so the views into words_ stay valid
  size_t i = 0;
  for (;;) {
    while (i < line.size() && IsSpace(line[i])) ++i;
    if (i == line.size()) return true;
    const size_t begin = i;
    while (i < line.size() && !EndsWord(line[i]) && line[i] != '"' && line[i] != '\'') ++i;
    if (i == line.size() || EndsWord(line[i])) {
      args->push_back(line.substr(begin, i - begin));
      continue;
    }
    const size_t word = words_.size();
    words_.append(line.substr(begin, i - begin));
    if (!ReadQuoted(line, &i, &words_)) return false;
    args->push_back(std::string_view(words_).substr(word));
  }
}

}  // namespace basalt
