// Requests encoded once, before the run: sending one only overwrites the digits of its keys.
// RequestPlan is built by the main thread and then read by all; a Batch belongs to one worker
// thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tools/loadgen/key_chooser.h"
#include "tools/loadgen/options.h"

namespace basalt::loadgen {

// A place where a number stands. {key} and {n} draw a number each; all {tag} of a request show one.
struct NumberPlace {
  enum class Draw : uint8_t { kOwn, kTagFirst, kTagAgain };

  size_t at = 0;
  Draw draw = Draw::kOwn;
};

// One template, encoded.
struct Request {
  std::string bytes;
  std::vector<NumberPlace> numbers;
  uint32_t replies = 0;  // one per command in it
  uint32_t weight = 1;
};

// "*3\r\n" or "$5\r\n".
void AppendHeader(char kind, size_t count, std::string* out);

// All templates of the mix, encoded. Returns what is wrong with one, or an empty string.
std::string BuildRequests(const Options& options, std::vector<Request>* requests);

// `size` requests in one buffer, drawn from the mix when it is built. While any byte of it waits to
// be sent it is busy and its digits must not change.
class Batch {
 public:
  Batch(const std::vector<Request>& requests, uint32_t size, uint32_t digits,
        std::mt19937_64& random);

  // Draws new keys for the first `count` requests.
  void DrawKeys(KeyChooser& chooser, uint32_t count);

  // The bytes of the first `count` requests.
  std::string_view Bytes(uint32_t count) const {
    return {bytes_.data(), parts_[count - 1].bytes_end};
  }
  uint32_t Replies(uint32_t request) const { return parts_[request].replies; }

 private:
  struct Part {
    size_t bytes_end;
    size_t numbers_end;  // in numbers_
    uint32_t replies;
  };

  std::string bytes_;
  std::vector<NumberPlace> numbers_;
  std::vector<Part> parts_;
  uint32_t digits_;
};

}  // namespace basalt::loadgen
