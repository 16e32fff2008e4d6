// Counts whole replies (RESP2 and RESP3) in a byte stream and notes errors and nils; bulk contents
// are skipped unread. One per connection, one thread. Invariant between calls: `open_` elements of
// the current reply are still to come, the next byte belongs to a bulk if `skip_` > 0, else to the
// line whose beginning is in `line_`.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace basalt::loadgen {

struct ReplyStats {
  static constexpr size_t kTextsKept = 8;

  uint64_t errors = 0;  // at any depth: a failed command inside EXEC counts
  uint64_t nils = 0;
  std::map<std::string, uint64_t> error_texts;  // the first few different ones

  void AddError(std::string_view text) {
    ++errors;
    auto found = error_texts.find(std::string(text));
    if (found != error_texts.end()) {
      ++found->second;
    } else if (error_texts.size() < kTextsKept) {
      error_texts.emplace(text, 1);
    }
  }
};

class ReplyScanner {
 public:
  // Returns how many replies ended in these bytes.
  size_t Feed(const char* data, size_t size, ReplyStats* stats) {
    size_t ended = 0;
    const char* const end = data + size;
    while (data < end && !broken_) {
      if (skip_ > 0) {
        const uint64_t step = std::min<uint64_t>(skip_, static_cast<uint64_t>(end - data));
        data += step, skip_ -= step;
        if (skip_ == 0) ended += CloseElement();
        continue;
      }
      const char* newline = static_cast<const char*>(std::memchr(data, '\n', end - data));
      if (newline == nullptr) {
        line_.append(data, end);
        break;
      }
      if (line_.empty()) {
        ended += ScanLine({data, static_cast<size_t>(newline - data)}, stats);
      } else {
        line_.append(data, newline);
        ended += ScanLine(line_, stats);
        line_.clear();
      }
      data = newline + 1;
    }
    return ended;
  }

  bool broken() const { return broken_; }  // something that is no RESP arrived

 private:
  size_t ScanLine(std::string_view line, ReplyStats* stats) {
    if (line.size() < 2 || line.back() != '\r') return broken_ = true, 0;
    const char kind = line.front();
    line = line.substr(1, line.size() - 2);
    switch (kind) {
      case '-':
        stats->AddError(line);
        return CloseElement();
      case '_':
        ++stats->nils;
        return CloseElement();
      case '+':
      case ':':
      case ',':
      case '#':
      case '(':
        return CloseElement();
      case '!':
        stats->AddError("(error sent as a bulk)");
        [[fallthrough]];
      case '$':
      case '=':
        return OpenBulk(Length(line), stats);
      case '*':
      case '~':
      case '%':
        return OpenAggregate(Length(line), kind == '%' ? 2 : 1, stats);
      default:
        broken_ = true;
        return 0;
    }
  }

  size_t OpenBulk(int64_t length, ReplyStats* stats) {
    if (length < 0) return ++stats->nils, CloseElement();
    skip_ = static_cast<uint64_t>(length) + 2;
    return 0;
  }

  size_t OpenAggregate(int64_t length, uint64_t width, ReplyStats* stats) {
    if (length < 0) return ++stats->nils, CloseElement();
    open_ += static_cast<uint64_t>(length) * width;
    return CloseElement();
  }

  size_t CloseElement() {
    if (--open_ > 0) return 0;
    open_ = 1;
    return 1;
  }

  int64_t Length(std::string_view text) {
    int64_t length = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || end != text.data() + text.size() || length < -1) broken_ = true;
    return length;
  }

  uint64_t skip_ = 0;
  uint64_t open_ = 1;
  std::string line_;
  bool broken_ = false;
};

}  // namespace basalt::loadgen
