// One element of a packed structure as it is read: either bytes that live in the structure, or an
// integer that the structure stores in binary. Views; any thread. An Element is valid until the
// structure it came from changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/numbers.h"

namespace basalt {

class Element {
 public:
  Element() : data_(""), size_(0) {}
  explicit Element(std::string_view bytes)
      : data_(bytes.data() ? bytes.data() : ""), size_(bytes.size()) {}
  explicit Element(int64_t number) : data_(nullptr), number_(number) {}

  bool is_integer() const { return data_ == nullptr; }
  int64_t integer() const { return number_; }  // only when is_integer()

  // The element as text. For an integer the text lives in this Element, so it dies (and moves) with
  // it.
  std::string_view text() const {
    if (data_) return {data_, size_};
    return {digits_, FormatInt64(number_, digits_)};
  }
  std::string ToString() const { return std::string(text()); }

  // The element as a number, by the strict rule of Redis's integer arguments. False when it is
  // none.
  bool ToInt64(int64_t* out) const {
    if (data_) return ParseInt64({data_, size_}, out);
    *out = number_;
    return true;
  }

 private:
  const char* data_;  // null for an integer
  union {
    size_t size_;
    int64_t number_;
  };
  mutable char digits_[24];
};

}  // namespace basalt
