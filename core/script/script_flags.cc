#include "core/script/script_flags.h"

#include "core/base/strings.h"

namespace basalt::script {
namespace {

constexpr std::string_view kFlagsIs = "flags=";
constexpr std::string_view kNameIs = "name=";

// The next word of *rest, which loses it.
std::string_view NextWord(std::string_view* rest) {
  size_t begin = rest->find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) {
    *rest = {};
    return {};
  }
  size_t end = std::min(rest->find_first_of(" \t\r", begin), rest->size());
  std::string_view word = rest->substr(begin, end - begin);
  rest->remove_prefix(end);
  return word;
}

bool AddFlags(std::string_view list, uint32_t* flags, std::string* error) {
  while (!list.empty()) {
    std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    std::optional<uint32_t> flag = ScriptFlagOf(name);
    if (!flag.has_value()) {
      *error = StrCat("ERR Unexpected flag in script shebang: ", name);
      return false;
    }
    *flags |= *flag;
  }
  return true;
}

}  // namespace

std::string_view NameOf(ScriptFlag flag) {
  switch (flag) {
    case kNoWrites:
      return "no-writes";
    case kAllowOom:
      return "allow-oom";
    case kAllowStale:
      return "allow-stale";
    case kNoCluster:
      return "no-cluster";
    case kAllowCrossSlotKeys:
      return "allow-cross-slot-keys";
    case kCompatible:
      break;
  }
  return "";
}

std::optional<uint32_t> ScriptFlagOf(std::string_view name) {
  for (ScriptFlag flag : kNamedFlags) {
    if (NameOf(flag) == name) return flag;
  }
  return std::nullopt;
}

bool ParseScriptShebang(std::string_view body, Shebang* out, std::string* error) {
  *out = Shebang{.flags = kCompatible};
  if (!body.starts_with("#!")) return true;
  out->flags = 0;
  out->length = body.find('\n');
  if (out->length == std::string_view::npos) {
    *error = "ERR Invalid script shebang";
    return false;
  }
  std::string_view rest = body.substr(0, out->length);
  std::string_view engine = NextWord(&rest);
  if (engine != "#!lua") {
    *error = StrCat("ERR Unexpected engine in script shebang: ", engine);
    return false;
  }
  out->engine = engine.substr(2);
  for (std::string_view word = NextWord(&rest); !word.empty(); word = NextWord(&rest)) {
    if (!word.starts_with(kFlagsIs)) {
      *error = StrCat("ERR Unknown lua shebang option: ", word);
      return false;
    }
    if (!AddFlags(word.substr(kFlagsIs.size()), &out->flags, error)) return false;
  }
  return true;
}

bool ParseLibraryShebang(std::string_view code, Shebang* out, std::string* error) {
  *out = Shebang{};
  auto fail = [&](std::string_view why) {
    *error = why;
    return false;
  };
  if (!code.starts_with("#!")) return fail("ERR Missing library metadata");
  out->length = code.find('\n');
  if (out->length == std::string_view::npos) return fail("ERR Invalid library metadata");
  std::string_view rest = code.substr(2, out->length - 2);
  out->engine = NextWord(&rest);
  bool named = false;
  for (std::string_view word = NextWord(&rest); !word.empty(); word = NextWord(&rest)) {
    if (!word.starts_with(kNameIs)) return fail(StrCat("ERR Invalid metadata value given: ", word));
    if (named) return fail("ERR Invalid metadata value, name argument was given multiple times");
    named = true;
    out->name = word.substr(kNameIs.size());
  }
  if (!named) return fail("ERR Library name was not given");
  return true;
}

}  // namespace basalt::script
