#include "core/shard/log_trouble.h"

#include <string.h>

#include "core/base/strings.h"

namespace basalt {

std::string LogTrouble::Refusal() const {
  constexpr std::string_view kPrefix = "MISCONF Errors writing to the AOF file: ";
  if (kind == Kind::kBehind) return StrCat(kPrefix, "the disk does not keep up");
  return StrCat(kPrefix, std::string_view(strerror(error)));
}

}  // namespace basalt
