// Reads and writes the values of simple options: yes/no, integers, sizes, enumerations, texts. The
// row builders bind them to a field of Config at compile time. Pure functions; any thread.
#pragma once

#include <climits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "core/admin/option.h"

namespace basalt::options {

// Each puts the value in `out` or says what would have been accepted.
absl::Status ReadBool(OptionWords words, bool* out);
absl::Status ReadInt(const Option& option, OptionWords words, int64_t* out);
absl::Status ReadMemory(const Option& option, OptionWords words, int64_t* out);
absl::Status ReadEnum(const Option& option, OptionWords words, int* out);
absl::Status ReadString(OptionWords words, std::string* out);

// "512", "64kb", "2gb" (powers of 1024), "64k", "2g" (powers of 1000). Case does not matter. False
// if it is none of these.
bool ParseMemory(std::string_view text, int64_t* bytes);
// The shortest exact spelling: 67108864 -> "64mb".
std::string FormatMemory(int64_t bytes);

std::string EnumText(std::span<const EnumName> names, int value);
std::string BoolText(bool value);
// In quotes if a config file needs them.
std::string QuoteWord(std::string_view word);

template <auto Field>
using FieldType = std::remove_cvref_t<decltype(std::declval<Config>().*Field)>;

template <auto Field>
absl::Status SetField(const Option& option, OptionWords words, Config& config) {
  using T = FieldType<Field>;
  if constexpr (std::is_same_v<T, bool>) {
    return ReadBool(words, &(config.*Field));
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return option.kind == OptionKind::kMemory ? ReadMemory(option, words, &(config.*Field))
                                              : ReadInt(option, words, &(config.*Field));
  } else if constexpr (std::is_enum_v<T>) {
    int value = 0;
    absl::Status status = ReadEnum(option, words, &value);
    if (status.ok()) config.*Field = static_cast<T>(value);
    return status;
  } else {
    return ReadString(words, &(config.*Field));
  }
}

template <auto Field>
std::string GetField(const Config& config) {
  using T = FieldType<Field>;
  if constexpr (std::is_same_v<T, bool>) {
    return BoolText(config.*Field);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return std::to_string(config.*Field);
  } else {
    return config.*Field;
  }
}

template <auto Field, const auto& Names>
std::string GetEnum(const Config& config) {
  return EnumText(Names, static_cast<int>(config.*Field));
}

template <auto Field>
std::vector<std::string> MemoryLine(const Config& config) {
  return {FormatMemory(config.*Field)};
}

// The line of an option whose file syntax is what CONFIG GET shows, as one word...
template <std::string (*Get)(const Config&)>
std::vector<std::string> WordLine(const Config& config) {
  return {QuoteWord(Get(config))};
}
// ...or as several.
template <std::string (*Get)(const Config&)>
std::vector<std::string> PlainLine(const Config& config) {
  std::string text = Get(config);
  return {text.empty() ? "\"\"" : text};
}

template <auto Field>
constexpr Option Bool(std::string_view name, uint8_t flags, OptionHook hook,
                      std::string_view help) {
  return {name,
          "",
          OptionKind::kBool,
          flags,
          hook,
          0,
          0,
          {},
          SetField<Field>,
          GetField<Field>,
          WordLine<GetField<Field>>,
          help};
}

template <auto Field>
constexpr Option Int(std::string_view name, std::string_view alias, uint8_t flags, OptionHook hook,
                     int64_t min, int64_t max, std::string_view help) {
  return {name,
          alias,
          OptionKind::kInt,
          flags,
          hook,
          min,
          max,
          {},
          SetField<Field>,
          GetField<Field>,
          WordLine<GetField<Field>>,
          help};
}

template <auto Field>
constexpr Option Memory(std::string_view name, std::string_view alias, uint8_t flags,
                        OptionHook hook, int64_t min, int64_t max, std::string_view help) {
  return {name,
          alias,
          OptionKind::kMemory,
          flags,
          hook,
          min,
          max,
          {},
          SetField<Field>,
          GetField<Field>,
          MemoryLine<Field>,
          help};
}

template <auto Field, const auto& Names>
constexpr Option Enum(std::string_view name, uint8_t flags, OptionHook hook,
                      std::string_view help) {
  return {name,
          "",
          OptionKind::kEnum,
          flags,
          hook,
          0,
          0,
          Names,
          SetField<Field>,
          GetEnum<Field, Names>,
          WordLine<GetEnum<Field, Names>>,
          help};
}

template <auto Field>
constexpr Option Text(std::string_view name, uint8_t flags, OptionHook hook,
                      std::string_view help) {
  return {name,
          "",
          OptionKind::kString,
          flags,
          hook,
          0,
          0,
          {},
          SetField<Field>,
          GetField<Field>,
          WordLine<GetField<Field>>,
          help};
}

}  // namespace basalt::options
