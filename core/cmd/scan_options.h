// The words of SCAN, HSCAN, SSCAN and ZSCAN. A function that returns false has already replied with
// the error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/cmd/arguments.h"

namespace basalt {

struct ScanOptions {
  size_t count = 10;
  bool has_pattern = false;  // a pattern that is not just "*"
  std::string_view pattern;
  std::string_view type;  // "": any

  [[nodiscard]] bool Matches(std::string_view text) const;
};

// args[i] as a cursor.
[[nodiscard]] bool CursorArg(CommandContext& ctx, size_t i, uint64_t* cursor);
// MATCH and COUNT from args[from] on, and TYPE if `with_type`.
[[nodiscard]] bool ParseScanOptions(CommandContext& ctx, size_t from, bool with_type,
                                    ScanOptions* out);

}  // namespace basalt
