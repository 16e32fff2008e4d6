#include "tools/common/output.h"

#include <cstdio>

#include "core/base/status.h"

namespace basalt::tools {

std::string Quoted(std::string_view text, size_t bytes_max) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, bytes_max)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      out += "\\x";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out + (text.size() > bytes_max ? "\"..." : "\"");
}

int Complain(std::string_view program, const absl::Status& status) {
  const std::string message(MessageOf(status));
  std::fprintf(stderr, "%s: %s\n", std::string(program).c_str(), message.c_str());
  if (absl::IsDataLoss(status) || absl::IsOutOfRange(status)) return kExitProblems;
  if (absl::IsInvalidArgument(status)) return kExitUsage;
  return absl::IsFailedPrecondition(status) ? kExitInUse : kExitCannot;
}

int ComplainOfUse(std::string_view program, std::string_view what) {
  std::fprintf(stderr, "%s: %s\n(--help says more)\n", std::string(program).c_str(),
               std::string(what).c_str());
  return kExitUsage;
}

}  // namespace basalt::tools
