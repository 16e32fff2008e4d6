// The one hash of keys, fields and members: XXH3 with a seed that is fresh in every process, so
// that nobody outside can choose keys that collide. Any thread; the seed is set before any thread
// starts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace basalt {

uint64_t HashKey(std::string_view key);

// For tests and replayed runs; only before anything has been hashed.
void SetHashSeed(uint64_t seed);

// A key and its hash, so that a hash computed once (to prefetch, to route) serves every later step.
// Converts from any string; the bytes must outlive it.
struct HashedKey {
  std::string_view key;
  uint64_t hash;

  HashedKey(std::string_view k) : key(k), hash(HashKey(k)) {}
  HashedKey(const std::string& k) : HashedKey(std::string_view(k)) {}
  HashedKey(const char* k) : HashedKey(std::string_view(k)) {}
  HashedKey(std::string_view k, uint64_t known_hash) : key(k), hash(known_hash) {}
};

}  // namespace basalt
