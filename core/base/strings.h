// Small text helpers over std::string_view: concatenation of texts and numbers, and ASCII case.
// (Abseil as Debian ships it has a string_view type of its own, which std::string_view does not
// convert to.) Pure functions; any thread.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/numbers.h"

namespace basalt {

// One argument of StrCat as text. Numbers are written into the piece itself, which therefore is not
// copied.
class StrPiece {
 public:
  template <class T>
  requires std::convertible_to<const T&, std::string_view> StrPiece(const T& text)
      : text_(text) {}  // NOLINT: implicit on purpose
  template <std::integral T>
  StrPiece(T value) : text_(digits_, WriteInt(value)) {}
  StrPiece(char c) : text_(digits_, 1) { digits_[0] = c; }
  StrPiece(bool) = delete;
  StrPiece(double value) : text_(digits_, FormatDouble(value, digits_)) {}
  StrPiece(const StrPiece&) = delete;
  StrPiece& operator=(const StrPiece&) = delete;

  std::string_view text() const { return text_; }

 private:
  template <class T>
  size_t WriteInt(T value) {
    return static_cast<size_t>(std::to_chars(digits_, digits_ + sizeof(digits_), value).ptr -
                               digits_);
  }

  char digits_[kDoubleTextMax];
  std::string_view text_;
};

namespace internal {
void AppendPieces(std::string* out, const std::string_view* pieces, size_t n);
template <class... Pieces>
void AppendAll(std::string* out, const Pieces&... pieces) {
  const std::string_view texts[] = {pieces.text()...};
  AppendPieces(out, texts, sizeof...(Pieces));
}
template <class>
using PieceFor = StrPiece;
}  // namespace internal

// Appends texts, characters, integers and doubles to `out`, which none of them may be a view of.
template <class... Parts>
void StrAppend(std::string* out, const Parts&... parts) {
  internal::AppendAll(out, static_cast<const StrPiece&>(internal::PieceFor<Parts>(parts))...);
}

template <class... Parts>
[[nodiscard]] std::string StrCat(const Parts&... parts) {
  std::string out;
  StrAppend(&out, parts...);
  return out;
}

// ASCII only, whatever the locale, as command and option names are.
constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char AsciiUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);
[[nodiscard]] bool EqualsNoCase(std::string_view a, std::string_view b);

}  // namespace basalt
