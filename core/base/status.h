// The text of an absl::Status as std::string_view (Debian's Abseil has a string_view type of its
// own).
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace basalt {

inline std::string_view MessageOf(const absl::Status& status) {
  absl::string_view text = status.message();
  return {text.data(), text.size()};
}

}  // namespace basalt
