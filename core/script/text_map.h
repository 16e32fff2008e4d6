// A hash map by text that is looked up by views. (The system's Abseil has a string_view of its
// own.)
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "core/base/hash.h"

namespace basalt::script {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return HashKey(text); }
};

template <class Value>
using TextMap = absl::flat_hash_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace basalt::script
