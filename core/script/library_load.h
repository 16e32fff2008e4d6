// What a library registers while its code runs (redis.register_function). Outside of the protected
// call into Lua (lua.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basalt::script {

struct LoadedFunction {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;  // ScriptFlag
  int reference = 0;   // of the function in the Vm it was loaded into
};

// Names of libraries and functions: letters, digits and underscores, at least one.
bool IsValidName(std::string_view name);

class LibraryLoad {
 public:
  // Null, or why it cannot be.
  const char* Add(std::string_view name, bool described, std::string_view description,
                  uint32_t flags, int reference);

  std::vector<LoadedFunction> functions;
};

}  // namespace basalt::script
