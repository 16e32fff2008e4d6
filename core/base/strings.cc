#include "core/base/strings.h"

namespace basalt {
namespace internal {

void AppendPieces(std::string* out, const std::string_view* pieces, size_t n) {
  size_t total = out->size();
  for (size_t i = 0; i < n; ++i) total += pieces[i].size();
  // Never to the exact size alone: a text built by many small appends must not move each time.
  if (total > out->capacity())
    out->reserve(total > 2 * out->capacity() ? total : 2 * out->capacity());
  for (size_t i = 0; i < n; ++i) out->append(pieces[i]);
}

}  // namespace internal

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = AsciiLower(c);
  return out;
}

std::string ToUpper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = AsciiUpper(c);
  return out;
}

bool EqualsNoCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (AsciiLower(a[i]) != AsciiLower(b[i])) return false;
  }
  return true;
}

}  // namespace basalt
