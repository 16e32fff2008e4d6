// The command line of a tool: flags, options with a value ("--name value" or "--name=value") and
// arguments. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace basalt::tools {

class OptionParser {
 public:
  void Flag(std::string name, bool* value);
  void Text(std::string name, std::string* value);
  void Number(std::string name, uint64_t low, uint64_t high, uint64_t* value);
  // `set` answers false to a value that it does not take.
  void Value(std::string name, std::function<bool(std::string_view)> set);

  // Returns "" or what is wrong, in words for the user. What is no option goes to `arguments`; so
  // does all behind "--". `help` is set when it is asked for; the rest is then not looked at.
  std::string Parse(int argc, const char* const* argv, std::vector<std::string>* arguments,
                    bool* help) const;

 private:
  struct Option {
    std::string name;
    bool* flag = nullptr;  // else `set` takes a value
    std::function<bool(std::string_view)> set;
  };
  const Option* Find(std::string_view name) const;

  std::vector<Option> options_;
};

// Unix seconds, or UTC as "2026-01-31 23:59:59", also with 'T' between and 'Z' behind. False when
// it is neither.
bool ParseMoment(std::string_view text, int64_t* unix_s);
// "2026-01-31 23:59:59 UTC".
std::string MomentText(int64_t unix_s);

}  // namespace basalt::tools
