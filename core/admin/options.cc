#include "core/admin/options.h"

#include "core/admin/foreign_options.h"
#include "core/base/check.h"
#include "core/base/glob.h"
#include "core/base/status.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

absl::Status InvalidOption(std::string_view text) {
  return absl::InvalidArgumentError(std::string(text));
}

// Splits at every single space, so that two spaces in a row give an empty word, which no
// option takes.
std::vector<std::string> SplitAtSpaces(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    size_t space = text.find(' ');
    words.emplace_back(text.substr(0, space));
    if (space == std::string_view::npos) return words;
    text.remove_prefix(space + 1);
  }
}

bool IsKnown(std::string_view name) {
  if (FindOption(name) || FindIgnoredOption(name)) return true;
  const RefusedOption* refused = FindRefusedOption(name);
  return refused != nullptr && refused->in_config_get;
}

// The name under which the options of a CONFIG SET are compared, so that an alias counts
// as its option.
std::string_view CanonicalName(std::string_view name) {
  if (const Option* option = FindOption(name)) return option->name;
  if (const IgnoredOption* option = FindIgnoredOption(name)) return option->name;
  if (const RefusedOption* option = FindRefusedOption(name)) return option->name;
  return name;
}

absl::Status CheckRuntime(const Config& config, const Option& option, When when) {
  if (option.Is(kImmutable)) return InvalidOption("can't set immutable config");
  if (!option.Is(kProtected) || config.enable_protected_configs == Permission::kYes)
    return absl::OkStatus();
  bool local = when == When::kRuntimeLocal && config.enable_protected_configs == Permission::kLocal;
  return local ? absl::OkStatus() : InvalidOption("can't set protected config");
}

absl::Status SetHonoured(Config& config, const Option& option, OptionWords values, When when) {
  if (when != When::kStartup) {
    if (absl::Status status = CheckRuntime(config, option, when); !status.ok()) return status;
  }
  if (option.kind != OptionKind::kWords) return option.set(option, values, config);

  // One word with spaces in it stands for several, as in --save "900 1" and in every CONFIG SET.
  std::vector<std::string> split;
  if (values.size() == 1 && !values[0].empty()) values = split = SplitAtSpaces(values[0]);
  if (static_cast<int64_t>(values.size()) < option.min)
    return InvalidOption("wrong number of arguments");
  const bool save_was_default = config.save_is_default;
  if (when != When::kStartup && option.hook == OptionHook::kSave)
    config.save_is_default = true;  // replace, not add
  absl::Status status = option.set(option, values, config);
  if (!status.ok()) config.save_is_default = save_was_default;
  return status;
}

std::string IgnoredText(const Config& config, const IgnoredOption& option) {
  auto it = config.ignored.find(std::string(option.name));
  return it == config.ignored.end() ? std::string(option.default_text) : it->second;
}

absl::Status SetIgnored(Config& config, const IgnoredOption& option, OptionWords values) {
  if (values.empty()) return InvalidOption("wrong number of arguments");
  std::string text;
  for (const std::string& value : values) StrAppend(&text, text.empty() ? "" : " ", value);
  config.ignored[std::string(option.name)] = std::move(text);
  return absl::OkStatus();
}

absl::Status SetFailed(std::string_view name, std::string_view why) {
  return InvalidOption(
      StrCat("ERR CONFIG SET failed (possibly related to argument '", name, "') - ", why));
}

// What can be said about the names alone, before any value is looked at.
absl::Status CheckNames(const Config& config, std::span<const std::string_view> pairs, When when) {
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (!IsKnown(pairs[i])) {
      return InvalidOption(
          StrCat("ERR Unknown option or number of arguments for CONFIG SET - '", pairs[i], "'"));
    }
    if (const Option* option = FindOption(pairs[i])) {
      absl::Status status = CheckRuntime(config, *option, when);
      if (!status.ok()) return SetFailed(pairs[i], MessageOf(status));
    }
    for (size_t j = 0; j < i; j += 2) {
      if (CanonicalName(pairs[j]) == CanonicalName(pairs[i]))
        return SetFailed(pairs[i], "duplicate parameter");
    }
  }
  return absl::OkStatus();
}

// Collects the answer to CONFIG GET, asking each name once whatever the number of patterns.
class Matcher {
 public:
  explicit Matcher(std::span<const std::string_view> patterns) : patterns_(patterns) {}

  template <class Get>
  void Offer(std::string_view name, const Get& get) {
    if (name.empty()) return;
    for (std::string_view pattern : patterns_) {
      if (!GlobMatch(pattern, name, /*nocase=*/true)) continue;
      found_.emplace_back(IsLiteralPattern(pattern) ? pattern : name, get());
      return;
    }
  }

  std::vector<std::pair<std::string, std::string>> Take() { return std::move(found_); }

 private:
  std::span<const std::string_view> patterns_;
  std::vector<std::pair<std::string, std::string>> found_;
};

}  // namespace

absl::Status SetOption(Config& config, std::string_view name, OptionWords values, When when) {
  if (const Option* option = FindOption(name)) return SetHonoured(config, *option, values, when);
  if (const IgnoredOption* option = FindIgnoredOption(name))
    return SetIgnored(config, *option, values);
  if (const RefusedOption* option = FindRefusedOption(name)) {
    return IsHarmless(*option, values) ? absl::OkStatus() : InvalidOption(option->reason);
  }
  return absl::NotFoundError(StrCat("there is no option '", name, "'"));
}

absl::StatusOr<OptionHooks> SetOptions(Config& config, std::span<const std::string_view> pairs,
                                       When when) {
  BASALT_CHECK(pairs.size() % 2 == 0);
  if (absl::Status status = CheckNames(config, pairs, when); !status.ok()) return status;
  Config changed = config;
  OptionHooks hooks;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const std::string value(pairs[i + 1]);
    absl::Status status = SetOption(changed, pairs[i], OptionWords(&value, 1), when);
    if (!status.ok()) return SetFailed(pairs[i], MessageOf(status));
    const Option* option = FindOption(pairs[i]);
    if (option && option->get(changed) != option->get(config)) hooks.Add(option->hook);
  }
  config = std::move(changed);
  return hooks;
}

std::vector<std::pair<std::string, std::string>> GetOptions(
    const Config& config, std::span<const std::string_view> patterns) {
  Matcher matcher(patterns);
  for (const Option& option : OptionTable()) {
    auto get = [&] { return option.get(config); };
    matcher.Offer(option.name, get);
    matcher.Offer(option.alias, get);
  }
  for (const IgnoredOption& option : IgnoredOptions()) {
    auto get = [&] { return IgnoredText(config, option); };
    matcher.Offer(option.name, get);
    matcher.Offer(option.alias, get);
  }
  for (const RefusedOption& option : RefusedOptions()) {
    if (!option.in_config_get) continue;
    auto get = [&] { return std::string(option.harmless.front()); };
    matcher.Offer(option.name, get);
    matcher.Offer(option.alias, get);
  }
  return matcher.Take();
}

std::string OptionText(const Config& config, std::string_view name) {
  if (const Option* option = FindOption(name)) return option->get(config);
  const IgnoredOption* option = FindIgnoredOption(name);
  BASALT_CHECK(option != nullptr);
  return IgnoredText(config, *option);
}

}  // namespace basalt
