// What the server calls itself.
#pragma once

namespace basalt {

inline constexpr char kBasaltVersion[] = "0.1.0";
inline constexpr char kRedisVersion[] =
    "7.0.15";  // the version whose commands and replies it gives
inline constexpr int kRedisVersionNumber = 7 << 16 | 0 << 8 | 15;

}  // namespace basalt
