// Key specifications, as COMMAND INFO gives them: constant data; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace basalt {

struct KeySpecRow {
  enum class Find : uint8_t { kUnknown, kRange, kCount };

  std::string_view name;
  std::string_view flags;    // "RW access update", separated by spaces
  std::string_view keyword;  // keys begin behind this word, looked for from `index` on (negative:
                             // backwards); "": at `index`
  int index;
  Find find;
  // kRange: last key (counted from the first; negative from the end), step, limit. kCount: where
  // the number of keys stands, where the first key stands (both counted from the beginning), step.
  int a, b, c;
};

// The rows of a command ("mset") or subcommand ("memory|usage"); none for commands without keys.
std::span<const KeySpecRow> KeySpecRowsOf(std::string_view name);

}  // namespace basalt
