#include "tools/common/option_parser.h"

#include <time.h>

#include <charconv>
#include <cstdio>
#include <cstring>

namespace basalt::tools {
namespace {

template <class Int>
bool ParseWhole(std::string_view text, Int* out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && stop == end;
}

}  // namespace

void OptionParser::Flag(std::string name, bool* value) {
  options_.push_back({std::move(name), value, nullptr});
}

void OptionParser::Text(std::string name, std::string* value) {
  Value(std::move(name), [value](std::string_view text) {
    *value = text;
    return !text.empty();
  });
}

void OptionParser::Number(std::string name, uint64_t low, uint64_t high, uint64_t* value) {
  Value(std::move(name), [=](std::string_view text) {
    uint64_t number = 0;
    if (!ParseWhole(text, &number) || number < low || number > high) return false;
    *value = number;
    return true;
  });
}

void OptionParser::Value(std::string name, std::function<bool(std::string_view)> set) {
  options_.push_back({std::move(name), nullptr, std::move(set)});
}

const OptionParser::Option* OptionParser::Find(std::string_view name) const {
  for (const Option& option : options_) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string OptionParser::Parse(int argc, const char* const* argv,
                                std::vector<std::string>* arguments, bool* help) const {
  bool options_over = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (options_over || word.size() < 2 || word[0] != '-') {
      arguments->emplace_back(word);
      continue;
    }
    if (word == "--") {
      options_over = true;
      continue;
    }
    if (word == "--help" || word == "-h") return *help = true, "";
    const size_t equals = word.find('=');
    const std::string name(word.substr(0, equals));
    const Option* option = Find(name);
    if (option == nullptr) return "no such option: " + name;
    if (option->flag != nullptr) {
      if (equals != word.npos) return name + " takes no value";
      *option->flag = true;
      continue;
    }
    if (equals == word.npos && i + 1 == argc) return name + " needs a value";
    const std::string_view value = equals == word.npos ? argv[++i] : word.substr(equals + 1);
    if (!option->set(value)) return "bad value for " + name + ": " + std::string(value);
  }
  return "";
}

bool ParseMoment(std::string_view text, int64_t* unix_s) {
  if (ParseWhole(text, unix_s)) return *unix_s >= 0;
  std::string date(text);
  if (date.ends_with('Z')) date.pop_back();
  if (date.size() == 19 && date[10] == 'T') date[10] = ' ';
  tm parts{};
  const char* end = strptime(date.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
  if (end == nullptr || *end != '\0') return false;
  const time_t moment = timegm(&parts);
  *unix_s = moment;
  return moment >= 0;
}

std::string MomentText(int64_t unix_s) {
  const time_t moment = unix_s;
  tm parts{};
  char text[64];
  if (gmtime_r(&moment, &parts) == nullptr ||
      strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
    return "?";
  }
  return text;
}

}  // namespace basalt::tools
