// The line that may open a script or library ("#!lua name=x flags=no-writes,allow-oom") and the
// flags it sets. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace basalt::script {

enum ScriptFlag : uint32_t {
  kNoWrites = 1 << 0,
  kAllowOom = 1 << 1,
  kAllowStale = 1 << 2,
  kNoCluster = 1 << 3,
  kAllowCrossSlotKeys = 1 << 4,
  kCompatible = 1 << 8,  // no such line: the checks come with each command that the script calls
};

// The flag of that name, as scripts and redis.register_function spell it.
std::optional<uint32_t> ScriptFlagOf(std::string_view name);
// The name of one flag.
std::string_view NameOf(ScriptFlag flag);

// Every flag that has a name, in the order FUNCTION LIST shows them.
inline constexpr ScriptFlag kNamedFlags[] = {kNoWrites, kAllowOom, kAllowStale, kNoCluster,
                                             kAllowCrossSlotKeys};

struct Shebang {
  uint32_t flags = 0;
  std::string_view engine;
  std::string_view name;  // of a library
  size_t length = 0;      // bytes of the line, without its end
};

// Reads the first line of a script. False: *error says why, as the client is told.
bool ParseScriptShebang(std::string_view body, Shebang* out, std::string* error);
// Reads the first line of a library, which must have one.
bool ParseLibraryShebang(std::string_view code, Shebang* out, std::string* error);

}  // namespace basalt::script
