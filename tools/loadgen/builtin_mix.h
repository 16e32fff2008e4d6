// The requests that --mix knows by name. Plain functions, used while parsing the command line.
#pragma once

#include <string_view>
#include <vector>

#include "tools/loadgen/options.h"

namespace basalt::loadgen {

// Appends the entries of "get=9,mset:10=1" to `mix`. False when a name, a number or a weight is
// wrong.
bool AppendBuiltinMix(std::string_view text, std::vector<MixEntry>* mix);

}  // namespace basalt::loadgen
