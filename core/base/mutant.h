// Deliberate faults, so that the tests which look for broken promises can show that they see (tests/linear). Only the program
// basalt-server-mutant is built with them, and it commits the one that the environment variable BASALT_MUTANT names; elsewhere
// MutantIs is a constant and no code comes of it. Used in .cc files only: the rest of that program is the ordinary libraries.
#pragma once

#include <cstdlib>
#include <string_view>

namespace basalt {

#ifdef BASALT_MUTANTS
inline bool MutantIs(std::string_view name) {
  static const char* const chosen = std::getenv("BASALT_MUTANT");
  return chosen != nullptr && name == chosen;
}
#else
constexpr bool MutantIs(std::string_view) { return false; }
#endif

}  // namespace basalt
