// What a parsed reply can tell about itself.
#include "core/base/strings.h"
#include "core/resp/reply_parser.h"

namespace basalt {
namespace {

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      *out += {'\\', c};
    } else if (c == '\r') {
      *out += "\\r";
    } else if (c == '\n') {
      *out += "\\n";
    } else if (byte < 0x20 || byte >= 0x7f) {
      *out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void AppendElements(const ReplyValue& value, bool pairs, std::string* out) {
  for (size_t i = 0; i < value.elements.size(); ++i) {
    if (i > 0) *out += pairs && i % 2 == 1 ? ": " : ", ";
    *out += value.elements[i].ToString();
  }
}

}  // namespace

bool ReplyValue::is_aggregate() const {
  return type == Type::kArray || type == Type::kMap || type == Type::kSet || type == Type::kPush;
}

const ReplyValue* ReplyValue::Get(std::string_view key) const {
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].text == key) return &elements[i + 1];
  }
  return nullptr;
}

std::string ReplyValue::ToString() const {
  std::string out;
  if (!attributes.empty()) out += "(with attributes) ";
  switch (type) {
    case Type::kSimple:
      out += text;
      break;
    case Type::kError:
    case Type::kBlobError:
      out += "(error) " + text;
      break;
    case Type::kInteger:
      StrAppend(&out, "(integer) ", integer);
      break;
    case Type::kBulk:
      AppendQuoted(text, &out);
      break;
    case Type::kNull:
      out += "nil";
      break;
    case Type::kDouble:
      out += "(double) " + text;
      break;
    case Type::kBool:
      out += integer != 0 ? "true" : "false";
      break;
    case Type::kBigNumber:
      out += "(big) " + text;
      break;
    case Type::kVerbatim:
      out += format + ":";
      AppendQuoted(text, &out);
      break;
    case Type::kArray:
    case Type::kSet:
    case Type::kPush:
      out += type == Type::kArray ? "[" : type == Type::kSet ? "set[" : "push[";
      AppendElements(*this, false, &out);
      out += "]";
      break;
    case Type::kMap:
      out += "{";
      AppendElements(*this, true, &out);
      out += "}";
      break;
  }
  return out;
}

}  // namespace basalt
