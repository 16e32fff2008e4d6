#include "core/admin/quoting.h"

namespace basalt {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Escape {
  char letter;
  char byte;
};
constexpr Escape kEscapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'b', '\b'}, {'a', '\a'}};

class WordReader {
 public:
  explicit WordReader(std::string_view line) : rest_(line) {}

  bool SkipSpace() {  // false at the end
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
    return !rest_.empty();
  }

  // Reads one word, in which a quote may also open after plain characters. False if the
  // quoting is broken.
  bool Read(std::string* word) {
    while (!rest_.empty() && !IsSpace(rest_.front())) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c != '"' && c != '\'') {
        word->push_back(c);
        continue;
      }
      return c == '"' ? ReadDouble(word) : ReadSingle(word);
    }
    return true;
  }

 private:
  bool Closed() const { return rest_.empty() || IsSpace(rest_.front()); }

  bool ReadDouble(std::string* word) {
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return Closed();
      if (c == '\\' && !rest_.empty()) {
        ReadEscape(word);
      } else {
        word->push_back(c);
      }
    }
    return false;
  }

  void ReadEscape(std::string* word) {
    char c = rest_.front();
    if (c == 'x' && rest_.size() >= 3 && HexDigit(rest_[1]) >= 0 && HexDigit(rest_[2]) >= 0) {
      word->push_back(static_cast<char>(HexDigit(rest_[1]) * 16 + HexDigit(rest_[2])));
      rest_.remove_prefix(3);
      return;
    }
    for (const Escape& escape : kEscapes) {
      if (escape.letter == c) c = escape.byte;
    }
    word->push_back(c);
    rest_.remove_prefix(1);
  }

  bool ReadSingle(std::string* word) {
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\'') return Closed();
      if (c == '\\' && !rest_.empty() && rest_.front() == '\'') {
        c = '\'';
        rest_.remove_prefix(1);
      }
      word->push_back(c);
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> SplitQuoted(std::string_view line) {
  std::vector<std::string> words;
  WordReader reader(line);
  while (reader.SkipSpace()) {
    std::string word;
    if (!reader.Read(&word)) return std::nullopt;
    words.push_back(std::move(word));
  }
  return words;
}

std::string Quote(std::string_view word) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : word) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  out += '"';
  return out;
}

bool NeedsQuotes(std::string_view word) {
  for (char c : word) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '\'' || c == '\\') return true;
  }
  return word.empty() || word.front() == '#';
}

}  // namespace basalt
