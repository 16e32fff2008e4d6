// Feeds arbitrary bytes to the request parser, whole and cut into pieces that the input itself
// chooses, and holds both runs against each other. What must hold for every input:
//   the same commands, raw texts and error come out however the bytes are cut;
//   arguments lie inside the command (or, quoted inline words, in the parser), and none is longer
//   than what arrived; a raw text, parsed by itself, gives the same command again.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/resp/request_parser.h"

namespace basalt {
namespace {

using Result = RequestParser::Result;

// Everything that came out of a run, flattened: one length-prefixed text per argument, raw text and
// error.
struct Outcome {
  std::string log;
  void Note(char mark, std::string_view text) {
    log += mark;
    log += std::to_string(text.size());
    log += ':';
    log += text;
  }
};

class Run {
 public:
  void Receive(std::string_view bytes) {
    // Fresh memory of the exact size: a read past the end, or through an old view, is the
    // sanitizer's to see.
    const size_t size = unread_size_ + bytes.size();
    std::unique_ptr<char[]> joined(new char[size]);
    std::copy_n(unread_.get(), unread_size_, joined.get());
    std::copy_n(bytes.data(), bytes.size(), joined.get() + unread_size_);
    unread_ = std::move(joined);
    std::string_view input(unread_.get(), size);
    Parse(&input);
    std::unique_ptr<char[]> rest(new char[input.size()]);
    std::copy_n(input.data(), input.size(), rest.get());
    unread_ = std::move(rest);
    unread_size_ = input.size();
  }

  const std::string& log() const { return outcome_.log; }

 private:
  void Parse(std::string_view* input) {
    while (!failed_) {
      size_t consumed = 0;
      std::string_view raw;
      const Result result = parser_.Next(*input, &consumed, &args_, &raw);
      BASALT_CHECK(consumed <= input->size());
      if (result == Result::kCommand) {
        BASALT_CHECK(!args_.empty() && consumed > 0);
        for (const std::string_view arg : args_) outcome_.Note('a', arg);
        outcome_.Note('r', raw);
        CheckRaw(raw);
      } else if (result == Result::kError) {
        failed_ = true;
        outcome_.Note('e', parser_.error());
      } else {
        BASALT_CHECK(parser_.need_hint() > 0);
      }
      input->remove_prefix(consumed);
      if (result == Result::kNeedMore) return;
    }
  }

  void CheckRaw(std::string_view raw) {
    if (raw.empty()) return;
    RequestParser again;
    size_t consumed;
    std::vector<std::string_view> args;
    std::string_view raw_again;
    BASALT_CHECK(again.Next(raw, &consumed, &args, &raw_again) == Result::kCommand);
    BASALT_CHECK(consumed == raw.size() && raw_again == raw && args == args_);
    for (const std::string_view arg : args_) {
      BASALT_CHECK(arg.data() >= raw.data() && arg.data() + arg.size() <= raw.data() + raw.size());
    }
  }

  RequestParser parser_;
  std::vector<std::string_view> args_;
  std::unique_ptr<char[]> unread_{new char[0]};
  size_t unread_size_ = 0;
  bool failed_ = false;
  Outcome outcome_;
};

}  // namespace
}  // namespace basalt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  // The first byte chooses the cuts: pieces of 1 up to 64 bytes, from a little generator seeded
  // with it.
  uint32_t state = data[0] * 2654435761u + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  basalt::Run whole, pieces;
  whole.Receive(bytes);
  for (size_t at = 0; at < bytes.size();) {
    state = state * 1664525 + 1013904223;
    const size_t n = 1 + (state >> 16) % (state >> 31 ? 4 : 64);
    pieces.Receive(bytes.substr(at, n));
    at += n;
  }
  if (bytes.empty()) return 0;
  BASALT_CHECK(whole.log() == pieces.log());
  return 0;
}
