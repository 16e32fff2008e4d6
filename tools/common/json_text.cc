#include "tools/common/json_text.h"

#include <utility>

namespace basalt::tools {

void JsonText::Begin(std::string_view name, char bracket) {
  Name(name);
  text_ += bracket;
}

void JsonText::End(char bracket) { text_ += bracket; }

void JsonText::Name(std::string_view name) {
  if (!text_.empty() && text_.back() != '{' && text_.back() != '[') text_ += ',';
  if (name.empty()) return;
  Quote(name);
  text_ += ':';
}

void JsonText::Member(std::string_view name, std::string_view text) {
  Name(name);
  Quote(text);
}

void JsonText::Element(std::string_view text) {
  Name({});
  Quote(text);
}

void JsonText::Quote(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  text_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      text_ += c;
    } else {
      text_ += "\\u00";
      text_ += kDigits[byte >> 4];
      text_ += kDigits[byte & 15];
    }
  }
  text_ += '"';
}

std::string JsonText::Take() { return std::exchange(text_, {}) + "\n"; }

}  // namespace basalt::tools
