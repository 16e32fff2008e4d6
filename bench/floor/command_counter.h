// Counts the commands in a RESP byte stream that arrives in pieces of any size; looks at lengths,
// skips all contents. One per connection, one thread. Invariant between calls: `skip_` bytes of the
// current argument (its CRLF included) and `args_` whole arguments of the current command are still
// to come.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace basalt {

class CommandCounter {
 public:
  // Consumes `size` bytes; returns how many commands ended in them. Nonsense is counted by line,
  // never refused.
  size_t Feed(const char* data, size_t size) {
    size_t ended = 0;
    const char* const end = data + size;
    while (data < end) {
      if (skip_ > 0) {
        const uint64_t step = std::min<uint64_t>(skip_, static_cast<uint64_t>(end - data));
        data += step, skip_ -= step;
        if (skip_ == 0 && args_ > 0 && --args_ == 0) ++ended;
      } else if (kind_ == 0) {
        kind_ = *data++, number_ = 0;
      } else {
        const char c = *data++;
        if (c >= '0' && c <= '9') number_ = number_ * 10 + static_cast<uint64_t>(c - '0');
        if (c == '\n') ended += EndLine();
      }
    }
    return ended;
  }

 private:
  static constexpr uint64_t kLargestArgument = 1ull << 32;

  size_t EndLine() {
    const char kind = kind_;
    kind_ = 0;
    if (kind == '*') {
      args_ = number_;
      return 0;
    }
    if (kind == '$') {
      skip_ = std::min(number_, kLargestArgument) + 2;
      return 0;
    }
    return kind != '\r';  // an inline command; a blank line is none
  }

  uint64_t skip_ = 0;
  uint64_t args_ = 0;
  uint64_t number_ = 0;
  char kind_ = 0;  // first byte of the line under way, 0 between lines
};

}  // namespace basalt
