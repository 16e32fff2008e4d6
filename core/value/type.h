// The five value types of a key, in Redis's numbering (as RDB's and OBJECT's users expect). Plain
// values; any thread.
#pragma once

#include <cstdint>

namespace basalt {

enum class ValueType : uint8_t { kString = 0, kList = 1, kSet = 2, kZSet = 3, kHash = 4 };
inline constexpr int kValueTypes = 5;

// What TYPE answers.
constexpr const char* TypeName(ValueType type) {
  constexpr const char* kNames[kValueTypes] = {"string", "list", "set", "zset", "hash"};
  return kNames[static_cast<int>(type)];
}

}  // namespace basalt
