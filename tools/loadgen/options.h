// What the user asked for, checked. Filled once by ParseOptions before any thread starts, then only
// read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basalt::loadgen {

enum class Distribution { kUniform, kZipf, kSequential };

// One kind of request and how often it is sent compared with the others of the mix.
struct MixEntry {
  std::string text;  // a template, see request.h
  uint32_t weight = 1;
};

struct Options {
  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  uint32_t connections = 50;
  uint32_t threads = 1;
  uint32_t pipeline = 1;
  std::vector<MixEntry> mix;  // empty after ParseOptions only with `handover`
  bool handover = false;      // pairs of connections, see handover.h

  uint64_t keys = 1'000'000;
  uint32_t key_size = 16;  // prefix and zero-padded number
  std::string key_prefix = "key:";
  uint32_t value_size = 64;
  Distribution distribution = Distribution::kUniform;
  double zipf_exponent = 0.99;

  uint64_t count = 0;  // requests to send in all; 0 means until `duration_s` is over
  double duration_s = 5;
  double warmup_s = 0;    // of `duration_s`, left out of the figures
  double rate_per_s = 0;  // open loop when > 0, over all connections
  bool poisson = false;   // open loop: random instead of even gaps
  double drain_s = 5;     // how long to wait for outstanding replies at the end
  uint64_t seed = 1;
  bool json = false;

  uint32_t digits() const { return key_size - static_cast<uint32_t>(key_prefix.size()); }
};

// Returns an empty string, or what is wrong in words for the user. Sets `*help` when help was asked
// for.
std::string ParseOptions(int argc, char** argv, Options* options, bool* help);

const char* HelpText();

}  // namespace basalt::loadgen
