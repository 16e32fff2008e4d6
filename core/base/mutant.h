// Deliberate faults, so that the tests which look for broken promises can show that they see
// (tests/linear, tests/sim). Only the programs basalt-server-mutant and sim_mutants are built with
// them; they commit the one that the environment variable BASALT_MUTANT names, or that the program
// chooses. Elsewhere MutantIs is a constant and no code comes of it. Used in .cc files only: the
// rest of those programs is the ordinary libraries.
#pragma once

#include <cstdlib>
#include <string_view>

namespace basalt {

#ifdef BASALT_MUTANTS
inline std::string_view& ChosenMutant() {
  static const char* const named = std::getenv("BASALT_MUTANT");
  static std::string_view chosen = named != nullptr ? named : "";
  return chosen;
}
inline bool MutantIs(std::string_view name) { return name == ChosenMutant(); }
#else
constexpr bool MutantIs(std::string_view) { return false; }
#endif

}  // namespace basalt
