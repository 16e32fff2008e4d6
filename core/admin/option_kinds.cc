#include "core/admin/option_kinds.h"

#include "core/admin/quoting.h"
#include "core/base/numbers.h"
#include "core/base/strings.h"

namespace basalt::options {
namespace {

absl::Status OneWord(OptionWords words) {
  if (words.size() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError("wrong number of arguments");
}

absl::Status CheckRange(const Option& option, int64_t value) {
  if (value >= option.min && value <= option.max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("argument must be between ", option.min, " and ", option.max, " inclusive"));
}

struct Unit {
  std::string_view name;
  int64_t bytes;
};
constexpr Unit kUnits[] = {
    {"gb", 1LL << 30}, {"g", 1'000'000'000}, {"mb", 1LL << 20}, {"m", 1'000'000},
    {"kb", 1LL << 10}, {"k", 1'000},         {"b", 1},          {"", 1}};

}  // namespace

absl::Status ReadBool(OptionWords words, bool* out) {
  if (absl::Status status = OneWord(words); !status.ok()) return status;
  bool yes = EqualsNoCase(words[0], "yes");
  if (!yes && !EqualsNoCase(words[0], "no")) {
    return absl::InvalidArgumentError("argument must be 'yes' or 'no'");
  }
  *out = yes;
  return absl::OkStatus();
}

absl::Status ReadInt(const Option& option, OptionWords words, int64_t* out) {
  if (absl::Status status = OneWord(words); !status.ok()) return status;
  int64_t value;
  if (!ParseInt64(words[0], &value)) {
    return absl::InvalidArgumentError("argument couldn't be parsed into an integer");
  }
  absl::Status status = CheckRange(option, value);
  if (status.ok()) *out = value;
  return status;
}

absl::Status ReadMemory(const Option& option, OptionWords words, int64_t* out) {
  if (absl::Status status = OneWord(words); !status.ok()) return status;
  int64_t value;
  if (!ParseMemory(words[0], &value))
    return absl::InvalidArgumentError("argument must be a memory value");
  absl::Status status = CheckRange(option, value);
  if (status.ok()) *out = value;
  return status;
}

absl::Status ReadEnum(const Option& option, OptionWords words, int* out) {
  if (absl::Status status = OneWord(words); !status.ok()) return status;
  std::string accepted;
  for (const EnumName& name : option.names) {
    if (EqualsNoCase(words[0], name.name)) {
      *out = name.value;
      return absl::OkStatus();
    }
    StrAppend(&accepted, accepted.empty() ? "" : ", ", name.name);
  }
  return absl::InvalidArgumentError(StrCat("argument(s) must be one of the following: ", accepted));
}

absl::Status ReadString(OptionWords words, std::string* out) {
  if (absl::Status status = OneWord(words); !status.ok()) return status;
  *out = words[0];
  return absl::OkStatus();
}

bool ParseMemory(std::string_view text, int64_t* bytes) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  uint64_t number;
  if (!ParseUint64(text.substr(0, digits), &number)) return false;
  for (const Unit& unit : kUnits) {
    if (!EqualsNoCase(text.substr(digits), unit.name)) continue;
    if (number > static_cast<uint64_t>(INT64_MAX / unit.bytes)) return false;
    *bytes = static_cast<int64_t>(number) * unit.bytes;
    return true;
  }
  return false;
}

std::string FormatMemory(int64_t bytes) {
  for (const Unit& unit : kUnits) {
    bool power_of_two = unit.name.size() == 2;
    if (bytes > 0 && power_of_two && bytes % unit.bytes == 0)
      return StrCat(bytes / unit.bytes, unit.name);
  }
  return StrCat(bytes);
}

std::string EnumText(std::span<const EnumName> names, int value) {
  for (const EnumName& name : names) {
    if (name.value == value) return std::string(name.name);
  }
  return "";
}

std::string BoolText(bool value) { return value ? "yes" : "no"; }

std::string QuoteWord(std::string_view word) {
  return NeedsQuotes(word) ? Quote(word) : std::string(word);
}

}  // namespace basalt::options
