// SHA-1 (RFC 3174), the name that scripts go by. Not for security. Pure function; any thread.
#pragma once

#include <string>
#include <string_view>

namespace basalt::script {

inline constexpr size_t kShaHexBytes = 40;

// 40 lower-case hex digits.
std::string Sha1Hex(std::string_view bytes);

}  // namespace basalt::script
