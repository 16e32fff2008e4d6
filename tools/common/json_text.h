// Builds one JSON text, member by member. Strings are bytes: those that are no printable ASCII come
// out as \u00XX, so any key of a data set is valid JSON and can be turned back. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace basalt::tools {

class JsonText {
 public:
  // A container in an object has a name; the outermost one and those in arrays have none.
  void BeginObject(std::string_view name = {}) { Begin(name, '{'); }
  void EndObject() { End('}'); }
  void BeginArray(std::string_view name = {}) { Begin(name, '['); }
  void EndArray() { End(']'); }

  void Member(std::string_view name, std::string_view text);
  void Member(std::string_view name, const char* text) { Member(name, std::string_view(text)); }
  template <class Int>
  requires std::is_integral_v<Int>
  void Member(std::string_view name, Int value) {
    Name(name);
    if constexpr (std::is_same_v<Int, bool>) {
      text_ += value ? "true" : "false";
    } else {
      text_ += std::to_string(value);
    }
  }
  void Element(std::string_view text);

  // What was built, and a newline.
  std::string Take();

 private:
  void Begin(std::string_view name, char bracket);
  void End(char bracket);
  void Name(std::string_view name);
  void Quote(std::string_view text);

  std::string text_;
};

}  // namespace basalt::tools
