#include "core/script/library_load.h"

#include <algorithm>

namespace basalt::script {

bool IsValidName(std::string_view name) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

const char* LibraryLoad::Add(std::string_view name, bool described, std::string_view description,
                             uint32_t flags, int reference) {
  if (!IsValidName(name)) {
    return "ERR Library names can only contain letters, numbers, or underscores(_) and must be at "
           "least one character long";
  }
  for (const LoadedFunction& function : functions) {
    if (function.name == name) return "ERR Function already exists in the library";
  }
  LoadedFunction& function = functions.emplace_back();
  function.name = name;
  if (described) function.description = std::string(description);
  function.flags = flags;
  function.reference = reference;
  return nullptr;
}

}  // namespace basalt::script
